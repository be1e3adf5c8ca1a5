import assert from "node:assert/strict";
import { added, EMPTY, redone, undone } from "../../../frontend/fields/strokes.js";

const FILL = /** @type {const} */ ({ kind: "fill" });
const CLEAR = /** @type {const} */ ({ kind: "clear" });

Deno.test("steps are undone and done again one by one", () => {
  const two = added(added(EMPTY, FILL), CLEAR);

  assert.equal(undone(two).done, 1);
  assert.deepEqual(redone(undone(two)), two);
  assert.deepEqual([undone(EMPTY), redone(two)], [EMPTY, two]);
});

Deno.test("a new step takes the place of those that were undone", () => {
  assert.deepEqual(added(undone(added(EMPTY, FILL)), CLEAR), { steps: [CLEAR], done: 1 });
});
