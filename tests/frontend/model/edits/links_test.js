import assert from "node:assert/strict";
import { connect, disconnect, moveLinks, refusalOf } from "../../../../frontend/model/edits/links.js";
import { catalog, documentOf, done, input, keysAt, link, output, reason } from "../toy_documents.js";

const document = documentOf({
  open: ["image.open"],
  other: ["image.open"],
  blur: ["image.blur", { image: link("open.image"), radius: 2 }],
  batch: ["image.batch", { images: [link("open.image"), link("blur.image")] }],
  empty: ["image.batch"],
  size: ["image.size", { image: link("batch.image") }],
  encode: ["prompt.encode", { text: "hello" }],
});

Deno.test("a link takes the place of what a plain input was given, from whichever end it is made", () => {
  const next = done(document, connect(document, catalog, output("other.image"), input("blur.image")));
  const same = done(document, connect(document, catalog, input("blur.image"), output("other.image")));

  assert.deepEqual(next.nodes.blur.inputs.image, link("other.image"));
  assert.deepEqual(same, next);
});

Deno.test("on an input of lists the first link stands alone, and others join it", () => {
  const one = done(document, connect(document, catalog, output("open.image"), input("empty.images")));
  const two = done(one, connect(one, catalog, output("other.image"), input("empty.images")));
  const three = done(two, connect(two, catalog, output("blur.image"), input("empty.images")));

  assert.deepEqual(one.nodes.empty.inputs.images, link("open.image"));
  assert.deepEqual(two.nodes.empty.inputs.images, [link("open.image"), link("other.image")]);
  assert.deepEqual(three.nodes.empty.inputs.images, [
    link("open.image"),
    link("other.image"),
    link("blur.image"),
  ]);
});

Deno.test("a link that is there already is not made again", () => {
  for (const [from, to] of [["open.image", "blur.image"], ["open.image", "batch.images"]]) {
    assert.equal(done(document, connect(document, catalog, output(from), input(to))), document);
  }
});

Deno.test("a refused link says why", () => {
  /** @param {any} a @param {any} b */
  const why = (a, b) => reason(connect(document, catalog, a, b));

  assert.equal(why(output("open.image"), output("blur.image")), "edit.link.two_outputs");
  assert.equal(why(input("blur.image"), input("size.image")), "edit.link.two_inputs");
  assert.equal(why(output("blur.image"), input("blur.image")), "edit.link.self");
  assert.equal(why(output("batch.image"), input("blur.image")), "edit.link.circle");
  assert.equal(why(output("open.none"), input("blur.image")), "edit.link.noSocket");
  assert.equal(why(output("encode.conditioning"), input("blur.image")), "fit.no");
});

Deno.test("a link of types that do not fit comes with the nodes that convert", () => {
  const toys = documentOf({ open: ["image.open"], decode: ["latent.decode"] });
  const refused = refusalOf(toys, catalog, output("open.image"), input("decode.latent"));

  assert.deepEqual(refused?.conversions?.map(({ type }) => type), ["latent.encode"]);
});

Deno.test("nodes that are not installed may be linked", () => {
  const toys = documentOf({ open: ["image.open"], ghost: ["other.pack"] });
  const next = done(toys, connect(toys, catalog, output("open.image"), input("ghost.thing")));

  assert.deepEqual(next.nodes.ghost.inputs, { thing: link("open.image") });
});

Deno.test("what a node of any type gives is known from what it is given", () => {
  const toys = documentOf({
    open: ["image.open"],
    pass: ["flow.pass", { value: link("open.image") }],
    again: ["flow.pass", { value: link("pass.value") }],
    blur: ["image.blur"],
    decode: ["latent.decode"],
    bare: ["flow.pass"],
  });

  done(toys, connect(toys, catalog, output("again.value"), input("blur.image")));
  assert.equal(reason(connect(toys, catalog, output("again.value"), input("decode.latent"))), "fit.no");
  assert.equal(reason(connect(toys, catalog, output("bare.value"), input("blur.image"))), "fit.unknown");
});

Deno.test("cutting links clears inputs, takes items out of lists and leaves nothing empty", () => {
  const next = done(document, disconnect(document, ["blur.image", "batch.images#0", "none.none"]));
  const bare = done(document, disconnect(document, ["batch.images#0", "batch.images#1"]));

  assert.deepEqual(next.nodes.blur.inputs, { radius: 2 });
  assert.deepEqual(next.nodes.batch.inputs, { images: [link("blur.image")] });
  assert.deepEqual(bare.nodes.batch.inputs, {});
});

Deno.test("all links of an output move to another one, and those that do not fit stay", () => {
  const keys = keysAt(document, output("open.image"));
  const moved = moveLinks(document, catalog, keys, output("other.image"));
  const toMask = documentOf({
    open: ["image.open"],
    blur: ["image.blur", { image: link("open.image") }],
    pass: ["flow.pass", { value: link("open.image") }],
  });
  const some = moveLinks(toMask, catalog, keysAt(toMask, output("open.image")), output("open.mask"));

  assert.deepEqual(keys, ["blur.image", "batch.images#0"]);
  assert.deepEqual(done(document, moved).nodes.batch.inputs.images, [
    link("other.image"),
    link("blur.image"),
  ]);
  assert.deepEqual("stayed" in some && some.stayed, ["blur.image"]);
  assert.deepEqual(done(toMask, some).nodes.pass.inputs.value, link("open.mask"));
  assert.equal(reason(moveLinks(document, catalog, keys, output("encode.conditioning"))), "fit.no");
});

Deno.test("the links of an input move to another one in their order", () => {
  const moved = done(
    document,
    moveLinks(document, catalog, keysAt(document, input("batch.images")), input("empty.images")),
  );
  const one = done(document, moveLinks(document, catalog, ["size.image"], input("empty.images")));

  assert.deepEqual(moved.nodes.batch.inputs, {});
  assert.deepEqual(moved.nodes.empty.inputs.images, [link("open.image"), link("blur.image")]);
  assert.deepEqual([one.nodes.size.inputs, one.nodes.empty.inputs.images], [{}, link("batch.image")]);
  assert.equal(
    reason(moveLinks(document, catalog, keysAt(document, input("batch.images")), input("size.image"))),
    "edit.link.oneOnly",
  );
});

Deno.test("links dropped where they are stay as they are", () => {
  const keys = keysAt(document, input("batch.images"));

  assert.equal(done(document, moveLinks(document, catalog, keys, input("batch.images"))), document);
});
