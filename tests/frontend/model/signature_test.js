/** A workflow is a form: what it is asked, and what it gives. */

import assert from "node:assert/strict";
import { createCatalog } from "../../../frontend/model/catalog.js";
import { apply, normalize } from "../../../frontend/model/document.js";
import { formOf } from "../../../frontend/model/signature.js";
import { nodeType, PORTRAIT, TABLE } from "./toy_types.js";

const NODES = [
  nodeType("picture.draw", "text?: string, size?: float, count?: int, mask: mask | null", "image: image"),
  nodeType("picture.pair", "first!: image, second!: image", "both: list[image]"),
  nodeType("flow.pass", "value!: $T", "value: $T"),
];
NODES[0].inputs[0].doc = "What to draw.";

const catalog = createCatalog({
  nodes: NODES,
  types: TABLE,
  packs: [],
  workflows: [PORTRAIT],
  loadChoices: () => Promise.resolve([]),
});

/** @param {object} parts */
const documentOf = (parts) =>
  normalize({
    weft: 1,
    nodes: {
      a: { type: "picture.draw", inputs: { text: "a cat" } },
      b: { type: "picture.draw", inputs: { text: { from: "a.image" } } },
      pass: { type: "flow.pass", inputs: { value: { from: "a.image" } } },
      saved: { type: "workflow:portrait" },
      strange: { type: "gone.node", inputs: { level: 3 } },
    },
    ...parts,
  });

/** @param {object} inputs */
const inputsOf = (inputs) => formOf(documentOf({ inputs }), catalog).inputs;

Deno.test("an input has the words of the document, else those of its socket", () => {
  const [told, plain] = inputsOf({
    told: { to: ["a.text"], title: "Prompt", description: "A few words." },
    plain: { to: ["a.text"] },
  });

  assert.deepEqual([told.title, told.doc], ["Prompt", "A few words."]);
  assert.deepEqual([plain.title, plain.doc], ["plain", "What to draw."]);
});

Deno.test("an input has type, widget and default of its socket, and the value in the document", () => {
  const [text, size] = inputsOf({ text: { to: ["a.text"] }, size: { to: ["a.size"] } });

  assert.deepEqual([text.type, text.widget, text.value, text.fallback], [
    "string",
    { kind: "text" },
    "a cat",
    "",
  ]);
  assert.equal(size.value, undefined);
  assert.equal(size.type, "float");
});

Deno.test("of several sockets, the one whose values fit all others says what is taken", () => {
  assert.equal(inputsOf({ number: { to: ["a.size", "a.count"] } })[0].type, "int");
});

Deno.test("filling it in sets every socket behind it, and emptying it clears them", () => {
  const document = documentOf({ inputs: { number: { to: ["a.size", "b.count"] } } });
  const [input] = formOf(document, catalog).inputs;
  const filled = apply(document, input.setValue(4)).document;

  assert.equal(filled.nodes.a.inputs.size, 4);
  assert.equal(filled.nodes.b.inputs.count, 4);
  assert.equal(formOf(filled, catalog).inputs[0].value, 4);
  assert.deepEqual(apply(filled, input.setValue(undefined)).document.nodes, document.nodes);
});

Deno.test("an input that a link feeds says so and shows no value", () => {
  const [linked] = inputsOf({ linked: { to: ["b.text"] } });

  assert.ok(linked.isLinked);
  assert.equal(linked.value, undefined);
});

Deno.test("an input is required as long as a socket needs it and has nothing", () => {
  const nodes = {
    pair: { type: "picture.pair", inputs: { first: { from: "a.image" } } },
    a: { type: "picture.draw" },
  };
  const inputs = { first: { to: ["pair.first"] }, second: { to: ["pair.second"] }, text: { to: ["a.text"] } };
  const form = formOf(documentOf({ nodes, inputs }), catalog);

  assert.deepEqual(form.inputs.map((input) => input.required), [false, true, false]);
});

Deno.test("the inputs of a workflow inside lead to its own", () => {
  const [prompt] = inputsOf({ prompt: { to: ["saved.prompt"] } });

  assert.deepEqual([prompt.type, prompt.fallback, prompt.doc], ["string", "a face", "What to show."]);
});

Deno.test("an input of an unknown node is shown as it stands, and one that leads nowhere is not", () => {
  const form = inputsOf({ level: { to: ["strange.level"] }, lost: { to: ["nobody.there"] } });

  assert.deepEqual(form.map(({ name, type, widget, value }) => [name, type, widget, value]), [[
    "level",
    "json",
    null,
    3,
  ]]);
});

Deno.test("an output has the words of the document and the type that flows there", () => {
  const { outputs } = formOf(
    documentOf({
      outputs: { picture: { from: "pass.value", title: "Picture" }, other: { from: "strange.x" } },
    }),
    catalog,
  );

  assert.deepEqual(outputs, [
    { name: "picture", title: "Picture", doc: "", type: "image" },
    { name: "other", title: "other", doc: "", type: null },
  ]);
});
