import assert from "node:assert/strict";
import { accepts, converted, distinctWidgets, firstValue } from "../../../frontend/fields/widgets.js";

const TEXT = { kind: "text", multiline: false, placeholder: "" };
const WHOLE = { kind: "number", integer: true };
const NUMBER = { kind: "number", integer: false };

Deno.test("a widget accepts the values of its kind", () => {
  assert.deepEqual([accepts(WHOLE, 1), accepts(WHOLE, 1.5), accepts(NUMBER, 1.5), accepts(TEXT, 1)], [
    true,
    false,
    true,
    false,
  ]);
  assert.deepEqual([accepts({ kind: "toggle" }, false), accepts({ kind: "items" }, []), accepts(null, "a")], [
    true,
    true,
    true,
  ]);
});

Deno.test("any number takes the whole ones with it, but not those of a range", () => {
  assert.deepEqual(distinctWidgets({ kind: "any-of", widgets: [TEXT, WHOLE, NUMBER] }), [TEXT, NUMBER]);
  const ranged = { ...WHOLE, min: 1 };
  assert.deepEqual(distinctWidgets({ kind: "any-of", widgets: [ranged, NUMBER] }), [ranged, NUMBER]);
});

Deno.test("a value keeps what another kind can read of it", () => {
  assert.deepEqual([converted("4.5", NUMBER), converted(4.5, TEXT), converted("blue", NUMBER)], [
    4.5,
    "4.5",
    0,
  ]);
  assert.equal(converted("4.5", WHOLE), 0);
});

Deno.test("a new entry begins with a value that its widget accepts", () => {
  /** @type {import("../../../frontend/fields/widgets.js").Widget[]} */
  const widgets = [TEXT, WHOLE, { kind: "toggle" }, { kind: "items", item: TEXT }, {
    kind: "options",
    options: ["a"],
  }, { kind: "color" }];

  for (const widget of widgets) assert.ok(accepts(widget, firstValue(widget)), String(widget.kind));
  assert.deepEqual([firstValue({ ...NUMBER, min: 2 }), firstValue({ ...NUMBER, max: -1 })], [2, -1]);
});
