/** Whole numbers are written as they were read, however large they are. */

import assert from "node:assert/strict";
import { readJSON, writeJSON } from "../../../frontend/model/json.js";

Deno.test("a seed that JavaScript would round is written as it was read", () => {
  const text = '{"seed":9223372036854775807,"least":-9007199254740993,"steps":20,"scale":2.5}';

  assert.equal(writeJSON(readJSON(text)), text);
});

Deno.test("numbers that JavaScript knows exactly stay numbers", () => {
  assert.deepEqual(readJSON("[9007199254740991, 0.1234567890123456789, 1e300]"), [
    9007199254740991,
    0.12345678901234568,
    1e300,
  ]);
});

Deno.test("what is no JSON is refused", () => {
  assert.throws(() => readJSON("{12345678901234567890"), SyntaxError);
});
