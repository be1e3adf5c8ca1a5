import assert from "node:assert/strict";
import { caretAfter } from "../../../frontend/fields/text.js";

Deno.test("the caret comes behind what was changed elsewhere", () => {
  assert.equal(caretAfter("a red circle", "a circle"), 1);
  assert.equal(caretAfter("a circle", "a red circle"), 5);
  assert.equal(caretAfter("a circle", "a circle!"), 9);
});

Deno.test("a text that grew out of nothing, or went away, has its caret at its end", () => {
  assert.deepEqual([caretAfter("", "star"), caretAfter("star", ""), caretAfter("star", "star")], [4, 0, 0]);
});
