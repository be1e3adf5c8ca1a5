import assert from "node:assert/strict";
import { normalize } from "../../../frontend/model/document.js";
import { isSameDocument } from "../../../frontend/model/sameness.js";

const [prompt, seed] = [{ to: ["a.text"] }, { to: ["a.seed"] }];
const [a, b] = [{ type: "toy.picture" }, { type: "toy.scale" }];

/** @param {object} parts */
const documentOf = (parts) => normalize({ weft: 1, nodes: { a }, ...parts });

Deno.test("documents that were read twice are the same", () => {
  assert.ok(
    isSameDocument(documentOf({ inputs: { prompt, seed } }), documentOf({ inputs: { prompt, seed } })),
  );
  assert.ok(!isSameDocument(documentOf({ inputs: { prompt } }), documentOf({ inputs: { seed } })));
});

Deno.test("the order of what a document takes and gives is part of it", () => {
  const outputs = { x: { from: "a.x" }, y: { from: "a.y" } };
  const turned = { y: outputs.y, x: outputs.x };

  assert.ok(
    !isSameDocument(documentOf({ inputs: { prompt, seed } }), documentOf({ inputs: { seed, prompt } })),
  );
  assert.ok(!isSameDocument(documentOf({ outputs }), documentOf({ outputs: turned })));
});

Deno.test("the order counts in workflows that a document carries, too", () => {
  const [one, two] = [{ prompt, seed }, { seed, prompt }].map((inputs) =>
    documentOf({ workflows: { inner: { weft: 1, inputs, nodes: { a } } } })
  );

  assert.ok(!isSameDocument(one, two));
});

Deno.test("the order of nodes is no part of a document", () => {
  const view = { nodes: { a: { at: [0, 0] }, b: { at: [9, 9] } } };

  assert.ok(isSameDocument(documentOf({ nodes: { a, b }, view }), documentOf({ nodes: { b, a }, view })));
});
