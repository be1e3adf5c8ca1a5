import assert from "node:assert/strict";
import { drawFlow, drawWires } from "../../../frontend/view/wires.js";
import { moving, node, recordingContext, scene, wire } from "./recording.js";

/** Draws wires and gives the strokes. @param {Parameters<typeof scene>[0]} parts @param {"still" | "live"} [part] */
const strokes = (parts, part = "still") => {
  const { context, calls } = recordingContext();
  drawWires(context, scene(parts), part);
  return calls.filter(({ name }) => name === "stroke");
};

/** Gives the strokes of wires alone, without the casing. @param {ReturnType<typeof strokes>} calls */
const colored = (calls) => calls.filter(({ style }) => style !== "casing");

const TWO = [wire("a", "b", [[0, 0], [100, 100]]), wire("a", "c", [[0, 0], [200, 300]])];

Deno.test("wires of one type are one stroke, above a casing that parts them from others", () => {
  const calls = strokes({ wires: [...TWO, wire("b", "d", [[0, 50], [90, 90]], "latent")] });

  assert.deepEqual(calls.map(({ style }) => style), ["casing", "type image", "type latent"]);
  assert.ok(calls[0].width > calls[1].width);
});

Deno.test("from afar wires are lines of exactly one pixel without a casing", () => {
  const zoom = 0.1;
  const [call, ...others] = strokes({ wires: TWO, place: { x: 0, y: 0, zoom } });

  assert.deepEqual(others, []);
  assert.equal(call.width * zoom, 1);
  assert.ok(call.args[0].calls.every((/** @type {string[]} */ [name]) => name !== "bezierCurveTo"));
});

Deno.test("a wire out of sight is not drawn", () => {
  const far = wire("a", "b", [[5000, 5000], [6000, 5000]]);

  assert.deepEqual(colored(strokes({ wires: [far] })), []);
});

Deno.test("a wire through the window is drawn though both its ends are out of sight", () => {
  const long = wire("a", "b", [[-5000, 400], [6000, 400]]);

  assert.equal(colored(strokes({ wires: [long] })).length, 1);
});

Deno.test("the selected wire has a colour of its own", () => {
  const styles = colored(strokes({ wires: TWO, selectedWire: "b.image" })).map(({ style }) => style);

  assert.deepEqual(styles, ["selected", "type image"]);
});

Deno.test("a wire that carries a list is wider", () => {
  const [plain, list] = colored(
    strokes({ wires: [TWO[0], wire("a", "c", [[0, 0], [9, 9]], "list[image]")] }),
  );

  assert.ok(list.width > plain.width);
});

Deno.test("hidden wires are not drawn", () => {
  assert.deepEqual(strokes({ wires: TWO, wireStyle: "hidden" }), []);
});

Deno.test("while a node moves its wires are live and all others still", () => {
  const move = moving(["b"], [10, 20]);
  const still = colored(strokes({ wires: TWO, ...move }, "still"));
  const live = colored(strokes({ wires: TWO, ...move }, "live"));

  assert.deepEqual(still[0].args[0].points, [[0, 0], [200, 300]]);
  assert.deepEqual(live[0].args[0].points, [[0, 0], [110, 120]]);
});

Deno.test("without a hand on anything nothing is live", () => {
  assert.deepEqual(strokes({ wires: TWO }, "live"), []);
});

Deno.test("the points of a route are dots on the wire", () => {
  const { context, calls } = recordingContext();
  drawWires(context, scene({ wires: [wire("a", "b", [[0, 0], [50, 80], [70, 80], [100, 0]])] }), "still");

  const dots = calls.filter(({ name }) => name === "fill").map(({ args }) => args[0].calls[0].slice(0, 3));
  assert.deepEqual(dots, [["arc", 50, 80], ["arc", 70, 80]]);
});

Deno.test("dashes run along the wires that feed a node at work, and stand still without motion", () => {
  /** @param {boolean} hasMotion */
  const flow = (hasMotion) => {
    const { context, calls } = recordingContext();
    drawFlow(context, scene({ wires: TWO, running: new Set(["b"]), time: 400, hasMotion }));
    return { call: calls[0], offset: context.lineDashOffset };
  };

  assert.deepEqual(flow(true).call.args[0].points, TWO[0].points);
  assert.notEqual(flow(true).offset, 0);
  assert.equal(flow(false).offset, 0);
});

Deno.test("nothing flows where nothing runs", () => {
  const { context, calls } = recordingContext();
  drawFlow(context, scene({ wires: TWO }));

  assert.deepEqual(calls, []);
});

Deno.test("while zooming wires are lines of one pixel too", () => {
  const [call, ...others] = strokes({ wires: TWO, place: { x: 0, y: 0, zoom: 2 }, isZooming: true });

  assert.deepEqual(others, []);
  assert.equal(call.width * 2, 1);
});

Deno.test("a wire of a node that is bypassed is faded", () => {
  const bypassed = { ...node("c", [0, 0]), entry: { type: "show", version: 1, inputs: {}, mode: "bypass" } };
  const boxes = new Map([["a", node("a", [0, 0])], ["c", /** @type {any} */ (bypassed)]]);
  const [whole, faded] = colored(strokes({ wires: TWO, boxes }));

  assert.equal(whole.alpha, 1);
  assert.ok(faded.alpha < 1);
});
