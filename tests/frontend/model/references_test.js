import assert from "node:assert/strict";
import {
  referencesTo,
  renamedLinks,
  routesAfter,
  signatureMoved,
  signatureWithout,
  withoutLinks,
  withRoutes,
} from "../../../frontend/model/references.js";
import { documentOf, link } from "./toy_documents.js";

const gone = new Set(["a"]);

Deno.test("links are taken out of values and lists, and nothing else is touched", () => {
  const list = [link("b.o"), 1];

  assert.equal(withoutLinks(link("a.o"), gone), undefined);
  assert.equal(withoutLinks([link("a.o")], gone), undefined);
  assert.deepEqual(withoutLinks([link("a.o"), 1, link("b.o")], gone), [1, link("b.o")]);
  assert.equal(withoutLinks(list, gone), list);
  assert.equal(withoutLinks("a.o", { has: () => true }), "a.o");
});

Deno.test("links are renamed, and a value without them stays the same", () => {
  const list = [link("b.o"), "a"];
  const rename = (/** @type {string} */ id) => id === "a" ? "new" : id;

  assert.deepEqual(renamedLinks([link("a.o"), 1], rename), [link("new.o"), 1]);
  assert.deepEqual(renamedLinks(link("a.o"), rename), link("new.o"));
  assert.equal(renamedLinks(list, rename), list);
});

const signature = {
  inputs: { both: { to: ["a.x", "b.x"], title: "Both" }, one: { to: ["a.y"] } },
  outputs: { image: { from: "a.o" }, other: { from: "b.o" } },
};

Deno.test("nodes are taken out of a signature", () => {
  assert.deepEqual(signatureWithout(signature, gone), {
    inputs: { both: { to: ["b.x"], title: "Both" } },
    outputs: { other: { from: "b.o" } },
  });
  assert.equal(signatureWithout(signature, new Set(["c"])).inputs, signature.inputs);
});

Deno.test("sockets of a signature are exchanged", () => {
  const moved = signatureMoved(
    signature,
    (socket, side) => side === "output" ? socket.replace("a.", "z.") : socket,
  );

  assert.deepEqual(moved.outputs, { image: { from: "z.o" }, other: { from: "b.o" } });
  assert.equal(moved.inputs, signature.inputs);
  assert.equal(moved.outputs.other, signature.outputs.other);
});

/** @type {{ nodes: {}, frames: [], notes: [], routes: Record<string, [number, number][]> }} */
const view = { nodes: {}, frames: [], notes: [], routes: { "n.i#0": [[0, 0]], "n.i#1": [[1, 1]] } };

Deno.test("the points of wires follow their links, pass to those that take their place, or go", () => {
  const before = [link("a.o"), link("b.o")];
  /** @param {any} after */
  const changes = (after) => routesAfter(view, { node: "n", input: "i" }, before, after);

  assert.deepEqual(changes([link("a.o"), link("b.o"), link("c.o")]), {});
  assert.deepEqual(changes([link("b.o")]), { "n.i#0": [[1, 1]], "n.i#1": null });
  assert.deepEqual(changes([link("a.o"), link("c.o")]), {});
  assert.deepEqual(changes(link("b.o")), { "n.i": [[1, 1]], "n.i#0": null, "n.i#1": null });
  assert.deepEqual(changes("value"), { "n.i#0": null, "n.i#1": null });
});

Deno.test("a view without points of wires has no place for them", () => {
  assert.deepEqual(withRoutes(view, { "n.i#0": null, "n.i#1": null }), { nodes: {}, frames: [], notes: [] });
  assert.equal(withRoutes(view, {}), view);
});

Deno.test("what a document says of a node is put back by ops", () => {
  const document = documentOf({ a: ["t.t"], b: ["t.t", { x: link("a.o"), y: 1 }] }, {
    inputs: { one: { to: ["a.x"] } },
    view: { routes: { "b.x": [[5, 5]] } },
  });

  assert.deepEqual(referencesTo(document, ["a"]), [
    { op: "set-inputs", changes: [{ node: "b", input: "x", value: link("a.o") }] },
    { op: "set-routes", routes: { "b.x": [[5, 5]] } },
    { op: "set-signature", inputs: document.inputs, outputs: document.outputs },
  ]);
  assert.deepEqual(referencesTo(document, ["none"]), []);
});
