import assert from "node:assert/strict";
import { keysOf, normalizeKeys, showKeys } from "../../../frontend/ui/keymap.js";

const NONE = {
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  keyCode: 0,
};

Deno.test("keys are written in one way, whatever the order and case", () => {
  assert.equal(normalizeKeys("shift+mod+z"), "Mod+Shift+Z");
  assert.equal(normalizeKeys("Alt + Enter"), "Alt+Enter");
  assert.equal(normalizeKeys("Mod++"), "Mod++");
  assert.equal(normalizeKeys("Shift+?"), "?");
});

Deno.test("keys without a key, or with two, are refused", () => {
  for (const wrong of ["", "Mod", "Mod+", "A+B"]) {
    assert.throws(() => normalizeKeys(wrong), /does not name one key/);
  }
});

Deno.test("Mod is Ctrl, and Command on a Mac", () => {
  assert.equal(keysOf({ ...NONE, key: "z", ctrlKey: true, shiftKey: true }, false), "Mod+Shift+Z");
  assert.equal(keysOf({ ...NONE, key: "z", metaKey: true }, true), "Mod+Z");
  assert.equal(keysOf({ ...NONE, key: "z", ctrlKey: true }, true), "Ctrl+Z");
});

Deno.test("a sign is the same with and without Shift, a letter is not", () => {
  assert.equal(keysOf({ ...NONE, key: "?", shiftKey: true }, false), "?");
  assert.equal(keysOf({ ...NONE, key: "A", shiftKey: true }, false), "Shift+A");
  assert.equal(keysOf({ ...NONE, key: " ", shiftKey: true }, false), "Shift+Space");
});

Deno.test("letters of other alphabets count as the Latin letter on their key", () => {
  assert.equal(keysOf({ ...NONE, key: "я", code: "KeyZ", ctrlKey: true }, false), "Mod+Z");
  assert.equal(keysOf({ ...NONE, key: "å", code: "KeyA", altKey: true }, true), "Alt+A");
});

Deno.test("modifiers alone and keys that compose a character are no keys", () => {
  assert.equal(keysOf({ ...NONE, key: "Shift", shiftKey: true }, false), null);
  assert.equal(keysOf({ ...NONE, key: "a", isComposing: true }, false), null);
  assert.equal(keysOf({ ...NONE, key: "Process", keyCode: 229 }, false), null);
});

Deno.test("keys are shown as they stand on the keyboard", () => {
  assert.equal(showKeys("Mod+Shift+Z", false), "Ctrl+Shift+Z");
  assert.equal(showKeys("Mod+Shift+Z", true), "⌘⇧Z");
  assert.equal(showKeys("Mod++", false), "Ctrl++");
  assert.equal(showKeys("Alt+ArrowUp", false), "Alt+↑");
});
