import assert from "node:assert/strict";
import {
  exposable,
  exposeInput,
  exposeOutput,
  hide,
  movePort,
  portAt,
  removePort,
  titlePort,
} from "../../../../frontend/model/edits/signature.js";
import { apply } from "../../../../frontend/model/document.js";
import { catalog, documentOf, done, input, link, output, reason } from "../toy_documents.js";

const document = documentOf({
  positive: ["prompt.encode", { text: "a cat" }],
  negative: ["prompt.encode"],
  open: ["image.open"],
  blur: ["image.blur"],
}, {
  inputs: { text: { to: ["positive.text"], title: "Prompt" } },
  outputs: { image: { from: "open.image" } },
});

Deno.test("a port is called like its socket, and after its node too where that is taken", () => {
  const one = done(document, exposeInput(document, catalog, input("negative.text")));
  const two = done(one, exposeOutput(one, catalog, output("blur.image")));

  assert.deepEqual(one.inputs.negative_text, { to: ["negative.text"] });
  assert.deepEqual(two.outputs, { image: { from: "open.image" }, blur_image: { from: "blur.image" } });
  assert.equal(portAt(two, output("blur.image")), "blur_image");
  assert.equal(portAt(two, input("blur.image")), null);
});

Deno.test("one input of the workflow may feed several sockets of one type", () => {
  const next = done(document, exposeInput(document, catalog, input("negative.text"), { name: "text" }));

  assert.deepEqual(next.inputs.text, { to: ["positive.text", "negative.text"], title: "Prompt" });
  assert.equal(reason(exposeInput(document, catalog, input("blur.image"), { name: "text" })), "fit.no");
  assert.equal(reason(exposeInput(document, catalog, input("positive.text"))), "edit.signature.there");
  assert.equal(reason(exposeOutput(document, catalog, output("open.image"))), "edit.signature.there");
});

Deno.test("a socket is taken out, and a port that leads nowhere goes", () => {
  const two = done(document, exposeInput(document, catalog, input("negative.text"), { name: "text" }));

  assert.deepEqual(done(two, hide(two, input("positive.text"))).inputs.text, {
    to: ["negative.text"],
    title: "Prompt",
  });
  assert.deepEqual(done(document, hide(document, input("positive.text"))).inputs, {});
  assert.deepEqual(done(document, hide(document, output("open.image"))).outputs, {});
});

const form = documentOf({ open: ["image.open"], frost: ["image.frost", { picture: link("open.image") }] }, {
  inputs: { radius: { to: ["frost.radius"] }, size: { to: ["frost.size"], title: "Size" } },
  outputs: { mask: { from: "open.mask" } },
});

/** @param {import("../../../../frontend/interfaces.d.ts").Op} op */
const formAfter = (op) => apply(form, op).document;

Deno.test("inputs change places, and the ends stay where they are", () => {
  assert.deepEqual(Object.keys(formAfter(movePort(form, "inputs", "size", -1)).inputs), ["size", "radius"]);
  assert.deepEqual(Object.keys(formAfter(movePort(form, "inputs", "radius", -1)).inputs), ["radius", "size"]);
});

Deno.test("taking an input away leaves the results alone", () => {
  const next = formAfter(removePort(form, "inputs", "radius"));

  assert.deepEqual([Object.keys(next.inputs), next.outputs], [["size"], form.outputs]);
});

Deno.test("a title is changed and the socket kept, and a port may have one from the beginning", () => {
  const more = done(form, exposeOutput(form, catalog, output("frost.frosted"), { title: "Frosted" }));

  assert.deepEqual(formAfter(titlePort(form, "inputs", "size", "Width")).inputs.size, {
    to: ["frost.size"],
    title: "Width",
  });
  assert.deepEqual(more.outputs.frosted, { from: "frost.frosted", title: "Frosted" });
});

Deno.test("only sockets that take values and are not exposed yet can be exposed", () => {
  const fewer = formAfter(removePort(form, "inputs", "size"));

  assert.deepEqual(exposable(fewer, catalog, "inputs"), [input("frost.size")]);
  assert.deepEqual(exposable(form, catalog, "outputs"), [output("open.image"), output("frost.frosted")]);
});

Deno.test("the sockets of a workflow that the document carries can be exposed", () => {
  const inner = {
    weft: 1,
    nodes: { frost: { type: "image.frost" } },
    inputs: { radius: { to: ["frost.radius"] } },
  };
  const carrying = documentOf({ iced: ["workflow:iced"] }, { workflows: { iced: inner } });

  assert.deepEqual(exposable(carrying, catalog, "inputs"), [input("iced.radius")]);
});
