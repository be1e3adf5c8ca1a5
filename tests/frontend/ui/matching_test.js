import assert from "node:assert/strict";
import { matching } from "../../../frontend/ui/matching.js";

const NAMES = ["heun euler", "dpm euler", "euler", "euler ancestral", "seuler"];

Deno.test("what begins with the query comes first, then words that begin with it, then the rest", () => {
  assert.deepEqual(matching(NAMES, "Euler", (name) => name), [
    "euler",
    "euler ancestral",
    "heun euler",
    "dpm euler",
    "seuler",
  ]);
});

Deno.test("every word of the query must be there, in any order", () => {
  assert.deepEqual(matching(NAMES, " anc eul ", (name) => name), ["euler ancestral"]);
});

Deno.test("no query keeps everything in its order", () => {
  assert.deepEqual(matching(NAMES, " ", (name) => name), NAMES);
});
