import assert from "node:assert/strict";

import { createApi } from "../../../frontend/net/api.js";
import { createJobDocuments } from "../../../frontend/net/job_documents.js";
import { startToyServer, toyJob } from "./toy_server.js";

const workflow = { weft: 1, nodes: { a: { type: "t" } } };

Deno.test("what a job runs is fetched once", async () => {
  const server = startToyServer({ jobs: new Map([["j", toyJob({ number: 1, id: "j" })]]) });
  server.documents.set("j", workflow);
  const documents = createJobDocuments(createApi({ base: server.base }));

  const [first, second] = await Promise.all([documents.of("j"), documents.of("j")]);

  assert.deepEqual(Object.keys(first?.nodes ?? {}), ["a"]);
  assert.equal(first, second);
  assert.equal(server.requests.length, 1);
  await server.stop();
});

Deno.test("what was just submitted is not fetched", async () => {
  const documents = createJobDocuments(createApi({ base: "http://127.0.0.1:1" }));

  documents.put("j", workflow);

  assert.equal((await documents.of("j"))?.nodes.a.type, "t");
});

Deno.test("what cannot be had now is asked for again later", async () => {
  const server = startToyServer({ jobs: new Map([["j", toyJob({ number: 1, id: "j" })]]) });
  const documents = createJobDocuments(createApi({ base: server.base }));
  server.answers.set("GET /api/jobs/j/document", () => new Response("", { status: 503 }));
  assert.equal(await documents.of("j"), null);

  server.answers.clear();
  server.documents.set("j", workflow);

  assert.equal((await documents.of("j"))?.nodes.a.type, "t");
  await server.stop();
});
