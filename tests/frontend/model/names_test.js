import assert from "node:assert/strict";
import { freshName, nameForType, namesIn } from "../../../frontend/model/names.js";

Deno.test("a free name is given as it is, a taken one gets the lowest free number", () => {
  assert.equal(freshName(new Set(), "sample"), "sample");
  assert.equal(freshName(new Set(["sample"]), "sample"), "sample_2");
  assert.equal(freshName(new Set(["sample", "sample_2", "sample_3"]), "sample_2"), "sample_4");
  assert.equal(freshName(new Set(["_2"]), "_2"), "_2_2");
});

Deno.test("what cannot stand in a name is replaced", () => {
  assert.equal(freshName(new Set(), "my node/a.b"), "my_node_a_b");
  assert.equal(freshName(new Set(), "  "), "node");
});

Deno.test("names that objects have by themselves are free", () => {
  assert.equal(freshName(namesIn({ a: 1 }), "constructor"), "constructor");
});

Deno.test("a node is named after what its type does, and after what it loads", () => {
  assert.equal(nameForType("latent.sample"), "sample");
  assert.equal(nameForType("checkpoint.load"), "checkpoint");
  assert.equal(nameForType("pack:area.verb"), "verb");
  assert.equal(nameForType("workflow:portrait"), "portrait");
  assert.equal(nameForType("odd"), "odd");
});
