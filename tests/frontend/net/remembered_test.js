import assert from "node:assert/strict";

import { remembered } from "../../../frontend/net/remembered.js";

Deno.test("what is asked for again is the same as before", () => {
  const make = remembered((name) => ({ name }));

  assert.equal(make("a"), make("a"));
  assert.notEqual(make("a"), make("b"));
  assert.equal(make("b").name, "b");
});
