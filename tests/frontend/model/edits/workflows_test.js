import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { makeWorkflow, unpack } from "../../../../frontend/model/edits/workflows.js";
import { normalize } from "../../../../frontend/model/document.js";
import { linksOf } from "../../../../frontend/model/links.js";
import { createChance, frozen } from "../random_documents.js";
import { catalog, documentOf, done, link, reason } from "../toy_documents.js";

/** @import { WorkflowDocument } from "../../../../frontend/interfaces.d.ts" */

const document = documentOf({
  open: ["image.open"],
  encode: ["prompt.encode", { text: "a cat" }],
  sample: ["latent.sample", {
    positive: link("encode.conditioning"),
    latent: link("latent.latent"),
    steps: 4,
  }],
  latent: ["latent.encode", { image: link("open.image"), vae: link("vae.vae") }],
  decode: ["latent.decode", { latent: link("sample.latent"), vae: link("vae.vae") }],
  batch: ["image.batch", { images: [link("decode.image"), link("open.image")] }],
  vae: ["vae.load"],
}, {
  inputs: {
    prompt: { to: ["encode.text"], title: "Prompt" },
    steps: { to: ["sample.steps"] },
    picture: { to: ["latent.image", "batch.images"] },
  },
  outputs: { result: { from: "decode.image", title: "Result" } },
});
const inside = ["encode", "sample", "latent", "decode"];

/** @param {ReturnType<typeof makeWorkflow>} outcome */
const made = (outcome) => {
  assert.ok("document" in outcome, JSON.stringify(outcome));
  return outcome;
};

Deno.test("a selection becomes one node with the same links", () => {
  const outcome = made(makeWorkflow(document, catalog, inside, "portrait"));
  const next = done(document, outcome);

  assert.deepEqual(Object.keys(next.nodes), ["open", "batch", "vae", "portrait"]);
  assert.deepEqual(next.nodes.portrait, {
    type: "workflow:portrait",
    version: 1,
    inputs: { picture: link("open.image"), vae: link("vae.vae") },
  });
  assert.deepEqual(next.nodes.batch.inputs.images, [link("portrait.result"), link("open.image")]);
  assert.deepEqual(next.view.nodes.portrait.at, [300, 0]);
});

Deno.test("the workflow's inputs and outputs are called like its sockets, or as they were called outside", () => {
  const { document: inner } = made(makeWorkflow(document, catalog, inside, "portrait"));

  assert.deepEqual(inner.inputs, {
    prompt: { to: ["encode.text"], title: "Prompt" },
    steps: { to: ["sample.steps"] },
    picture: { to: ["latent.image"] },
    vae: { to: ["latent.vae", "decode.vae"] },
  });
  assert.deepEqual(inner.outputs, { result: { from: "decode.image", title: "Result" } });
  assert.equal(inner.title, "portrait");
  assert.deepEqual(inner.nodes.encode, document.nodes.encode);
  assert.deepEqual(inner.nodes.latent.inputs, {});
  assert.deepEqual(inner.nodes.decode.inputs, { latent: link("sample.latent") });
});

Deno.test("what was an input or output of the whole workflow leads through the new node", () => {
  const next = done(document, makeWorkflow(document, catalog, inside, "portrait"));

  assert.deepEqual(next.inputs, {
    prompt: { to: ["portrait.prompt"], title: "Prompt" },
    steps: { to: ["portrait.steps"] },
    picture: { to: ["portrait.picture", "batch.images"] },
  });
  assert.deepEqual(next.outputs, { result: { from: "portrait.result", title: "Result" } });
});

Deno.test("a link into one of several sockets of an input does not reach the others", () => {
  const toys = documentOf({
    open: ["image.open"],
    a: ["image.blur", { image: link("open.image") }],
    b: ["image.blur"],
  }, { inputs: { image: { to: ["a.image", "b.image"] } } });
  const outcome = made(makeWorkflow(toys, catalog, ["a", "b"], "pair"));
  const next = done(toys, outcome);

  assert.deepEqual(outcome.document.inputs, { image: { to: ["b.image"] }, a_image: { to: ["a.image"] } });
  assert.deepEqual(next.nodes.pair.inputs, { a_image: link("open.image") });
  assert.deepEqual(next.inputs.image.to, ["pair.a_image", "pair.image"]);
});

Deno.test("a workflow may be carried along, under a name of its own", () => {
  const once = made(makeWorkflow(document, catalog, ["encode"], "part", { carry: true }));
  const next = done(document, once);
  const twice = made(makeWorkflow(next, catalog, ["decode"], "part", { carry: true }));
  const last = done(next, twice);

  assert.deepEqual([once.name, twice.name], ["part", "part_2"]);
  assert.deepEqual(Object.keys(last.workflows ?? {}), ["part", "part_2"]);
  assert.equal(last.nodes.part_2.type, "workflow:part_2");
});

