/** Learned words are offered where the encoder of a prompt knows them. */

import assert from "node:assert/strict";
import { completions, learnedWords } from "../../../frontend/model/learned_words.js";

const FILE = { name: "embedding", widget: { kind: "model-file", listing: "embedding" } };
const CATALOG = /** @type {any} */ ({
  get: (/** @type {string} */ type) => type === "embedding.apply" ? { inputs: [FILE] } : { inputs: [] },
});

/** @param {Record<string, object>} inputs */
const documentOf = (inputs) => /** @type {any} */ ({
  nodes: Object.fromEntries(
    Object.entries(inputs).map(([id, given]) => [
      id,
      { type: "embedding" in given ? "embedding.apply" : "prompt.encode", version: 1, inputs: given },
    ]),
  ),
});

Deno.test("an encoder knows the words that were added on the way to it, by name or by file", () => {
  const document = documentOf({
    load: {},
    dusk: { encoder: { from: "load.encoder" }, embedding: "a/dusk.safetensors", word: "" },
    dawn: { encoder: { from: "dusk.encoder" }, embedding: "b.safetensors", word: "dawn" },
    other: { encoder: { from: "load.encoder" }, embedding: "other.safetensors" },
    prompt: { encoder: { from: "dawn.encoder" } },
  });

  assert.deepEqual(learnedWords(document, CATALOG, "prompt"), ["a/dusk", "dawn"]);
  assert.deepEqual(learnedWords(document, CATALOG, "load"), []);
});

Deno.test("a word goes on from two letters, or from what stands before learned words", () => {
  const words = ["dawn", "dusk", "Day"];

  assert.deepEqual(completions("a da by day", 4, words), {
    start: 2,
    found: ["embedding:dawn", "embedding:Day"],
  });
  assert.deepEqual(completions("embedding:", 10, words).found.length, 3);
  assert.deepEqual(completions("(embedding:du", 13, words), { start: 1, found: ["embedding:dusk"] });
  assert.deepEqual(completions("a d", 3, words).found, []);
  assert.deepEqual(completions("embedding:dusk", 14, words).found, []);
  assert.deepEqual(completions("", 0, words).found, []);
});
