import assert from "node:assert/strict";

import { snap, snapSize } from "../../../../frontend/view/hands/snapping.js";

/** @type {(x: number, y: number, width?: number, height?: number) => import("../../../../frontend/interfaces.d.ts").Bounds} */
const box = (x, y, width = 100, height = 60) => ({ x, y, width, height });

Deno.test("without grid and neighbours nothing snaps", () => {
  const snapped = snap(box(3, 4), [5, 6], { neighbours: [], grid: null, within: 8 });

  assert.deepEqual(snapped, { offset: [5, 6], guides: [] });
});

Deno.test("the near corner lands on the grid, even where it was off it before", () => {
  const { offset } = snap(box(3, 4), [14, 0], { neighbours: [], grid: 20, within: 8 });

  assert.deepEqual([3 + offset[0], 4 + offset[1]], [20, 0]);
});

Deno.test("a neighbour's edge is stronger than the grid, which still holds across", () => {
  const { offset, guides } = snap(box(0, 0), [3, 303], { neighbours: [box(7, 100)], grid: 20, within: 8 });

  assert.deepEqual(offset, [7, 300]);
  assert.deepEqual(guides.map(({ axis }) => axis), ["x", "x", "x"]);
});

Deno.test("left edges snap to right edges, and a guide spans all that share the line", () => {
  const { offset, guides } = snap(box(0, 0), [204, 500], {
    neighbours: [box(102, 0), box(102, 900)],
    grid: null,
    within: 5,
  });

  assert.equal(offset[0], 202);
  assert.deepEqual(guides, [{ axis: "x", at: 202, from: 0, to: 960 }]);
});

Deno.test("middles snap to middles where sizes differ", () => {
  const { offset, guides } = snap(box(0, 0, 40, 40), [28, 300], {
    neighbours: [box(0, 0, 100, 100)],
    grid: null,
    within: 8,
  });

  assert.equal(offset[0], 30);
  assert.deepEqual(guides, [{ axis: "x", at: 50, from: 0, to: 340 }]);
});

Deno.test("a middle does not snap to an edge", () => {
  const { guides } = snap(box(0, 0, 40, 40), [-20, 300], {
    neighbours: [box(1, 0, 1000, 10)],
    grid: null,
    within: 8,
  });

  assert.deepEqual(guides, []);
});

Deno.test("what is farther than the reach is no neighbour", () => {
  const { offset } = snap(box(0, 0), [9, 500], { neighbours: [box(0, 0)], grid: null, within: 8 });

  assert.deepEqual(offset, [9, 500]);
});

Deno.test("a dragged corner lands on the grid and no size falls below the least", () => {
  assert.deepEqual(snapSize([10, 10], [97, 3], { grid: 20, least: [60, 40] }), [90, 40]);
  assert.deepEqual(snapSize([10, 10], [97, 55], { grid: null, least: [60, 40] }), [97, 55]);
});
