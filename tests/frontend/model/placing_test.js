import assert from "node:assert/strict";
import { placesFor } from "../../../frontend/model/placing.js";
import { link } from "./toy_documents.js";

/** @param {Record<string, import("../../../frontend/interfaces.d.ts").InputValue>} [inputs] */
const node = (inputs = {}) => ({ type: "toy.toy", version: 1, inputs });

Deno.test("nodes without a place are laid out from left to right", () => {
  const places = placesFor(
    { b: node({ x: link("a.o") }), a: node(), c: node({ x: link("b.o") }) },
    new Map(),
  );
  const [a, b, c] = ["a", "b", "c"].map((id) => places.get(id)?.[0] ?? NaN);

  assert.ok(a < b && b < c);
});

Deno.test("those that have a place keep it, and the others come below them", () => {
  const known = new Map([["a", /** @type {const} */ ([40, 50])]]);
  const places = placesFor({ a: node({ x: 1, y: 2 }), b: node({ x: link("a.o") }) }, known);

  assert.deepEqual(places.get("a"), [40, 50]);
  assert.ok((places.get("b")?.[1] ?? 0) > 150);
});
