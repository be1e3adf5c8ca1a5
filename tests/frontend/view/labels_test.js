import assert from "node:assert/strict";
import { isLong, nodeTitle, socketLabel, spanOf } from "../../../frontend/view/labels.js";

Deno.test("a socket is named in words", () => {
  assert.equal(socketLabel("guidance_scale"), "Guidance scale");
  assert.equal(socketLabel("vae"), "VAE");
  assert.equal(socketLabel("_"), "_");
});

Deno.test("a node has the title it was given, that of its type, or the name of a type nobody knows", () => {
  /** @param {object} parts @returns {any} */
  const box = (parts) => ({
    look: { at: [0, 0] },
    entry: { type: "pack:a.b", version: 1, inputs: {} },
    ...parts,
  });

  assert.equal(nodeTitle(box({ look: { title: "Mine" }, type: { title: "Theirs" } })), "Mine");
  assert.equal(nodeTitle(box({ type: { title: "Theirs" } })), "Theirs");
  assert.equal(nodeTitle(box({})), "pack:a.b");
});

Deno.test("a span of time is written in one unit or two", () => {
  assert.equal(spanOf(0.0041), "4ms");
  assert.equal(spanOf(2.31), "2.3s");
  assert.equal(spanOf(42.4), "42s");
  assert.equal(spanOf(185), "3m 5s");
});

Deno.test("a text is cut where it may need more room than it has", () => {
  assert.equal(isLong("Steps", 90, 12), false);
  assert.equal(isLong("A label that nobody would write", 90, 12), true);
  assert.ok(isLong("提示词提示词提示词", 90, 12));
});
