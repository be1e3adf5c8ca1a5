import assert from "node:assert/strict";
import { createDesk, NARROWEST, panelWidth, WIDEST } from "../../../frontend/panels/desk.js";

/** @param {string} [text] */
const storageWith = (text) => {
  const kept = new Map(text === undefined ? [] : [["weft.desk", text]]);
  return {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
  };
};

Deno.test("what a person arranged is there again", () => {
  const storage = storageWith();
  const desk = createDesk(storage);
  desk.inspector.value = false;
  desk.widths.value = { left: 400, right: 500 };
  const again = createDesk(storage);

  assert.equal(again.inspector.value, false);
  assert.deepEqual(again.widths.value, { left: 400, right: 500 });
});

Deno.test("a storage that holds something else gives the usual desk", () => {
  for (const text of ["nonsense", "null", "[]", '{"widths": {"left": "wide"}}']) {
    const { widths, inspector } = createDesk(storageWith(text));

    assert.deepEqual(widths.value, { left: 300, right: 320 });
    assert.equal(inspector.value, true);
  }
});

Deno.test("a panel has a least and a greatest width", () => {
  assert.deepEqual([0, 300.4, 5000].map(panelWidth), [NARROWEST, 300, WIDEST]);
});
