import assert from "node:assert/strict";
import { cornerOf, cutOff, duplicate, groupOf } from "../../../../frontend/model/edits/copies.js";
import { documentOf, done, link } from "../toy_documents.js";

const document = documentOf({
  open: ["image.open"],
  blur: ["image.blur", { image: link("open.image"), radius: 1 }],
  batch: ["image.batch", { images: [link("open.image"), link("blur.image"), link("blur.image")] }],
}, {
  view: {
    nodes: { open: { at: [0, 0] }, blur: { at: [300, 20], title: "Soft" }, batch: { at: [600, 10] } },
    frames: [{ id: "frame", at: [280, 0], size: [700, 300], title: "Frame" }],
    notes: [{ id: "note", at: [0, 400], size: [200, 100], text: "Note" }],
    routes: { "batch.images#1": [[500, 50]], "blur.image": [[150, 50]] },
  },
});

Deno.test("copies keep their values, looks, distances and the links among themselves", () => {
  const outcome = duplicate(document, { nodes: ["batch", "blur"] }, { by: [10, 20] });
  const next = done(document, outcome);

  assert.deepEqual(outcome.made, { nodes: ["blur_2", "batch_2"], frames: [], notes: [] });
  assert.deepEqual(next.nodes.blur_2, document.nodes.blur);
  assert.deepEqual(next.nodes.batch_2.inputs.images, [
    link("open.image"),
    link("blur_2.image"),
    link("blur_2.image"),
  ]);
  assert.deepEqual(next.view.nodes.blur_2, { at: [310, 40], title: "Soft" });
  assert.deepEqual(next.view.routes, { ...document.view.routes, "batch_2.images#1": [[510, 70]] });
});

Deno.test("links from outside are left out where that is wanted", () => {
  const next = done(document, duplicate(document, { nodes: ["batch", "blur"] }, { withLinks: false }));

  assert.deepEqual(next.nodes.blur_2.inputs, { radius: 1 });
  assert.deepEqual(next.nodes.batch_2.inputs.images, [link("blur_2.image"), link("blur_2.image")]);
});

Deno.test("frames and notes are copied under ids of their own", () => {
  const outcome = duplicate(document, { frames: ["frame"], notes: ["note"] });
  const next = done(document, outcome);

  assert.deepEqual(outcome.made, { nodes: [], frames: ["frame_2"], notes: ["note_2"] });
  assert.deepEqual(next.view.frames[1], { id: "frame_2", at: [320, 40], size: [700, 300], title: "Frame" });
  assert.deepEqual(next.view.notes[1].at, [40, 440]);
});

Deno.test("what was cut off says what the inputs were given", () => {
  const { group, outside } = cutOff(groupOf(document, { nodes: ["batch", "blur"] }));

  assert.deepEqual(group.nodes.batch.inputs.images, [link("blur.image"), link("blur.image")]);
  assert.deepEqual(outside, {
    blur: { image: link("open.image") },
    batch: { images: document.nodes.batch.inputs.images },
  });
});

Deno.test("the corner of a group is that of all that is in it", () => {
  assert.deepEqual(cornerOf(groupOf(document, { nodes: ["batch"], notes: ["note"] })), [0, 10]);
  assert.deepEqual(cornerOf(groupOf(document, {})), [0, 0]);
});
