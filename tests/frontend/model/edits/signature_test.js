import assert from "node:assert/strict";
import { exposeInput, exposeOutput, hide, portAt } from "../../../../frontend/model/edits/signature.js";
import { catalog, documentOf, done, input, output, reason } from "../toy_documents.js";

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
  const next = done(document, exposeInput(document, catalog, input("negative.text"), "text"));

  assert.deepEqual(next.inputs.text, { to: ["positive.text", "negative.text"], title: "Prompt" });
  assert.equal(reason(exposeInput(document, catalog, input("blur.image"), "text")), "fit.no");
  assert.equal(reason(exposeInput(document, catalog, input("positive.text"))), "edit.signature.there");
  assert.equal(reason(exposeOutput(document, catalog, output("open.image"))), "edit.signature.there");
});

Deno.test("a socket is taken out, and a port that leads nowhere goes", () => {
  const two = done(document, exposeInput(document, catalog, input("negative.text"), "text"));

  assert.deepEqual(done(two, hide(two, input("positive.text"))).inputs.text, {
    to: ["negative.text"],
    title: "Prompt",
  });
  assert.deepEqual(done(document, hide(document, input("positive.text"))).inputs, {});
  assert.deepEqual(done(document, hide(document, output("open.image"))).outputs, {});
});
