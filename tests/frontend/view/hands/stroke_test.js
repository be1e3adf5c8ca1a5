import assert from "node:assert/strict";

import { cutBy, linesCross } from "../../../../frontend/view/hands/stroke.js";

/** @typedef {import("../../../../frontend/interfaces.d.ts").Point} Point */

/** @type {(key: string, ...points: Point[]) => { key: string, points: Point[] }} */
const wire = (key, ...points) => ({ key, points });

Deno.test("a stroke cuts the wires that it crosses and no others", () => {
  const wires = [
    wire("crossed", [0, 0], [100, 100]),
    wire("beside", [0, 50], [40, 90]),
    wire("beyond", [0, 200], [100, 200]),
  ];

  assert.deepEqual(cutBy([[0, 90], [60, 30], [90, 0]], wires, ({ points }) => points), ["crossed", "beside"]);
});

Deno.test("any segment of a bent wire can be hit", () => {
  assert.equal(linesCross([[60, -10], [60, 10]], [[0, 0], [50, 0], [100, 0]]), true);
});

Deno.test("a stroke through the joint of a wire cuts it", () => {
  assert.equal(linesCross([[50, -10], [50, 10]], [[0, 0], [50, 0], [100, 0]]), true);
});

Deno.test("parallel lines and a stroke of one point cut nothing", () => {
  assert.equal(linesCross([[0, 0], [100, 0]], [[0, 1], [100, 1]]), false);
  assert.equal(linesCross([[50, 0]], [[0, 0], [100, 0]]), false);
});
