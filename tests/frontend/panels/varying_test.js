import assert from "node:assert/strict";
import { readValues, seedsFrom } from "../../../frontend/panels/varying.js";

Deno.test("seeds count up from the one that is there, and never beyond what a number holds", () => {
  assert.deepEqual(seedsFrom(7, 3), [7, 8, 9]);
  assert.deepEqual(seedsFrom(undefined, 2), [0, 1]);
  assert.ok(seedsFrom(2 ** 63, 3).every(Number.isSafeInteger));
});

Deno.test("every line that is not empty is a value", () => {
  assert.deepEqual(readValues("1\n\n 2.5 \n", "float"), { values: [1, 2.5] });
  assert.deepEqual(readValues("a red circle\na blue star", "string"), {
    values: ["a red circle", "a blue star"],
  });
  assert.deepEqual(readValues("true\nfalse", "bool"), { values: [true, false] });
});

Deno.test("the first line that is no value is named", () => {
  assert.deepEqual(readValues("1\n2\nthree", "int"), { unreadable: 3 });
  assert.deepEqual(readValues("1.5", "int"), { unreadable: 1 });
});
