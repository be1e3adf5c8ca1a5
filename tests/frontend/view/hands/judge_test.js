import assert from "node:assert/strict";

import { computed, signal } from "@preact/signals";
import { createCatalog } from "../../../../frontend/model/catalog.js";
import { normalize } from "../../../../frontend/model/document.js";
import { createPlane } from "../../../../frontend/view/plane.js";
import { createJudge } from "../../../../frontend/view/hands/judge.js";

/** @typedef {import("../../../../frontend/interfaces.d.ts").Editor} Editor */
/** @typedef {import("../../../../frontend/interfaces.d.ts").NodeType} NodeType */
/** @typedef {import("../../../../frontend/interfaces.d.ts").Socket} Socket */

/** @type {(type: string, inputs: Record<string, string>, outputs: Record<string, string>) => NodeType} */
const nodeType = (type, inputs, outputs) => /** @type {any} */ ({
  type,
  version: 1,
  title: type,
  category: "",
  summary: "",
  doc: "",
  inputs: Object.entries(inputs).map(([name, kind]) => ({
    name,
    type: kind,
    required: true,
    widget: null,
    doc: "",
    link_only: true,
  })),
  outputs: Object.entries(outputs).map(([name, kind]) => ({ name, type: kind, doc: "" })),
});

const catalog = createCatalog({
  nodes: [
    nodeType("make", {}, { number: "int", word: "string" }),
    nodeType("pass", { first: "int", second: "int", word: "string" }, { number: "int" }),
  ],
  types: /** @type {any} */ ({ types: [], rules: [], converters: [] }),
  packs: [],
  workflows: [],
  loadChoices: () => Promise.resolve([]),
});

/** make -> one -> two. */
const document = signal(normalize({
  weft: 1,
  nodes: {
    make: { type: "make", version: 1, inputs: {} },
    one: { type: "pass", version: 1, inputs: { first: { from: "make.number" } } },
    two: { type: "pass", version: 1, inputs: { first: { from: "one.number" } } },
  },
  view: {
    nodes: { make: { at: [0, 0] }, one: { at: [400, 0] }, two: { at: [800, 0] } },
    frames: [],
    notes: [],
  },
}));
const plane = createPlane({ document, catalog, wireStyle: signal("curved") });
const editor = /** @type {Editor} */ (/** @type {unknown} */ ({
  catalog,
  plane,
  document: computed(() => document.value),
}));

/** @type {(node: string, name: string) => Socket} */
const input = (node, name) => ({ node, side: "input", name });
/** @type {(node: string, name: string) => Socket} */
const output = (node, name) => ({ node, side: "output", name });

Deno.test("a link may go to inputs of its type in other nodes", () => {
  const judge = createJudge(editor, [output("make", "number")]);

  assert.ok(judge.accepts(input("two", "second")));
  assert.ok(!judge.accepts(input("two", "word")));
});

Deno.test("a link to its own node, to its own side or in a circle is refused with a reason", () => {
  const judge = createJudge(editor, [output("two", "number")]);

  const refused = [input("two", "second"), output("one", "number"), input("one", "second")].map(judge.fit);

  assert.deepEqual(
    refused.map((fit) => fit.fits || fit.reason.id),
    ["edit.link.self", "edit.link.two_outputs", "edit.link.circle"],
  );
});

Deno.test("from an input the circle is looked for the other way", () => {
  const judge = createJudge(editor, [input("one", "second")]);

  assert.ok(judge.accepts(output("make", "number")));
  assert.ok(!judge.accepts(output("two", "number")));
});

Deno.test("what is dragged from several sockets must fit all of them", () => {
  const judge = createJudge(editor, [input("one", "first"), input("one", "word")]);

  assert.ok(!judge.accepts(output("make", "number")));
});

Deno.test("candidates are all sockets that fit, the nearest first", () => {
  const candidates = createJudge(editor, [output("make", "number")]).candidates();

  assert.deepEqual(candidates.map(({ node, name }) => `${node}.${name}`), [
    "one.first",
    "one.second",
    "two.first",
    "two.second",
  ]);
});

Deno.test("over a node a free socket is better than one that is linked", () => {
  const judge = createJudge(editor, [output("make", "number")]);
  const box = plane.boxes.value.get("one");

  assert.ok(box);
  assert.deepEqual(judge.bestOf(box, [400, 0]), input("one", "second"));
});
