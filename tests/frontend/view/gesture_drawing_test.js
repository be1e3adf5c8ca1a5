import assert from "node:assert/strict";
import { drawGesture, isDrawn } from "../../../frontend/view/gesture_drawing.js";
import { moving, recordingContext, scene, wire } from "./recording.js";

/** @import { Gesture, Point, Socket } from "../../../frontend/interfaces.d.ts" */

/** @type {Socket} */
const OUT = { node: "a", side: "output", name: "image" };
/** @type {Socket} */
const IN = { node: "b", side: "input", name: "image" };

const PLANE = {
  socketPoint: (
    /** @type {Socket} */ { node },
  ) => /** @type {Point} */ (node === "a" ? [100, 100] : [300, 100]),
  socketType: () => "image",
};

/** @param {Gesture} gesture @param {Parameters<typeof scene>[0]} [parts] */
const draw = (gesture, parts = {}) => {
  const { context, calls } = recordingContext();
  drawGesture(context, scene({ gesture, ...parts }), PLANE, 1);
  return calls;
};

/** @param {Partial<Extract<Gesture, { kind: "link" }>>} [parts] @returns {Gesture} */
const link = (parts) => ({
  kind: "link",
  from: OUT,
  moving: [],
  to: [250, 160],
  candidate: null,
  fit: null,
  ...parts,
});

Deno.test("a link on its way is dashed from its socket to the hand", () => {
  const [, call] = draw(link());

  assert.deepEqual(call.args[0].points, [[100, 100], [250, 160]]);
  assert.deepEqual([call.style, call.dash.length], ["type image", 2]);
});

Deno.test("a link that would hold is whole and ends at its socket", () => {
  const [, call] = draw(link({ candidate: IN, fit: { fits: true, rule: "same" } }));

  assert.deepEqual(call.args[0].points, [[100, 100], [300, 100]]);
  assert.deepEqual(call.dash, []);
});

Deno.test("a link that is refused has the colour of a refusal and stays at the hand", () => {
  /** @type {import("../../../frontend/interfaces.d.ts").Fit} */
  const fit = { fits: false, reason: { id: "no" }, conversions: [] };
  const [, call] = draw(link({ candidate: null, fit }));

  assert.equal(call.style, "refused");
  assert.deepEqual(call.args[0].points.at(-1), [250, 160]);
});

Deno.test("a link from an input runs towards the input", () => {
  const [, call] = draw(link({ from: IN }));

  assert.deepEqual(call.args[0].points, [[250, 160], [300, 100]]);
});

Deno.test("links that move together are drawn from their ends that stay", () => {
  const wires = [wire("a", "b", [[0, 0], [1, 1]]), wire("a", "c", [[0, 0], [1, 1]])];
  const calls = draw(link({ from: IN, moving: ["b.image", "c.image"] }), { wires });

  assert.equal(calls.filter(({ style }) => style === "type image" && style).length, 3);
});

Deno.test("a marquee is a filled rectangle", () => {
  const calls = draw({ kind: "marquee", from: [0, 0], to: [50, 40] });

  assert.deepEqual(calls.map(({ name }) => name), ["fill", "stroke"]);
  assert.deepEqual(calls[0].args[0].calls, [["rect", 0, 0, 50, 40]]);
});

Deno.test("a cut is drawn along its way", () => {
  const [call] = draw({ kind: "cut", points: [[0, 0], [5, 5], [9, 1]] });

  assert.deepEqual([call.style, call.args[0].points.length], ["danger", 3]);
});

Deno.test("guides and the wire that a node would be put into are drawn while it moves", () => {
  const wires = [wire("a", "b", [[0, 0], [100, 0]])];
  const { gesture } = moving(["c"], [0, 0]);
  const guides = [{ axis: /** @type {const} */ ("x"), at: 7, from: 0, to: 90 }];
  const calls = draw(/** @type {Gesture} */ ({ ...gesture, guides, over: "b.image" }), { wires });

  assert.deepEqual(calls[0].args[0].points, [[7, 0], [7, 90]]);
  assert.deepEqual(calls[1].args[0].points, wires[0].points);
});

Deno.test("a rest and what is drawn elsewhere need no canvas above the nodes", () => {
  assert.ok(!isDrawn({ kind: "none" }));
  assert.ok(!isDrawn({ kind: "resize", what: "node", id: "a", size: [1, 1] }));
  assert.ok(isDrawn(link()));
});
