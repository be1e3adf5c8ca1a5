/** Node types are found by what people type. */

import assert from "node:assert/strict";
import { indexTypes, searchTypes } from "../../../frontend/model/search.js";
import { NODES, nodeType } from "./toy_types.js";

const INDEX = indexTypes(NODES);

/**
 * @param {string} query
 * @param {typeof INDEX} [index]
 */
const found = (query, index = INDEX) => searchTypes(index, query).map((hit) => hit.type.type);

Deno.test("a query without words finds everything, by name", () => {
  assert.deepEqual(found("  "), NODES.map((type) => type.type));
});

Deno.test("the words of a title are found in any order, and in part", () => {
  assert.equal(found("sample latent")[0], "latent.sample");
  assert.equal(found("lat sam")[0], "latent.sample");
  assert.equal(found("BLUR IM")[0], "image.blur");
});

Deno.test("initials and words with letters left out are found", () => {
  assert.equal(
    found("ld", indexTypes([nodeType("lens.dust", "", "", { title: "Lens dust" })]))[0],
    "lens.dust",
  );
  assert.equal(found("dl")[0], "latent.decode");
  assert.equal(found("smpl")[0], "latent.sample");
});

Deno.test("a slip of the keys is forgiven: a letter wrong, missing, too many or swapped", () => {
  for (const slip of ["sanple", "saple", "samplle", "smaple", "asmple"]) {
    assert.equal(found(slip)[0], "latent.sample", slip);
  }
  assert.ok(found("conditoning").includes("prompt.encode"));
});

Deno.test("what matches nowhere is not found, and neither is a query of which one word matches nowhere", () => {
  assert.deepEqual(found("zebra"), []);
  assert.deepEqual(found("blur zebra"), []);
});

Deno.test("letters that merely occur somewhere in their order do not count", () => {
  assert.deepEqual(
    found("image", indexTypes([nodeType("prompt.limit", "", "", { title: "Limit to range" })])),
    [],
  );
});

Deno.test("title goes before name, category, summary, socket types and the help of parameters", () => {
  const plain = { title: "Other" };
  const documented = nodeType("f.f", "a: int", "", plain);
  documented.inputs[0].doc = "How much fog there is.";
  const order = [
    nodeType("a.a", "", "", { title: "Fog" }),
    nodeType("b.fog", "", "", plain),
    nodeType("c.c", "", "", { ...plain, category: "fog" }),
    nodeType("d.d", "", "", { ...plain, summary: "Make fog." }),
    nodeType("e.e", "a: fog", "", plain),
    documented,
  ];

  assert.deepEqual(found("fog", indexTypes(order.toReversed())), order.map((type) => type.type));
});

Deno.test("a title that begins with the whole query comes first", () => {
  const types = ["Blur", "Blur image", "Image blur"].map((title, at) =>
    nodeType(`t.n${at}`, "", "", { title })
  );

  assert.deepEqual(found("blur image", indexTypes(types)), ["t.n1", "t.n2"]);
});

Deno.test("the letters that matched in the title are given", () => {
  const [hit] = searchTypes(INDEX, "lat sam");
  const [swapped] = searchTypes(INDEX, "smaple");

  assert.equal(hit.type.title, "Sample latent");
  assert.deepEqual(hit.marks, [0, 1, 2, 7, 8, 9]);
  assert.deepEqual(swapped.marks, [0, 1, 2, 3, 4, 5]);
});

Deno.test("a limit keeps the best", () => {
  assert.deepEqual(searchTypes(INDEX, "blur", { limit: 1 }).length, 1);
});

Deno.test("types without a partner are left out, and a distant partner comes later", () => {
  const partners = new Map([["image.blur", { socket: "image", rank: 3 }], ["mask.blur", {
    socket: "mask",
    rank: 0,
  }]]);
  const hits = searchTypes(INDEX, "blur", { partner: (type) => partners.get(type.type) ?? null });

  assert.deepEqual(hits.map((hit) => [hit.type.type, hit.socket]), [["mask.blur", "mask"], [
    "image.blur",
    "image",
  ]]);
});
