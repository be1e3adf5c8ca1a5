import assert from "node:assert/strict";
import { extentOf, numberAt, pointOf } from "../../../frontend/fields/curve.js";

const FREE = { min: -Infinity, max: Infinity };

Deno.test("a curve reaches over its range, or over its numbers and zero", () => {
  assert.deepEqual(extentOf([3, 5], { min: 0, max: 10 }), { low: 0, high: 10 });
  assert.deepEqual(extentOf([14.6, 2, 0], FREE), { low: 0, high: 14.6 });
  assert.deepEqual(extentOf([], FREE), { low: 0, high: 1 });
});

Deno.test("the number at the height of a point is that of the point", () => {
  const extent = { low: -1, high: 3 };
  for (const number of [-1, 0, 0.5, 3]) {
    assert.equal(numberAt(pointOf(0, 3, number, extent).y / 96, extent), number);
  }
  assert.deepEqual([numberAt(-5, extent), numberAt(5, extent)], [3, -1]);
});

Deno.test("points lie side by side from edge to edge, and a single one in the middle", () => {
  const extent = { low: 0, high: 1 };

  assert.deepEqual([0, 1, 2].map((index) => pointOf(index, 3, 0, extent).x), [8, 120, 232]);
  assert.equal(pointOf(0, 1, 0, extent).x, 120);
});
