import assert from "node:assert/strict";

import { createApi, tagOf } from "../../../frontend/net/api.js";
import { isApiFault } from "../../../frontend/net/fault.js";
import { startToyServer } from "./toy_server.js";

/** @import { ApiFault } from "../../../frontend/interfaces.d.ts" */

/**
 * Gives the fault with which something ends.
 *
 * @param {Promise<unknown>} work
 * @returns {Promise<ApiFault>}
 */
const faultOf = async (work) => {
  try {
    await work;
  } catch (fault) {
    if (isApiFault(fault)) return fault;
    throw fault;
  }
  throw new Error("There was no fault.");
};

Deno.test("a problem document becomes a fault with its code, words and problems, and is heard of", async () => {
  const server = startToyServer();
  const api = createApi({ base: server.base });
  /** @type {ApiFault[]} */
  const heard = [];
  const stop = api.listen((fault) => heard.push(fault));

  const fault = await faultOf(api.job("none"));
  stop();
  await faultOf(api.job("none"));

  assert.deepEqual([fault.status, fault.code, fault.hint, fault.problems], [
    404,
    "job-unknown",
    "Do so.",
    [],
  ]);
  assert.equal(fault.message, "There is no job none.");
  assert.deepEqual(heard, [fault]);
  await server.stop();
});

Deno.test("a server that is away is a fault of its own", async () => {
  const server = startToyServer();
  await server.stop();

  const fault = await faultOf(createApi({ base: server.base }).queue());

  assert.deepEqual([fault.code, fault.status], ["unreachable", 0]);
});

Deno.test("an answer that is neither JSON nor a problem document is a fault with its status", async () => {
  const server = startToyServer();
  const api = createApi({ base: server.base });
  server.answers.set("GET /api/types", () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  server.answers.set("GET /api/packs", () => new Response("half of", { status: 200 }));

  const [refused, broken] = [await faultOf(api.types()), await faultOf(api.packs())];

  assert.deepEqual([refused.code, refused.status], ["answer-unreadable", 502]);
  assert.deepEqual([broken.code, broken.status], ["answer-unreadable", 200]);
  await server.stop();
});

Deno.test("a request that was given up is no fault", async () => {
  const server = startToyServer();
  const api = createApi({ base: server.base });
  const giving = new AbortController();
  server.answers.set(
    "POST /api/check",
    () => new Promise((resolve) => setTimeout(resolve, 200, new Response("{}"))),
  );

  const asking = api.check({ name: "x" }, giving.signal);
  giving.abort();

  await assert.rejects(asking, { name: "AbortError" });
  await server.stop();
});

Deno.test("a server that is not ready says how far it is", async () => {
  const server = startToyServer();
  const said = { ready: false, paused: false, workers: [] };
  server.answers.set("GET /readyz", () => Response.json(said, { status: 503 }));

  assert.deepEqual(await createApi({ base: server.base }).readiness(), said);
  await server.stop();
});

Deno.test("names are escaped, parameters without a value are left out, and the token is shown", async () => {
  const server = startToyServer();
  server.settings.token = "secret";
  const api = createApi({ base: server.base, token: "secret" });
  /** @type {string[]} */
  const asked = [];
  server.answers.set("GET /api/assets", (_, url) => {
    asked.push(url.search);
    return Response.json({ assets: [], next: null, total: 0 });
  });
  server.answers.set("GET /api/choices/a%2Fb%20c", () => Response.json({ provider: "a/b c", choices: [] }));

  await api.assets({ kind: "upload", cursor: null, limit: 3 });
  const choices = await api.choices("a/b c");

  assert.deepEqual(asked, ["?kind=upload&limit=3"]);
  assert.equal(choices.provider, "a/b c");
  await server.stop();
});

Deno.test("a workflow is saved over the revision that was read, or only where nothing is", async () => {
  const server = startToyServer();
  const api = createApi({ base: server.base });
  server.answers.set(
    "GET /api/workflows/mine",
    () => Response.json({ weft: 1 }, { headers: { ETag: '"7"' } }),
  );
  server.answers.set(
    "GET /api/workflows/shipped",
    () => Response.json({ weft: 1 }, { headers: { ETag: '"template-0123"' } }),
  );
  server.answers.set("PUT /api/workflows/mine", () => Response.json({ name: "mine", revision: 8 }));

  const [mine, shipped] = [await api.workflow("mine"), await api.workflow("shipped")];
  await api.saveWorkflow("mine", {}, { over: mine.tag });
  await api.saveWorkflow("mine", {}, { over: null });
  await api.saveWorkflow("mine", {});

  const saves = server.requests.filter(({ method }) => method === "PUT").map(({ headers }) => headers);
  assert.deepEqual([mine.revision, mine.tag, shipped.revision], [7, tagOf(7), 0]);
  assert.deepEqual(saves.map((headers) => headers.get("If-Match")), ['"7"', null, null]);
  assert.deepEqual(saves.map((headers) => headers.get("If-None-Match")), [null, "*", null]);
  await server.stop();
});

Deno.test("a picture is uploaded as the bytes it is, and an empty answer is nothing", async () => {
  const server = startToyServer();
  const api = createApi({ base: server.base });
  /** @type {unknown[]} */
  const got = [];
  server.answers.set("POST /api/assets", async (request, url) => {
    got.push(url.searchParams.get("name"), request.headers.get("Content-Type"), await request.text());
    return Response.json({ digest: "d" }, { status: 201 });
  });
  server.answers.set("DELETE /api/assets/d", () => new Response(null, { status: 204 }));

  await api.upload(new Blob(["pixels"], { type: "image/png" }), "a b.png");

  assert.deepEqual(got, ["a b.png", "image/png", "pixels"]);
  assert.equal(await api.deleteAsset("d"), undefined);
  await server.stop();
});

Deno.test("what a client sends twice goes with a key", async () => {
  const server = startToyServer();
  const api = createApi({ base: server.base });

  const job = await api.submit({ workflow: { weft: 1 }, name: "n" }, { key: "k" });

  assert.equal(job.name, "n");
  assert.equal(server.requests[0].headers.get("Idempotency-Key"), "k");
  await server.stop();
});
