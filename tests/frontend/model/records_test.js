import assert from "node:assert/strict";
import { changed, equal, joined, own, without } from "../../../frontend/model/records.js";

Deno.test("only a record's own keys are read", () => {
  assert.equal(own({ a: 1 }, "a"), 1);
  assert.equal(own({}, "constructor"), undefined);
  assert.equal(own(undefined, "a"), undefined);
});

Deno.test("keys are taken away and set in copies", () => {
  const record = Object.freeze({ a: 1, b: 2 });

  assert.deepEqual(without(record, new Set(["a", "none"])), { b: 2 });
  assert.deepEqual(changed(record, { a: null, b: 3, c: 4 }), { b: 3, c: 4 });
});

Deno.test("keys join at their places, and at the end where they have none", () => {
  const record = { a: 1, b: 2, c: 3 };

  assert.deepEqual(Object.keys(joined(record, { x: 0, y: 0, z: 0 }, { x: 0, y: 3 })), [
    "x",
    "a",
    "b",
    "y",
    "c",
    "z",
  ]);
  assert.deepEqual(Object.keys(joined(record, { x: 0 }, { x: 99 })), ["a", "b", "c", "x"]);
});

Deno.test("values are equal by what they hold, in whatever order their keys stand", () => {
  assert.ok(equal({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] }));
  for (
    const [a, b] of [[1, "1"], [[], {}], [null, {}], [{ a: 1 }, { b: 1 }], [[1], [1, 2]], [{}, { a: 1 }]]
  ) {
    assert.ok(!equal(a, b), JSON.stringify([a, b]));
  }
});
