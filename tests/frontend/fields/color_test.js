import assert from "node:assert/strict";
import { readColor } from "../../../frontend/fields/color.js";

Deno.test("colours are read as people write them", () => {
  assert.deepEqual(["#FF8800", " ff8800 ", "#f80", "f80"].map(readColor), [
    "#ff8800",
    "#ff8800",
    "#ff8800",
    "#ff8800",
  ]);
});

Deno.test("what is no colour is none", () => {
  assert.deepEqual(["red", "#ff88", "#ff880000", ""].map(readColor), [null, null, null, null]);
});
