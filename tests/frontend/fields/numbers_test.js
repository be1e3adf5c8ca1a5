import assert from "node:assert/strict";
import {
  dragged,
  grainOf,
  nudged,
  numberProblem,
  rangeOf,
  shareOf,
} from "../../../frontend/fields/numbers.js";

const SIZE = rangeOf({ kind: "number", min: 16, max: 16384, step: 8, integer: true });
const SHARE = rangeOf({ kind: "slider", min: 0, max: 1, integer: false });
const STEPS = rangeOf({ kind: "slider", min: 1, max: 200, integer: true });
const FREE = rangeOf({ kind: "number", integer: false });

Deno.test("a step that is not given follows from the range", () => {
  assert.deepEqual([SHARE.step, STEPS.step, FREE.step, SIZE.step], [0.01, 1, 0.1, 8]);
  assert.equal(rangeOf({ kind: "slider", min: 0, max: 30 }).step, 0.1);
});

Deno.test("a finer gesture reaches tenths of a step, a coarser one tens, and whole numbers stay whole", () => {
  assert.deepEqual([grainOf(SHARE, "fine"), grainOf(SHARE, "coarse")], [0.001, 0.1]);
  assert.deepEqual([grainOf(STEPS, "fine"), grainOf(STEPS, "coarse")], [1, 10]);
  assert.equal(grainOf(SIZE, "fine"), 1);
});

Deno.test("dragging goes through a short range in one sweep and by steps through a long one", () => {
  assert.equal(dragged(0, 240, SHARE, "usual"), 1);
  assert.equal(dragged(0.5, 24, SHARE, "usual"), 0.6);
  assert.equal(dragged(0.5, 24, SHARE, "fine"), 0.51);
  assert.equal(dragged(0.52, 24, SHARE, "coarse"), 0.6);
  assert.equal(dragged(0, 8, FREE, "usual"), 0.2);
});

Deno.test("dragging and arrow keys stop at the ends of the range", () => {
  assert.equal(dragged(100, -9_999, SIZE, "usual"), 16);
  assert.equal(nudged(200, 1, STEPS, "usual"), 200);
  assert.equal(nudged(500, -1, STEPS, "usual"), 200);
});

Deno.test("arrow keys add no dust of binary fractions", () => {
  assert.equal(nudged(0.1, 1, { ...SHARE, step: 0.2 }, "usual"), 0.3);
  assert.equal(nudged(0.07, 1, SHARE, "usual"), 0.08);
  assert.equal(nudged(1.005, 1, FREE, "fine"), 1.015);
});

Deno.test("the place in a range is known where it has ends", () => {
  assert.deepEqual([shareOf(0.25, SHARE), shareOf(7, SHARE), shareOf(1, FREE)], [0.25, 1, null]);
});

Deno.test("what is wrong with a number is said and nothing is changed", () => {
  assert.deepEqual(numberProblem(8, SIZE), { id: "field.problem.low", with: { least: 16 } });
  assert.deepEqual(numberProblem(20000, SIZE), { id: "field.problem.high", with: { most: 16384 } });
  assert.deepEqual(numberProblem(16.5, SIZE), { id: "field.problem.whole" });
  assert.deepEqual(numberProblem("16", SIZE), { id: "field.problem.number" });
  assert.equal(numberProblem(20, SIZE), null);
});

Deno.test("a seed that the browser cannot hold exactly is a problem", () => {
  const seed = rangeOf({ kind: "seed" });

  assert.equal(numberProblem(2 ** 53 - 1, seed), null);
  assert.equal(numberProblem(2 ** 53, seed)?.id, "field.problem.high");
});
