import assert from "node:assert/strict";

import { createApi } from "../../../frontend/net/api.js";
import { isApiFault } from "../../../frontend/net/fault.js";
import { createSession } from "../../../frontend/net/session.js";
import { problem, startToyServer } from "./toy_server.js";

/** @param {string} hash */
const visiting = (hash) => {
  const server = startToyServer();
  const api = createApi({ base: server.base });
  let isLetIn = false;
  const refusal = () => problem(401, "token-refused", "The token is not one of ours.");
  server.answers.set(
    "GET /api/session",
    () => isLetIn ? Response.json({ owner: "me", scope: "manage" }) : refusal(),
  );
  server.answers.set("POST /api/session", async (request) => {
    isLetIn = (await request.json()).token === "secret";
    return isLetIn ? new Response(null, { status: 204 }) : refusal();
  });
  server.answers.set("DELETE /api/session", () => new Response(null, { status: 204 }));
  /** @type {string[]} */
  const addresses = [];
  const page = { pathname: "/", search: "?x=1", hash };
  const session = createSession(api, { page, replace: (url) => addresses.push(url) });
  return { server, api, session, addresses };
};

Deno.test("the token of the address lets the page in, and leaves the address", async () => {
  const { server, session, addresses } = visiting("#token=secret");

  assert.ok(await session.start());

  assert.deepEqual(addresses, ["/?x=1"]);
  assert.deepEqual([session.isLocked.value, session.caller.value?.owner], [false, "me"]);
  await server.stop();
});

Deno.test("a page without a token is locked until one is entered", async () => {
  const { server, session, addresses } = visiting("");
  assert.ok(!await session.start());
  assert.deepEqual([session.isLocked.value, addresses], [true, []]);

  await assert.rejects(
    session.enter("wrong"),
    (fault) => isApiFault(fault) && fault.code === "token-refused",
  );
  assert.ok(session.isLocked.value);
  await session.enter(" secret\n");

  assert.deepEqual([session.isLocked.value, session.caller.value?.scope], [false, "manage"]);
  await server.stop();
});

Deno.test("a session that ends while the page is open locks it", async () => {
  const { server, api, session } = visiting("#token=secret");
  await session.start();
  server.settings.token = "other";

  await assert.rejects(api.queue());

  assert.ok(session.isLocked.value);
  await server.stop();
});

Deno.test("leaving ends the session", async () => {
  const { server, session } = visiting("#token=secret");
  await session.start();

  await session.leave();

  assert.deepEqual([session.isLocked.value, session.caller.value], [true, null]);
  assert.ok(server.requests.some(({ method, path }) => method === "DELETE" && path === "/api/session"));
  await server.stop();
});

Deno.test("a server that is away locks nobody out", async () => {
  const { server, session } = visiting("");
  await server.stop();

  assert.ok(await session.start());
});
