import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { controlFor } from "../../../frontend/fields/field.js";
import { JsonField } from "../../../frontend/fields/json.js";
import { SliderField } from "../../../frontend/fields/slider.js";

/** @type {any} */
const EDITOR = {};

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
  const controls = kinds.map((kind) => controlFor(EDITOR, { kind }));

  assert.equal(new Set(controls).size, kinds.length);
  assert.ok(!controls.includes(JsonField));
});

Deno.test("a kind that nobody knows, and none, is entered as JSON", () => {
  for (const kind of ["json", "constructor", "sound"]) assert.equal(controlFor(EDITOR, { kind }), JsonField);
  assert.equal(controlFor(EDITOR, null), JsonField);
});

Deno.test("a pack may bring a control of its own", () => {
  const own = () => null;
  /** @type {any} */
  const editor = { controls: signal(new Map([["angle", own], ["slider", own]])) };

  assert.equal(controlFor(editor, { kind: "angle" }), own);
  assert.equal(controlFor(editor, { kind: "slider" }), own);
  assert.equal(controlFor(EDITOR, { kind: "slider" }), SliderField);
});
