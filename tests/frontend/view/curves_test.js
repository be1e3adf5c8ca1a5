import assert from "node:assert/strict";
import { distance, extent, polyline, trace } from "../../../frontend/view/curves.js";

/** @import { Point } from "../../../frontend/interfaces.d.ts" */

/** @type {Point[][]} */
const WIRES = [
  [[0, 0], [300, 100]],
  [[0, 0], [-300, 100]],
  [[0, 0], [5, 400]],
  [[0, 0], [150, 200], [-40, 220], [500, 0]],
];

/** A pen that writes down what it is told. */
const recorder = () => {
  /** @type {(string | number)[][]} */
  const calls = [];
  /** @param {string} name @returns {(...numbers: number[]) => void} */
  const note = (name) => (...numbers) => void calls.push([name, ...numbers]);
  return {
    calls,
    pen: { moveTo: note("moveTo"), lineTo: note("lineTo"), bezierCurveTo: note("bezierCurveTo") },
  };
};

Deno.test("a wire starts at its first point and ends at its last in every style", () => {
  for (const style of /** @type {const} */ (["curved", "straight", "angled"])) {
    for (const points of WIRES) {
      const { calls, pen } = recorder();
      trace(pen, points, style);

      assert.deepEqual(calls[0], ["moveTo", ...points[0]]);
      assert.deepEqual(calls.at(-1)?.slice(-2), points.at(-1));
    }
  }
});

Deno.test("a curve has one piece between two points", () => {
  const { calls, pen } = recorder();
  trace(pen, WIRES[3], "curved");

  assert.deepEqual(calls.map(([name]) => name), [
    "moveTo",
    "bezierCurveTo",
    "bezierCurveTo",
    "bezierCurveTo",
  ]);
});

Deno.test("an angled wire only goes along the axes", () => {
  for (const points of WIRES) {
    const line = polyline(points, "angled");
    for (let index = 1; index < line.length; index++) {
      assert.ok(line[index][0] === line[index - 1][0] || line[index][1] === line[index - 1][1]);
    }
  }
});

Deno.test("no style leaves the extent of its wire", () => {
  for (const points of WIRES) {
    const { left, top, right, bottom } = extent(points);
    for (const style of /** @type {const} */ (["curved", "straight", "angled"])) {
      for (const [x, y] of polyline(points, style)) {
        assert.ok(x >= left && x <= right && y >= top && y <= bottom, `${style} ${x} ${y}`);
      }
    }
  }
});

Deno.test("the distance to a line is that to its nearest piece", () => {
  assert.equal(distance([[0, 0], [10, 0], [10, 10]], [13, 5]), 3);
  assert.equal(distance([[0, 0], [10, 0]], [-3, 4]), 5);
  assert.equal(distance([[2, 2], [2, 2]], [2, 5]), 3);
});
