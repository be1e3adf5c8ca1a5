import assert from "node:assert/strict";

import { createApi } from "../../../frontend/net/api.js";
import { picturesIn, uploadPicture } from "../../../frontend/net/uploads.js";
import { startToyServer } from "./toy_server.js";

Deno.test("a file is uploaded under its name, a picture without one under none", async () => {
  const server = startToyServer();
  const api = createApi({ base: server.base });
  /** @type {string[]} */
  const asked = [];
  server.answers.set("POST /api/assets", (_, url) => {
    asked.push(url.search);
    return Response.json({ digest: "d", input: "asset:d" }, { status: 201 });
  });

  const asset = await uploadPicture(api, new File(["x"], "cat.png", { type: "image/png" }));
  await uploadPicture(api, new Blob(["x"], { type: "image/png" }));

  assert.equal(asset.input, "asset:d");
  assert.deepEqual(asked, ["?name=cat.png", ""]);
  await server.stop();
});

Deno.test("of what was dropped only the pictures are taken", () => {
  const files = [
    new File([""], "a.png", { type: "image/png" }),
    new File([""], "b.json", { type: "application/json" }),
    new File([""], "c.webp", { type: "image/webp" }),
  ];
  const data = /** @type {DataTransfer} */ (/** @type {unknown} */ ({ files }));

  assert.deepEqual(picturesIn(data).map(({ name }) => name), ["a.png", "c.webp"]);
  assert.deepEqual(picturesIn(null), []);
});
