import assert from "node:assert/strict";

import { dotted, readSocket, socketAttribute } from "../../../frontend/view/socket_names.js";

const socket = /** @type {const} */ ({ node: "sample", side: "input", name: "model" });

Deno.test("a socket is read as it was written", () => {
  assert.deepEqual(readSocket("sample", socketAttribute(socket)), socket);
  assert.equal(socketAttribute({ side: "output", name: "image" }), "out:image");
});

Deno.test("what is no socket is none", () => {
  assert.equal(readSocket("sample", ""), null);
  assert.equal(readSocket("sample", "model"), null);
});

Deno.test("an output is named as documents name it", () => {
  assert.equal(dotted(socket), "sample.model");
});
