import assert from "node:assert/strict";
import { replaceNode } from "../../../../frontend/model/edits/replace.js";
import { catalog, documentOf, done, link, reason } from "../toy_documents.js";

const document = documentOf({
  open: ["image.open"],
  blur: ["image.blur", { image: link("open.image"), radius: "soft" }],
  size: ["image.size", { image: link("blur.image") }],
  batch: ["image.batch", { images: [link("open.image"), link("blur.image")] }],
}, {
  inputs: { picture: { to: ["blur.image"] }, radius: { to: ["blur.radius"], title: "Radius" } },
  outputs: { result: { from: "blur.image" } },
});

/** @type {(outcome: object) => string[]} */
const lost = (outcome) => "lost" in outcome ? /** @type {string[]} */ (outcome.lost) : [];

Deno.test("links find sockets of other names by their types, values stay at equal names, and so does the signature", () => {
  const outcome = replaceNode(document, catalog, "blur", "image.frost");
  const next = done(document, outcome);

  assert.deepEqual(next.nodes.blur, {
    type: "image.frost",
    version: 1,
    inputs: { picture: link("open.image"), radius: "soft" },
  });
  assert.deepEqual(next.nodes.size.inputs, { image: link("blur.frosted") });
  assert.deepEqual(next.nodes.batch.inputs.images, [link("open.image"), link("blur.frosted")]);
  assert.deepEqual(next.inputs, {
    picture: { to: ["blur.picture"] },
    radius: { to: ["blur.radius"], title: "Radius" },
  });
  assert.deepEqual(next.outputs, { result: { from: "blur.frosted" } });
  assert.deepEqual(lost(outcome), []);
});

Deno.test("what finds no place is taken out and named", () => {
  const outcome = replaceNode(document, catalog, "blur", "image.size");
  const next = done(document, outcome);

  assert.deepEqual(next.nodes.blur.inputs, { image: link("open.image") });
  assert.deepEqual(next.nodes.size.inputs, {});
  assert.deepEqual(next.nodes.batch.inputs.images, [link("open.image")]);
  assert.deepEqual([next.inputs, next.outputs], [{ picture: { to: ["blur.image"] } }, {}]);
  assert.deepEqual(lost(outcome), ["radius", "image"]);
});

Deno.test("equal names come before equal types", () => {
  const toys = documentOf({
    open: ["image.open"],
    more: ["image.open"],
    blend: ["image.blend", { above: link("open.image"), below: link("more.image") }],
  });
  const next = done(toys, replaceNode(toys, catalog, "blend", "image.blend"));
  const blur = done(toys, replaceNode(toys, catalog, "blend", "image.blur"));

  assert.deepEqual(next, toys);
  assert.deepEqual(blur.nodes.blend.inputs, { image: link("open.image") });
});

Deno.test("a node can take the place of one that is not installed", () => {
  const toys = documentOf({
    open: ["image.open"],
    ghost: ["other.blur", { image: link("open.image"), radius: "soft", odd: 1 }],
    size: ["image.size", { image: link("ghost.image") }],
  });
  const outcome = replaceNode(toys, catalog, "ghost", "image.blur");

  assert.deepEqual(done(toys, outcome).nodes.ghost.inputs, { image: link("open.image"), radius: "soft" });
  assert.deepEqual(lost(outcome), ["odd"]);
  assert.equal(reason(replaceNode(toys, catalog, "ghost", "still.unknown")), "edit.replace.unknown");
});
