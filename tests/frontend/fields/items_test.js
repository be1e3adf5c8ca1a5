import assert from "node:assert/strict";
import { moved } from "../../../frontend/fields/items.js";

Deno.test("an item that is moved goes between the others", () => {
  assert.deepEqual([moved(["a", "b", "c"], 0, 2), moved(["a", "b", "c"], 2, 0)], [["b", "c", "a"], [
    "c",
    "a",
    "b",
  ]]);
  assert.deepEqual([moved(["a", "b"], 0, 9), moved(["a", "b"], 1, -3)], [["b", "a"], ["b", "a"]]);
});
