/** A socket finds its partner in a node type. */

import assert from "node:assert/strict";
import { createPartners } from "../../../frontend/model/partners.js";
import { nodeType } from "./toy_types.js";

const partners = createPartners(new Map([["mask", ["shape"]]]));

/**
 * @param {"input" | "output"} side
 * @param {string} type
 * @param {string} inputs
 * @param {string} [outputs]
 */
const partner = (side, type, inputs, outputs = "") =>
  partners({ side, type })(nodeType("a.b", inputs, outputs));

Deno.test("an output is linked with the first input that takes it", () => {
  assert.equal(partner("output", "image", "amount?: float, below!: image, above!: image")?.socket, "below");
});

Deno.test("an input is linked with the output that fits best", () => {
  assert.equal(partner("input", "float", "", "count: int, mean: float")?.socket, "mean");
  assert.equal(partner("input", "float", "", "name: string, count: int")?.socket, "count");
});

Deno.test("a required input that only takes links goes before the others", () => {
  assert.equal(partner("output", "string", "name?: string, text!: string")?.socket, "text");
  assert.equal(partner("output", "mask", "limit: mask | null, of!: mask")?.socket, "of");
});

Deno.test("an input whose words are picked from a list comes last", () => {
  const type = nodeType("a.b", "kind?: string, text?: string", "");
  type.inputs[0].widget = { kind: "options", options: ["a"] };

  assert.equal(partners({ side: "output", type: "string" })(type)?.socket, "text");
});

Deno.test("a type without a fitting socket has no partner", () => {
  assert.equal(partner("output", "image", "mask!: mask, count?: int", "image: image"), null);
  assert.equal(partner("input", "image", "image!: image", "mask: mask"), null);
});

Deno.test("equal types are nearer than lists, and lists nearer than a node that takes anything", () => {
  const ranks = ["a!: image", "a!: list[image]", "a!: $T"].map((inputs) =>
    partner("output", "image", inputs)?.rank
  );

  assert.deepEqual(ranks.toSorted(), ranks);
  assert.equal(new Set(ranks).size, 3);
});

Deno.test("a list of anything is as far as anything", () => {
  assert.equal(partner("output", "image", "a!: list[$T]")?.rank, partner("output", "image", "a!: $T")?.rank);
});

Deno.test("a number that is entered is farther than a text that is", () => {
  const number = nodeType("a.b", "count?: int", "");
  number.inputs[0].widget = { kind: "number" };

  assert.equal(partners({ side: "output", type: "int" })(number)?.rank, 1);
  assert.equal(partner("output", "string", "text?: string")?.rank, 0);
});

Deno.test("subtypes count as fitting", () => {
  assert.equal(partner("output", "mask", "a!: shape")?.rank, 0);
  assert.equal(partner("input", "mask", "", "a: shape"), null);
});
