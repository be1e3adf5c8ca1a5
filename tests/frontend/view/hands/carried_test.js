import assert from "node:assert/strict";

import { carriedBy } from "../../../../frontend/view/hands/carried.js";

/** @type {(id: string, x: number, y: number, width: number, height: number) => import("../../../../frontend/interfaces.d.ts").Frame} */
const frame = (id, x, y, width, height) => ({ id, at: [x, y], size: [width, height], title: id });

const nodes = new Map([
  ["inside", { x: 10, y: 10, width: 50, height: 50 }],
  ["mostly inside", { x: 160, y: 10, width: 70, height: 50 }],
  ["mostly outside", { x: 170, y: 10, width: 100, height: 50 }],
]);

Deno.test("a frame carries nodes whose middle lies in it", () => {
  const outer = frame("outer", 0, 0, 200, 200);

  assert.deepEqual(
    carriedBy([outer], { nodes, frames: [outer], notes: [] }).nodes,
    new Set(["inside", "mostly inside"]),
  );
});

Deno.test("a frame carries frames that lie wholly in it, and itself", () => {
  const [outer, inner, beside] = [
    frame("outer", 0, 0, 200, 200),
    frame("inner", 20, 20, 50, 50),
    frame("beside", 150, 150, 100, 100),
  ];

  const carried = carriedBy([outer], { nodes, frames: [outer, inner, beside], notes: [] });

  assert.deepEqual(carried.frames, new Set(["outer", "inner"]));
});

Deno.test("a frame carries notes, and nothing is carried by no frame", () => {
  const outer = frame("outer", 0, 0, 200, 200);
  const notes = [{
    id: "n",
    at: /** @type {const} */ ([5, 5]),
    size: /** @type {const} */ ([50, 50]),
    text: "",
  }];

  assert.deepEqual(carriedBy([outer], { nodes, frames: [outer], notes }).notes, new Set(["n"]));
  assert.deepEqual(carriedBy([], { nodes, frames: [outer], notes }), {
    nodes: new Set(),
    frames: new Set(),
    notes: new Set(),
  });
});
