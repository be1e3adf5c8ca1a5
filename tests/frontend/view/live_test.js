import assert from "node:assert/strict";
import {
  isSameTouched,
  isTouched,
  liveBox,
  liveItem,
  livePoints,
  touchedBy,
} from "../../../frontend/view/live.js";
import { moving, node, wire } from "./recording.js";

/** @import { Frame, Gesture } from "../../../frontend/interfaces.d.ts" */

const BOX = node("a", [100, 50]);
const WIRE = wire("a", "b", [[372, 90], [450, 10], [600, 90]]);
/** @type {Gesture} */
const REST = { kind: "none" };

Deno.test("what no hand moves stays the very same", () => {
  assert.equal(liveBox(BOX, REST), BOX);
  assert.equal(livePoints(WIRE, REST, () => BOX), WIRE.points);
  assert.equal(liveBox(BOX, moving(["other"], [5, 5]).gesture), BOX);
});

Deno.test("a node in hand is where it is held", () => {
  const { x, y } = liveBox(BOX, moving(["a"], [5, -5]).gesture);

  assert.deepEqual([x, y], [105, 45]);
});

Deno.test("a wire follows the end that moves", () => {
  const points = livePoints(WIRE, moving(["b"], [10, 0]).gesture, () => BOX);

  assert.deepEqual(points, [[372, 90], [450, 10], [610, 90]]);
});

Deno.test("a wire moves as a whole with both its nodes", () => {
  const points = livePoints(WIRE, moving(["a", "b"], [10, 1]).gesture, () => BOX);

  assert.deepEqual(points, [[382, 91], [460, 11], [610, 91]]);
});

Deno.test("a node that is resized is laid out for its new width, and its wires start there", () => {
  /** @type {Gesture} */
  const gesture = { kind: "resize", what: "node", id: "a", size: [400, 0] };
  const box = liveBox(BOX, gesture);

  assert.equal(box.width, 400);
  assert.equal(box.outputs.get("image")?.[0], 400);
  assert.deepEqual(livePoints(WIRE, gesture, () => BOX)[0], [500, 90]);
});

Deno.test("the dot of a route in hand is where it is held", () => {
  const points = livePoints(WIRE, { kind: "route", key: "b.image", index: 0, at: [1, 2] }, () => BOX);

  assert.deepEqual(points[1], [1, 2]);
});

Deno.test("a frame in hand is where it is held and as large as it is pulled", () => {
  /** @type {Frame} */
  const frame = { id: "f", at: [0, 0], size: [10, 10], title: "" };
  const nobody = new Set();
  /** @type {Gesture} */
  const move = {
    kind: "move",
    offset: [3, 4],
    nodes: nobody,
    notes: nobody,
    frames: new Set(["f"]),
    guides: [],
    over: null,
  };

  assert.deepEqual(liveItem(frame, "frame", move).at, [3, 4]);
  assert.deepEqual(liveItem(frame, "frame", { kind: "resize", what: "frame", id: "f", size: [7, 8] }).size, [
    7,
    8,
  ]);
  assert.equal(liveItem(frame, "note", move), frame);
});

Deno.test("the links in hand are touched, and the wires of nodes in hand", () => {
  const from = { node: "a", side: /** @type {const} */ ("output"), name: "image" };
  const link = touchedBy({ kind: "link", from, moving: ["b.image"], to: [0, 0], candidate: null, fit: null });

  assert.ok(isTouched(link, WIRE));
  assert.ok(isTouched(touchedBy(moving(["b"], [0, 0]).gesture), WIRE));
  assert.ok(!isTouched(touchedBy(REST), WIRE));
});

Deno.test("a gesture touches the same from its begin to its end", () => {
  const begin = touchedBy(moving(["a"], [0, 0]).gesture);

  assert.ok(isSameTouched(begin, touchedBy(moving(["a"], [50, 9]).gesture)));
  assert.ok(!isSameTouched(begin, touchedBy(moving(["b"], [0, 0]).gesture)));
});
