import assert from "node:assert/strict";
import { controlFor } from "../../../frontend/fields/field.js";
import { JsonField } from "../../../frontend/fields/json.js";

Deno.test("every kind of widget that the server has is entered by a control of its own", () => {
  const kinds = [
    "number",
    "slider",
    "seed",
    "toggle",
    "text",
    "options",
    "choice",
    "model-file",
    "image-file",
    "color",
    "items",
    "any-of",
  ];
  const controls = kinds.map((kind) => controlFor({ kind }));

  assert.equal(new Set(controls).size, kinds.length);
  assert.ok(!controls.includes(JsonField));
});

Deno.test("a kind that nobody knows, and none, is entered as JSON", () => {
  for (const kind of ["json", "constructor", "sound"]) assert.equal(controlFor({ kind }), JsonField);
  assert.equal(controlFor(null), JsonField);
});
