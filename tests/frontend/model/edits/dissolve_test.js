import assert from "node:assert/strict";
import { dissolve, pullOut } from "../../../../frontend/model/edits/dissolve.js";
import { catalog, documentOf, done, link } from "../toy_documents.js";

const document = documentOf({
  open: ["image.open"],
  first: ["image.blur", { image: link("open.image") }],
  second: ["image.blur", { image: link("first.image"), radius: 4 }],
  size: ["image.size", { image: link("second.image") }],
  batch: ["image.batch", { images: [link("first.image"), link("second.image")] }],
}, { inputs: { radius: { to: ["second.radius"] } }, outputs: { picture: { from: "second.image" } } });

Deno.test("when a node is dissolved, what it fed is fed by what fed it", () => {
  const next = done(document, dissolve(document, catalog, ["second"]));

  assert.deepEqual(Object.keys(next.nodes), ["open", "first", "size", "batch"]);
  assert.deepEqual(next.nodes.size.inputs, { image: link("first.image") });
  assert.deepEqual(next.nodes.batch.inputs.images, [link("first.image"), link("first.image")]);
  assert.deepEqual(next.outputs, { picture: { from: "first.image" } });
  assert.deepEqual(next.inputs, {});
});

Deno.test("wires heal through all nodes that go", () => {
  const next = done(document, dissolve(document, catalog, ["second", "first"]));

  assert.deepEqual(next.nodes.size.inputs, { image: link("open.image") });
  assert.deepEqual(next.nodes.batch.inputs.images, [link("open.image"), link("open.image")]);
});

Deno.test("wires heal by type: a sampler hands on its latent, and what nothing fits is cut", () => {
  const toys = documentOf({
    encode: ["prompt.encode"],
    latent: ["latent.encode"],
    sample: ["latent.sample", { positive: link("encode.conditioning"), latent: link("latent.latent") }],
    decode: ["latent.decode", { latent: link("sample.latent") }],
    size: ["image.size", { image: link("decode.image") }],
  });
  const next = done(toys, dissolve(toys, catalog, ["sample"]));
  const cut = done(toys, dissolve(toys, catalog, ["decode"]));

  assert.deepEqual(next.nodes.decode.inputs, { latent: link("latent.latent") });
  assert.deepEqual(cut.nodes.size.inputs, {});
});

Deno.test("nodes that are pulled out stay, with the links among themselves", () => {
  const next = done(document, pullOut(document, catalog, ["first", "second"]));
  const one = done(document, pullOut(document, catalog, ["second"]));

  assert.deepEqual(next.nodes.first.inputs, {});
  assert.deepEqual(next.nodes.second.inputs, { image: link("first.image"), radius: 4 });
  assert.deepEqual(next.nodes.size.inputs, { image: link("open.image") });
  assert.deepEqual(one.nodes.second.inputs, { radius: 4 });
  assert.deepEqual(one.nodes.batch.inputs.images, [link("first.image"), link("first.image")]);
  assert.deepEqual(one.inputs, document.inputs);
});

Deno.test("around a node that is not installed wires heal where the types of both ends fit", () => {
  const toys = documentOf({
    open: ["image.open"],
    ghost: ["other.pack", { a: link("open.image") }],
    size: ["image.size", { image: link("ghost.out") }],
    encode: ["prompt.encode", { text: link("ghost.text") }],
  });
  const next = done(toys, dissolve(toys, catalog, ["ghost"]));

  assert.deepEqual(next.nodes.size.inputs, { image: link("open.image") });
  assert.deepEqual(next.nodes.encode.inputs, {});
});
