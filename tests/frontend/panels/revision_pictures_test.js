/** A picture belongs to a revision that says the same as what made it. */

import assert from "node:assert/strict";
import { normalize } from "../../../frontend/model/document.js";
import { isMadeOf } from "../../../frontend/panels/revision_pictures.js";

const nodes = { a: { type: "image.empty", version: 1, inputs: { width: 8 } } };
const uses = { b: { type: "workflow:inner", version: 1, inputs: {} } };
const inner = { weft: 1, nodes };

Deno.test("where things lie and what they are called makes no other picture", () => {
  const revision = normalize({ weft: 1, title: "Before", nodes });
  const outputs = { image: { from: "a.image" } };

  assert.ok(
    isMadeOf(normalize({ weft: 1, nodes, outputs, view: { nodes: { a: { at: [9, 9] } } } }), revision),
  );
  assert.ok(!isMadeOf(normalize({ weft: 1, nodes: { a: { ...nodes.a, inputs: { width: 9 } } } }), revision));
  assert.ok(!isMadeOf(normalize({ weft: 1, nodes: {} }), revision));
});

Deno.test("a workflow that a revision carries counts, and one that the server added does not", () => {
  const made = normalize({ weft: 1, nodes: uses, workflows: { inner } });
  const other = { ...inner, nodes: {} };

  assert.ok(isMadeOf(made, normalize({ weft: 1, nodes: uses })));
  assert.ok(isMadeOf(made, normalize({ weft: 1, nodes: uses, workflows: { inner } })));
  assert.ok(!isMadeOf(made, normalize({ weft: 1, nodes: uses, workflows: { inner: other } })));
});
