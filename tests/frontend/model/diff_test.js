import assert from "node:assert/strict";
import english from "../../../frontend/locales/en.json" with { type: "json" };
import { diff, diffInputs } from "../../../frontend/model/diff.js";
import { apply } from "../../../frontend/model/document.js";
import { createChance, randomDocument, randomOp } from "./random_documents.js";
import { documentOf, link } from "./toy_documents.js";

/** @import { Op } from "../../../frontend/interfaces.d.ts" */

const before = documentOf({
  open: ["image.open"],
  blur: ["image.blur", { image: link("open.image"), radius: 1, kept: "same" }],
  old: ["image.size"],
}, { title: "Before", inputs: { radius: { to: ["blur.radius"] } } });

/** @type {Op} */
const edits = {
  op: "together",
  ops: [
    { op: "set-words", title: "After" },
    { op: "remove-nodes", nodes: ["old"] },
    { op: "add-nodes", nodes: { fresh: { type: "image.open", version: 1, inputs: {} } }, looks: {} },
    {
      op: "set-inputs",
      changes: [
        { node: "blur", input: "radius", value: 2 },
        { node: "blur", input: "image", value: link("fresh.image") },
        { node: "blur", input: "extra", value: true },
      ],
    },
    { op: "set-node", node: "open", fields: { mode: "off" } },
    { op: "set-looks", looks: { open: { at: [9, 9] }, blur: { title: "B" } } },
    { op: "set-signature", inputs: {}, outputs: { image: { from: "blur.image" } } },
  ],
};
const after = apply(before, edits).document;

Deno.test("every difference is said once", () => {
  assert.deepEqual(diff(before, after).map(({ kind, words }) => [kind, words.id]), [
    ["words", "diff.title"],
    ["mode", "diff.mode.off"],
    ["link", "diff.changed"],
    ["value", "diff.changed"],
    ["value", "diff.set"],
    ["node", "diff.nodeRemoved"],
    ["node", "diff.nodeAdded"],
    ["input", "diff.inputRemoved"],
    ["output", "diff.outputAdded"],
    ["look", "diff.looks"],
  ]);
});

Deno.test("a difference names what it is about, with both values", () => {
  const change = diff(before, after).find(({ input }) => input === "radius");

  assert.deepEqual(change, {
    kind: "value",
    words: { id: "diff.changed", with: { node: "blur", input: "radius", before: "1", after: "2" } },
    node: "blur",
    input: "radius",
    before: 1,
    after: 2,
  });
});

Deno.test("inputs that differ in nodes that both have are listed with their values", () => {
  assert.deepEqual(diffInputs(before, after), [
    { node: "blur", input: "image", before: link("open.image"), after: link("fresh.image") },
    { node: "blur", input: "radius", before: 1, after: 2 },
    { node: "blur", input: "extra", before: undefined, after: true },
  ]);
});

Deno.test("a document does not differ from itself, and what differs has words", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const chance = createChance(seed);
    const one = randomDocument(chance);
    const other = apply(one, randomOp(chance, one)).document;

    assert.deepEqual(diff(one, JSON.parse(JSON.stringify(one))), []);
    const changes = diff(one, other);
    assert.equal(changes.length > 0, other !== one, `seed ${seed}`);
    for (const { words: { id } } of changes) assert.ok(id in english || `${id}.other` in english, id);
  }
});
