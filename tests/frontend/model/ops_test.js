import assert from "node:assert/strict";
import { normalize } from "../../../frontend/model/document.js";
import { apply, OpError } from "../../../frontend/model/ops.js";
import { createChance, frozen, randomDocument, randomOp } from "./random_documents.js";

/** @import { Op, WorkflowDocument } from "../../../frontend/interfaces.d.ts" */

const document = () =>
  normalize({
    weft: 1,
    inputs: { prompt: { to: ["text.value", "other.value"] }, only: { to: ["text.seed"] } },
    outputs: { image: { from: "sum.image" }, words: { from: "text.words" } },
    nodes: {
      text: { type: "toy.text", inputs: { value: "hello" } },
      other: { type: "toy.text", inputs: { value: "you" } },
      sum: {
        type: "toy.sum",
        inputs: {
          single: { from: "text.words" },
          many: [{ from: "text.words" }, 5, { from: "other.words" }],
          x: 1,
        },
      },
    },
    view: {
      nodes: { text: { at: [0, 0] }, other: { at: [0, 100] }, sum: { at: [300, 0] } },
      routes: { "sum.single": [[100, 10]], "sum.many#0": [[100, 20]], "sum.many#2": [[100, 30]] },
      mine: { kept: true },
    },
  });

/** @type {(document: WorkflowDocument, op: Op) => WorkflowDocument} */
const after = (document, op) => apply(frozen(document), frozen(op)).document;

Deno.test("the inverse of an op brings back the document and the order of its nodes", () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const chance = createChance(seed);
    const before = frozen(randomDocument(chance));
    const op = frozen(randomOp(chance, before));

    const applied = apply(before, op);
    const back = apply(frozen(applied.document), applied.inverse).document;

    assert.deepEqual(back, before, `seed ${seed}: ${JSON.stringify(op)}`);
    assert.deepEqual(Object.keys(back.nodes), Object.keys(before.nodes), `order, seed ${seed}`);
  }
});

Deno.test("the inverse of an inverse does the op again", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const chance = createChance(seed);
    const before = frozen(randomDocument(chance));
    const applied = apply(before, randomOp(chance, before));

    const back = apply(frozen(applied.document), applied.inverse);

    assert.deepEqual(apply(back.document, back.inverse).document, applied.document, `seed ${seed}`);
  }
});

Deno.test("a chain of ops is one op, and undone as one", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const chance = createChance(seed);
    const before = frozen(randomDocument(chance));
    /** @type {Op[]} */
    const ops = [];
    let current = before;
    for (let count = 0; count < 6; count++) {
      ops.push(randomOp(chance, current));
      current = apply(current, ops[count]).document;
    }

    const applied = apply(before, { op: "together", ops });

    assert.deepEqual(applied.document, current, `seed ${seed}`);
    assert.deepEqual(apply(applied.document, applied.inverse).document, before, `seed ${seed}`);
  }
});

Deno.test("ops are JSON: written and read again they do the same", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const chance = createChance(seed);
    const before = randomDocument(chance);
    const op = randomOp(chance, before);

    const { inverse, document: next } = apply(before, JSON.parse(JSON.stringify(op)));

    assert.deepEqual(next, apply(before, op).document);
    assert.deepEqual(apply(next, JSON.parse(JSON.stringify(inverse))).document, before);
  }
});

Deno.test("an op that changes nothing gives the very same document", () => {
  const before = document();
  /** @type {Op[]} */
  const idle = [
    { op: "add-nodes", nodes: {}, looks: {} },
    { op: "remove-nodes", nodes: [] },
    { op: "rename-node", node: "sum", name: "sum" },
    { op: "set-inputs", changes: [{ node: "sum", input: "single", value: { from: "text.words" } }] },
    { op: "set-node", node: "sum", fields: { mode: null } },
    { op: "set-looks", looks: { sum: { at: [300, 0], title: null } } },
    { op: "set-frames", frames: [] },
    { op: "set-notes", notes: [] },
    { op: "set-routes", routes: { "sum.x": null } },
    { op: "set-signature", inputs: before.inputs, outputs: before.outputs },
    { op: "set-words", title: "" },
    { op: "set-workflows", workflows: { none: null } },
  ];

  for (const op of [...idle, /** @type {Op} */ ({ op: "together", ops: idle })]) {
    assert.equal(after(before, op), before, op.op);
  }
});

Deno.test("removing a node takes its links, wires and places in the signature with it", () => {
  const next = after(document(), { op: "remove-nodes", nodes: ["text"] });

  assert.deepEqual(next.nodes.sum.inputs, { many: [5, { from: "other.words" }], x: 1 });
  assert.deepEqual(next.inputs, { prompt: { to: ["other.value"] } });
  assert.deepEqual(next.outputs, { image: { from: "sum.image" } });
  assert.deepEqual(next.view.nodes, { other: { at: [0, 100] }, sum: { at: [300, 0] } });
  assert.deepEqual(next.view.routes, { "sum.many#1": [[100, 30]] });
  assert.deepEqual(next.view.mine, { kept: true });
});

