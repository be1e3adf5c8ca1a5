/** A workflow is written as a command line and as a program; `tests/editor/test_export.py` runs both. */

import assert from "node:assert/strict";
import { curl, python } from "../../../frontend/model/export.js";

const ORIGIN = "http://127.0.0.1:9338";
const DOCUMENT = {
  weft: 1,
  inputs: { prompt: { to: ["a.text"] }, size: { to: ["a.size"] }, mask: { to: ["b.mask"] } },
  outputs: { image: { from: "a.image" } },
  nodes: {
    a: { type: "picture.draw", inputs: { text: 'it\'s "$HOME" `true`\n\\', strict: true, mask: null } },
    b: { type: "picture.draw", inputs: { mask: { from: "a.mask" } } },
  },
  view: { nodes: { a: { at: [0, 0] } } },
  workflows: { inner: { weft: 1, nodes: {}, view: { notes: [] } } },
};

/** @param {string} text */
const bodyOf = (text) => JSON.parse(/<<'JSON'\n(.*)\nJSON\n$/s.exec(text)?.[1] ?? "");

Deno.test("a document that was never saved is sent along, less how it is shown", () => {
  const text = curl({ origin: ORIGIN, document: DOCUMENT, name: null });
  const { view: _, ...shown } = DOCUMENT;

  assert.match(text, /'http:\/\/127\.0\.0\.1:9338\/api\/jobs\?wait=300'/);
  assert.deepEqual(bodyOf(text), { workflow: { ...shown, workflows: { inner: { weft: 1, nodes: {} } } } });
});

Deno.test("a saved workflow is called by its name with the values of its inputs", () => {
  const text = curl({ origin: ORIGIN, document: DOCUMENT, name: "my pictures" });

  assert.match(text, /\/api\/workflows\/my%20pictures\/run\?wait=300'/);
  assert.deepEqual(bodyOf(text), { prompt: DOCUMENT.nodes.a.inputs.text });
});

Deno.test("a name cannot end the quotes that it stands in", () => {
  const exported = { origin: ORIGIN, document: DOCUMENT, name: "it's" };

  assert.match(curl(exported), /workflows\/it%27s\/run/);
  assert.match(python(exported), /workflows\/it%27s\/run/);
});

Deno.test("Python is given Python, but texts stay as they are", () => {
  const text = python({ origin: ORIGIN, document: DOCUMENT, name: null });

  assert.match(text, /"strict": True/);
  assert.match(text, /"mask": None/);
  assert.match(text, /\\"\$HOME\\" `true`\\n/);
});

Deno.test("a server of another machine is sent a token, one of this machine is not", () => {
  for (const write of [curl, python]) {
    const texts = ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://gpu.example"].map((
      origin,
    ) => write({ origin, document: DOCUMENT, name: null }));

    assert.deepEqual(texts.map((text) => text.includes("WEFT_TOKEN")), [false, false, false, true]);
  }
});