Deno.test("a workflow that is saved takes those along that it uses", () => {
  const carrying = done(document, makeWorkflow(document, catalog, ["encode"], "part", { carry: true }));
  const outcome = made(makeWorkflow(carrying, catalog, ["part", "sample"], "whole"));
  const nested = made(makeWorkflow(carrying, catalog, ["part", "sample"], "whole", { carry: true }));

  assert.deepEqual(Object.keys(outcome.document.workflows ?? {}), ["part"]);
  assert.equal(nested.document.workflows, undefined);
});

Deno.test("a selection that cannot stand as one node is refused with the reason", () => {
  const toys = documentOf({
    a: ["image.open"],
    between: ["image.blur", { image: link("a.image") }],
    b: ["image.blend", { above: link("a.image"), below: link("between.image") }],
    batch: ["image.batch", { images: [link("a.image"), link("b.image")] }],
  });

  assert.equal(reason(makeWorkflow(toys, catalog, [], "none")), "edit.workflow.nothing");
  assert.equal(reason(makeWorkflow(toys, catalog, ["a", "b"], "gap")), "edit.workflow.between");
  assert.equal(reason(makeWorkflow(toys, catalog, ["b", "batch"], "mixed")), "edit.workflow.mixed");
  assert.equal(reason(unpack(toys, catalog, "a", toys)), "edit.workflow.noWorkflow");
});

Deno.test("unpacking puts what is inside in the place of the node", () => {
  const { document: inner, op } = made(makeWorkflow(document, catalog, inside, "portrait"));
  const packed = done(document, { op });
  const moved = done(packed, {
    op: {
      op: "together",
      ops: [
        { op: "set-looks", looks: { portrait: { at: [1000, 500] } } },
        { op: "set-inputs", changes: [{ node: "portrait", input: "prompt", value: "a dog" }] },
        { op: "set-node", node: "portrait", fields: { mode: "off" } },
      ],
    },
  });

  const next = done(moved, unpack(moved, catalog, "portrait", inner));

  assert.equal(next.nodes.encode.inputs.text, "a dog");
  assert.deepEqual(next.view.nodes.encode.at, [1000, 500]);
  assert.deepEqual(next.view.nodes.decode.at, [1900, 500]);
  assert.deepEqual(inside.map((id) => next.nodes[id].mode), ["off", "off", "off", "off"]);
  assert.equal(next.nodes.portrait, undefined);
});

Deno.test("links to outputs that a workflow no longer has are cut when it is unpacked", () => {
  const inner = documentOf({ open: ["image.open"] }, { outputs: { image: { from: "open.image" } } });
  const toys = documentOf({
    part: ["workflow:part", { gone: 1 }],
    blur: ["image.blur", { image: link("part.none") }],
    batch: ["image.batch", { images: [link("part.image"), link("part.none")] }],
  }, {
    outputs: { one: { from: "part.image" }, two: { from: "part.none" } },
    inputs: { old: { to: ["part.gone"] } },
  });

  const next = done(toys, unpack(toys, catalog, "part", inner));

  assert.deepEqual(next.nodes.blur.inputs, {});
  assert.deepEqual(next.nodes.batch.inputs.images, [link("open.image")]);
  assert.deepEqual([next.inputs, next.outputs], [{}, { one: { from: "open.image" } }]);
});

/** What a document says, whatever order and places its nodes have. @param {WorkflowDocument} document */
const meaning = ({ nodes, inputs, outputs }) => ({
  nodes,
  inputs: Object.fromEntries(
    Object.entries(inputs).map(([name, port]) => [name, { ...port, to: port.to.toSorted() }]),
  ),
  outputs,
});

Deno.test("whatever part of a shipped workflow becomes a node, unpacking it gives the workflow again", () => {
  const folder = new URL("../../../../workflows/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  let count = 0;
  for (const [index, file] of files.entries()) {
    const whole = frozen(normalize(JSON.parse(readFileSync(new URL(file, folder), "utf8"))));
    for (let seed = 1; seed <= 40; seed++) {
      const chosen = createChance(seed * 100 + index).some(Object.keys(whole.nodes));
      const outcome = makeWorkflow(whole, catalog, chosen, "part");
      if ("refusal" in outcome) continue;
      count++;
      const packed = done(whole, outcome);

      const next = done(packed, unpack(packed, catalog, outcome.node, outcome.document));

      assert.deepEqual(meaning(next), meaning(whole), `${file}: ${chosen}`);
      assert.equal(linksOf(packed).every(({ source }) => Object.hasOwn(packed.nodes, source.node)), true);
    }
  }
  assert.ok(count > 50, String(count));
});
