import assert from "node:assert/strict";

import { neighbourOf, readingOrder } from "../../../../frontend/view/hands/neighbours.js";

/** @type {(at: Record<string, readonly [number, number]>) => Map<string, import("../../../../frontend/interfaces.d.ts").Bounds>} */
const boxes = (at) =>
  new Map(Object.entries(at).map(([id, [x, y]]) => [id, { x, y, width: 100, height: 60 }]));

const cross = boxes({
  here: [0, 0],
  right: [200, 10],
  far: [500, 0],
  up: [10, -200],
  down: [-10, 200],
  left: [-300, 0],
});

Deno.test("the arrows find the nearest node in their direction", () => {
  for (const direction of /** @type {const} */ (["left", "right", "up", "down"])) {
    assert.equal(neighbourOf(cross, "here", direction), direction);
  }
});

Deno.test("a node straight ahead is nearer than one that is beside the way", () => {
  assert.equal(
    neighbourOf(boxes({ here: [0, 0], beside: [150, 200], ahead: [300, 0] }), "here", "right"),
    "ahead",
  );
});

Deno.test("at the rim there is no neighbour, and none of a node that is not there", () => {
  assert.equal(neighbourOf(cross, "far", "right"), null);
  assert.equal(neighbourOf(cross, "gone", "right"), null);
});

Deno.test("nodes are read column by column, each from top to bottom", () => {
  const nodes = boxes({
    sampler: [400, 0],
    prompt: [20, 100],
    model: [0, 0],
    negative: [10, 200],
    decode: [700, 0],
  });

  assert.deepEqual(readingOrder(nodes), ["model", "prompt", "negative", "sampler", "decode"]);
});

Deno.test("every node is read once, whatever lies on whatever", () => {
  const nodes = boxes({ b: [0, 0], a: [0, 0], c: [40, 0] });

  assert.deepEqual(readingOrder(nodes), ["a", "b", "c"]);
});
