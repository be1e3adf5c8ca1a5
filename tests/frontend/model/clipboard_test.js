import assert from "node:assert/strict";
import { copy, paste, readText } from "../../../frontend/model/clipboard.js";
import { emptyDocument, normalize, toJSON } from "../../../frontend/model/document.js";
import { catalog, documentOf, done, link, reason } from "./toy_documents.js";

const document = documentOf({
  open: ["image.open"],
  blur: ["image.blur", { image: link("open.image"), radius: 1 }],
  batch: ["image.batch", { images: [link("open.image"), link("blur.image")] }],
}, {
  title: "Whole",
  inputs: { radius: { to: ["blur.radius"] }, pictures: { to: ["batch.images"] } },
  outputs: { image: { from: "batch.image" }, raw: { from: "open.image" } },
  view: {
    nodes: { open: { at: [0, 0] }, blur: { at: [300, 20] }, batch: { at: [600, 10] } },
    notes: [{ id: "note", at: [300, 0], size: [200, 100], text: "Note" }],
    routes: { "batch.images#1": [[500, 50]] },
  },
});

/** @param {object} outcome @returns {string[]} */
const nodesOf = (outcome) => "made" in outcome ? /** @type {any} */ (outcome.made).nodes : [];

Deno.test("copied text is a workflow document without links to what is missing", () => {
  const json = JSON.parse(copy(document, ["blur", "batch"]));

  assert.deepEqual(json.nodes, {
    blur: { type: "image.blur", version: 1, inputs: { radius: 1 } },
    batch: { type: "image.batch", version: 1, inputs: { images: [link("blur.image")] } },
  });
  assert.deepEqual(json.inputs, document.inputs);
  assert.deepEqual(json.outputs, { image: { from: "batch.image" } });
});

Deno.test("pasted nodes have fresh names, the same distances and the links among themselves", () => {
  const outcome = paste(document, catalog, copy(document, ["blur", "batch"], { notes: ["note"] }), [
    1000,
    1000,
  ]);
  const next = done(document, outcome);

  assert.deepEqual(nodesOf(outcome), ["blur_2", "batch_2"]);
  assert.deepEqual(next.nodes.blur_2.inputs, { radius: 1 });
  assert.deepEqual(next.nodes.batch_2.inputs, { images: [link("blur_2.image")] });
  assert.deepEqual([next.view.nodes.blur_2.at, next.view.nodes.batch_2.at], [[1000, 1020], [1300, 1010]]);
  assert.deepEqual(next.view.notes.map(({ id, at }) => [id, at]), [["note", [300, 0]], ["note_2", [
    1000,
    1000,
  ]]]);
  assert.deepEqual([next.inputs, next.outputs], [document.inputs, document.outputs]);
});

Deno.test("pasted with links, what was fed from outside is fed from there again", () => {
  const text = copy(document, ["blur", "batch"]);
  const next = done(document, paste(document, catalog, text, [0, 0], { withLinks: true }));

  assert.deepEqual(next.nodes.blur_2.inputs, { radius: 1, image: link("open.image") });
  assert.deepEqual(next.nodes.batch_2.inputs.images, [link("open.image"), link("blur_2.image")]);
});

Deno.test("links from outside are left out where there is no such node or it gives something else", () => {
  const text = copy(document, ["blur", "batch"]);
  const other = documentOf({ open: ["prompt.encode"] });
  const next = done(other, paste(other, catalog, text, [0, 0], { withLinks: true }));

  assert.deepEqual(next.nodes.blur.inputs, { radius: 1 });
  assert.deepEqual(next.nodes.batch.inputs.images, [link("blur.image")]);
});

Deno.test("a whole workflow pasted into an empty document is that workflow", () => {
  const whole = JSON.stringify(toJSON(document));
  const next = done(emptyDocument(), paste(emptyDocument(), catalog, whole, [0, 0]));

  assert.deepEqual(toJSON(next), toJSON(document));
});

Deno.test("workflows that nodes use come along", () => {
  const inner = documentOf({ open: ["image.open"] });
  const other = documentOf({ blur: ["image.blur"] });
  const source = documentOf({ a: ["workflow:part"], b: ["image.open"] }, {
    workflows: { part: inner, unused: inner },
  });
  const target = documentOf({ a: ["workflow:part"] }, { workflows: { part: other } });

  const text = copy(source, ["a"]);
  const next = done(target, paste(target, catalog, text, [0, 0]));

  assert.deepEqual(Object.keys(JSON.parse(text).workflows), ["part"]);
  assert.equal(next.nodes.a_2.type, "workflow:part_2");
  assert.deepEqual(Object.keys(next.workflows?.part_2.nodes ?? {}), ["open"]);
});

Deno.test("text that is no workflow, or an empty one, is refused with the reason", () => {
  /** @param {string} text */
  const why = (text) => reason(paste(document, catalog, text, [0, 0]));

  assert.equal(why("a red circle"), "document.none");
  assert.equal(why("[1, 2]"), "document.none");
  assert.equal(why('{"weft": 99}'), "document.newer");
  assert.equal(why(copy(document, [])), "edit.paste.nothing");
  assert.deepEqual(readText(JSON.stringify(toJSON(document))), normalize(toJSON(document)));
});
