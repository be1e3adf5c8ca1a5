/** Where no rule lets an output feed an input, node types are offered that convert. */

import assert from "node:assert/strict";
import { conversions } from "../../../frontend/model/conversions.js";
import { parseType } from "../../../frontend/model/types.js";
import { NODES, nodeType } from "./toy_types.js";

const SUPERTYPES = new Map([["mask", ["shape"]]]);

/**
 * @param {string} source
 * @param {string} target
 * @param {typeof NODES} [types]
 */
const between = (source, target, types = NODES) =>
  conversions(parseType(source), parseType(target), types, SUPERTYPES);

Deno.test("a node that takes one type and gives the other is named with its sockets", () => {
  assert.deepEqual(between("latent", "image")[0], {
    type: "latent.decode",
    input: "latent",
    output: "image",
  });
  assert.deepEqual(between("float", "int")[0], { type: "math.round", input: "value", output: "value" });
});

Deno.test("a part of a value is taken out of it", () => {
  assert.deepEqual(between("image", "int")[0], { type: "image.size", input: "image", output: "width" });
});

Deno.test("optional inputs and unions are served by what their members need", () => {
  assert.equal(between("latent", "image | null")[0].type, "latent.decode");
});

Deno.test("those that ask for fewer other things come first, then the names decide", () => {
  const types = [
    nodeType("b.two", "a!: latent, b!: vae", "c: mask"),
    nodeType("c.one", "a!: latent", "c: mask"),
    nodeType("a.one", "a!: latent", "c: mask"),
  ];

  assert.deepEqual(between("latent", "mask", types).map((found) => found.type), ["a.one", "c.one", "b.two"]);
});

Deno.test("a list of lists is offered the node that takes an item out", () => {
  assert.ok(between("list[list[image]]", "image").some((found) => found.type === "list.item"));
});

Deno.test("a node that passes anything on converts nothing", () => {
  assert.ok(!between("latent", "image").some((found) => found.type === "flow.pass"));
});

Deno.test("a node that makes text of anything comes behind those made for the type", () => {
  const types = [...NODES, nodeType("z.caption", "image!: image, mask!: mask", "text: string")];

  assert.deepEqual(between("image", "string", types).map((found) => found.type), [
    "z.caption",
    "text.describe",
  ]);
});

Deno.test("nothing is wrapped into a list only to count the list", () => {
  const types = [nodeType("list.length", "items!: list[$Item]", "length: int")];

  assert.deepEqual(between("vae", "int", types), []);
  assert.equal(between("list[vae]", "int", types).length, 1);
});

Deno.test("of what is no list, none is made", () => {
  const types = [nodeType("image.save", "image!: image", "files: list[string]")];

  assert.deepEqual(between("image", "string", types), []);
});

Deno.test("where nothing converts, nothing is offered", () => {
  assert.deepEqual(between("vae", "mask"), []);
});
