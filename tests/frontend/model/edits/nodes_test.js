import assert from "node:assert/strict";
import { addNode, insertOnWire, toggleMode } from "../../../../frontend/model/edits/nodes.js";
import { catalog, documentOf, done, input, link, output, reason } from "../toy_documents.js";

const document = documentOf({
  open: ["image.open"],
  size: ["image.size", { image: link("open.image") }],
  batch: ["image.batch", { images: [link("open.image"), link("blur.image")] }],
  blur: ["image.blur"],
});

Deno.test("a node is added under a fresh name, at its place, in the version that is installed", () => {
  const added = addNode(document, catalog, "image.blur", [10, 20], { inputs: { radius: 3 } });
  const next = done(document, added);

  assert.equal("node" in added && added.node, "blur_2");
  assert.deepEqual(next.nodes.blur_2, { type: "image.blur", version: 1, inputs: { radius: 3 } });
  assert.deepEqual(next.view.nodes.blur_2, { at: [10, 20] });
});

Deno.test("a node that is added from a socket is linked with its best partner or the one that is named", () => {
  const after = done(
    document,
    addNode(document, catalog, "image.blend", [0, 0], { from: output("open.image") }),
  );
  const before = done(
    document,
    addNode(document, catalog, "image.open", [0, 0], { from: input("blur.image") }),
  );
  const named = done(
    document,
    addNode(document, catalog, "image.blend", [0, 0], { from: output("open.image"), socket: "above" }),
  );

  assert.deepEqual(after.nodes.blend.inputs, { below: link("open.image") });
  assert.deepEqual(before.nodes.blur.inputs, { image: link("open_2.image") });
  assert.deepEqual(named.nodes.blend.inputs, { above: link("open.image") });
  assert.equal(
    reason(addNode(document, catalog, "prompt.encode", [0, 0], { from: output("open.image") })),
    "edit.link.noPartner",
  );
});

Deno.test("a node is put into a link, also within a list", () => {
  const next = done(document, addNode(document, catalog, "image.blur", [0, 0], { wire: "size.image" }));
  const listed = done(document, insertOnWire(document, catalog, "batch.images#0", "blur"));

  assert.deepEqual(next.nodes.blur_2.inputs, { image: link("open.image") });
  assert.deepEqual(next.nodes.size.inputs, { image: link("blur_2.image") });
  assert.deepEqual(listed.nodes.batch.inputs.images, [link("blur.image"), link("blur.image")]);
});

Deno.test("a node that passes anything on fits into any link", () => {
  const next = done(document, addNode(document, catalog, "flow.pass", [0, 0], { wire: "size.image" }));

  assert.deepEqual(next.nodes.pass.inputs, { value: link("open.image") });
  assert.deepEqual(next.nodes.size.inputs, { image: link("pass.value") });
});

Deno.test("a node is not put into a link that does not suit it", () => {
  const toys = documentOf({
    open: ["image.open"],
    blur: ["image.blur", { image: link("open.image") }],
    again: ["image.blur", { image: link("blur.image") }],
    last: ["image.size", { image: link("again.image") }],
    encode: ["prompt.encode"],
    used: ["image.blur", { image: link("open.image") }],
  });
  /** @param {string} key @param {string} node */
  const why = (key, node) => reason(insertOnWire(toys, catalog, key, node));

  assert.equal(why("last.image", "encode"), "edit.insert.noFit");
  assert.equal(why("last.image", "used"), "edit.insert.noFit");
  assert.equal(why("last.image", "again"), "edit.insert.noWire");
  assert.equal(why("none.none", "encode"), "edit.insert.noWire");
  assert.equal(why("blur.image", "again"), "edit.link.circle");
});

Deno.test("modes are set for many nodes, and toggled off where all have them", () => {
  const off = done(document, toggleMode(document, ["open", "blur", "ghost"], "off"));
  const more = done(off, toggleMode(off, ["open", "size"], "off"));
  const back = done(more, toggleMode(more, ["open", "size", "blur"], "off"));

  assert.deepEqual([off.nodes.open.mode, off.nodes.size.mode], ["off", undefined]);
  assert.deepEqual([more.nodes.open.mode, more.nodes.size.mode], ["off", "off"]);
  assert.deepEqual(back, document);
});
