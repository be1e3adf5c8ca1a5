import assert from "node:assert/strict";
import { portsOf } from "../../../../frontend/model/edits/ports.js";
import { catalog, documentOf, link } from "../toy_documents.js";

const document = documentOf({
  open: ["image.open"],
  first: ["image.blur", { image: link("open.image"), radius: 2 }],
  second: ["image.blur", { image: link("open.image") }],
  blend: ["image.blend", {
    below: link("first.image"),
    above: link("second.image"),
    mask: link("open.mask"),
  }],
  size: ["image.size", { image: link("first.image") }],
});

/** @param {typeof document} whole @param {string[]} ids */
const ports = (whole, ...ids) => portsOf(whole, catalog, new Set(ids));

Deno.test("what several inside are given from one place is one input", () => {
  const { inputs, given } = ports(document, "first", "second");

  assert.deepEqual(inputs, { image: { to: ["first.image", "second.image"] } });
  assert.deepEqual(given, { image: link("open.image") });
});

Deno.test("ports of equal sockets are called after their nodes too", () => {
  const { outputs, outputAt } = ports(document, "first", "second");

  assert.deepEqual(outputs, { image: { from: "first.image" }, second_image: { from: "second.image" } });
  assert.equal(outputAt.get("second.image"), "second_image");
});

Deno.test("a list keeps its links together in one input", () => {
  const whole = documentOf({
    open: ["image.open"],
    more: ["image.open"],
    batch: ["image.batch", { images: [link("open.image"), link("more.image")] }],
  });

  assert.deepEqual(ports(whole, "batch").given, { images: [link("open.image"), link("more.image")] });
});

Deno.test("inputs and outputs of the whole workflow keep their names, and a link into one of their sockets is apart", () => {
  const whole = documentOf({
    open: ["image.open"],
    a: ["image.blur", { image: link("open.image") }],
    b: ["image.blur", { image: link("a.image") }],
    c: ["image.blur"],
  }, {
    inputs: { picture: { to: ["a.image", "c.image"], title: "Picture" } },
    outputs: { soft: { from: "a.image" } },
  });
  const { inputs, outputs, given } = ports(whole, "a", "c");

  assert.deepEqual(inputs, { picture: { to: ["c.image"], title: "Picture" }, image: { to: ["a.image"] } });
  assert.deepEqual(outputs, { soft: { from: "a.image" }, image: { from: "c.image" } });
  assert.deepEqual(given, { image: link("open.image") });
});

Deno.test("inputs that wait for something and what is made at the ends stay in reach", () => {
  const whole = documentOf({
    decode: ["latent.decode"],
    size: ["image.size", { image: link("decode.image") }],
    blend: ["image.blend", { above: link("decode.image") }],
  });
  const { inputs, outputs, given } = ports(whole, "decode", "size", "blend");

  assert.deepEqual(Object.values(inputs).flatMap(({ to }) => to), [
    "decode.latent",
    "decode.vae",
    "blend.below",
  ]);
  assert.deepEqual(Object.values(outputs).map(({ from }) => from), [
    "size.width",
    "size.height",
    "blend.image",
  ]);
  assert.deepEqual(given, {});
});