Deno.test("an input whose list of links was emptied falls back to its default", () => {
  const next = after(
    after(document(), {
      op: "set-inputs",
      changes: [{ node: "sum", input: "many", value: [{ from: "text.words" }] }],
    }),
    { op: "remove-nodes", nodes: ["text"] },
  );

  assert.deepEqual(next.nodes.sum.inputs, { x: 1 });
});

Deno.test("a new name is taken over by links, lists, wires and the signature, and the node keeps its place", () => {
  const renamed = after(document(), { op: "rename-node", node: "text", name: "words" });
  const next = after(renamed, { op: "rename-node", node: "sum", name: "total" });

  assert.deepEqual(Object.keys(next.nodes), ["words", "other", "total"]);
  assert.deepEqual(next.nodes.total.inputs, {
    single: { from: "words.words" },
    many: [{ from: "words.words" }, 5, { from: "other.words" }],
    x: 1,
  });
  assert.deepEqual(next.inputs.prompt.to, ["words.value", "other.value"]);
  assert.deepEqual(next.outputs, { image: { from: "total.image" }, words: { from: "words.words" } });
  assert.deepEqual(Object.keys(next.view.nodes), ["words", "other", "total"]);
  assert.deepEqual(Object.keys(next.view.routes ?? {}).sort(), [
    "total.many#0",
    "total.many#2",
    "total.single",
  ]);
});

Deno.test("the points of a wire follow it within its list and pass to the wire that takes its place", () => {
  const moved = after(document(), {
    op: "set-inputs",
    changes: [
      { node: "sum", input: "many", value: [{ from: "other.words" }, { from: "text.words" }] },
      { node: "sum", input: "single", value: { from: "other.words" } },
    ],
  });

  assert.deepEqual(moved.view.routes, {
    "sum.single": [[100, 10]],
    "sum.many#0": [[100, 30]],
    "sum.many#1": [[100, 20]],
  });
});

Deno.test("ops that do not suit the document are refused with words and change nothing", () => {
  const before = frozen(document());
  /** @type {[Op, string][]} */
  const wrong = [
    [{ op: "remove-nodes", nodes: ["sum", "ghost"] }, "op.nodeUnknown"],
    [{ op: "set-inputs", changes: [{ node: "constructor", input: "x", value: 1 }] }, "op.nodeUnknown"],
    [{ op: "set-node", node: "ghost", fields: { mode: "off" } }, "op.nodeUnknown"],
    [{ op: "set-looks", looks: { ghost: { title: "?" } } }, "op.nodeUnknown"],
    [{ op: "rename-node", node: "sum", name: "text" }, "op.nameTaken"],
    [{ op: "rename-node", node: "sum", name: "a.b" }, "op.nameInvalid"],
    [{ op: "add-nodes", nodes: { "": { type: "t", version: 1, inputs: {} } }, looks: {} }, "op.nameInvalid"],
    [{ op: "set-routes", routes: { "sum.x": [[1, 1]] } }, "op.wireUnknown"],
  ];

  for (const [op, id] of wrong) {
    /** @param {unknown} error */
    const isIt = (error) => error instanceof OpError && error.words.id === id;
    assert.throws(() => apply(before, op), isIt, JSON.stringify(op));
    const chain = /** @type {Op} */ ({ op: "together", ops: [{ op: "set-words", title: "New" }, op] });
    assert.throws(() => apply(before, chain), isIt);
  }
});

Deno.test("names that objects have by themselves are names like any other", () => {
  const nodes = JSON.parse(
    '{"__proto__": {"type": "t", "version": 1, "inputs": {"constructor": {"from": "toString.x"}}}}',
  );
  const added = after(document(), {
    op: "add-nodes",
    nodes,
    looks: JSON.parse('{"__proto__": {"at": [1, 2]}}'),
  });
  const set = after(added, {
    op: "set-inputs",
    changes: [{ node: "__proto__", input: "constructor" }, { node: "__proto__", input: "x", value: 1 }],
  });
  const next = after(set, { op: "set-looks", looks: JSON.parse('{"__proto__": {"title": "P"}}') });

  assert.deepEqual(Object.keys(next.nodes), ["text", "other", "sum", "__proto__"]);
  assert.deepEqual(Object.entries(next.nodes)[3][1].inputs, { x: 1 });
  assert.deepEqual(Object.entries(next.view.nodes)[3][1], { at: [1, 2], title: "P" });
});

Deno.test("what an op does not touch is shared", () => {
  const before = document();
  const moved = after(before, { op: "set-looks", looks: { sum: { at: [5, 5] } } });
  const edited = after(before, { op: "set-inputs", changes: [{ node: "sum", input: "x", value: 2 }] });

  assert.equal(moved.nodes, before.nodes);
  assert.equal(moved.view.nodes.text, before.view.nodes.text);
  assert.equal(edited.view, before.view);
  assert.equal(edited.nodes.text, before.nodes.text);
  assert.equal(edited.inputs, before.inputs);
});
