import assert from "node:assert/strict";

import { randomId } from "../../../frontend/net/random.js";

Deno.test("ids are 32 hexadecimal digits that do not repeat", () => {
  const ids = Array.from({ length: 1000 }, randomId);

  assert.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)));
  assert.equal(new Set(ids).size, 1000);
});
