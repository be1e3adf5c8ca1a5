import assert from "node:assert/strict";
import { effect } from "@preact/signals";

import { createApi } from "../../../frontend/net/api.js";
import { createStream } from "../../../frontend/net/stream.js";
import { startToyServer, until } from "./toy_server.js";

/** @import { Passing } from "../../../frontend/net/socket.js" */
/** @import { ToyServer } from "./toy_server.js" */

const delays = { first: 5, most: 20 };

/**
 * Connects a stream, and writes down what it says.
 *
 * @param {ToyServer} server
 * @param {{ token?: string }} [options]
 */
const listening = (server, options = {}) => {
  const api = createApi({ base: server.base, ...options });
  const stream = createStream(api, { delays });
  const heard = {
    numbers: /** @type {number[]} */ ([]),
    passing: /** @type {Passing[]} */ ([]),
    opened: /** @type {boolean[]} */ ([]),
    connection: /** @type {string[]} */ ([]),
  };
  effect(() => void heard.connection.push(stream.connection.value));
  stream.listen({
    open: (isGapless) => heard.opened.push(isGapless),
    events: (events) => heard.numbers.push(...events.map(({ number }) => number)),
    passing: (frames) => heard.passing.push(...frames),
  });
  stream.start();
  return { stream, heard, api };
};

Deno.test("events are heard in order from the moment of connecting on", async () => {
  const server = startToyServer();
  server.emit("queue", "", { paused: true });
  const { stream, heard } = listening(server);
  await until(() => server.clients.size === 1);

  server.emit("queue", "", { paused: false });
  server.emit("catalog", "", { nodes: 3 });
  await until(() => heard.numbers.length === 2);

  assert.deepEqual(heard.numbers, [2, 3]);
  assert.deepEqual(heard.connection, ["connecting", "open"]);
  assert.deepEqual(heard.opened, [false]);
  stream.close();
  await server.stop();
});

Deno.test("what happened while the connection was lost is heard afterwards, once", async () => {
  const server = startToyServer();
  const { stream, heard } = listening(server);
  await until(() => server.clients.size === 1);
  server.emit("queue", "", {});
  await until(() => heard.numbers.length === 1);

  server.hangUp();
  server.emit("queue", "", {});
  server.emit("queue", "", {});
  await until(() => heard.numbers.length === 3);

  assert.deepEqual(heard.numbers, [1, 2, 3]);
  assert.deepEqual(heard.connection, ["connecting", "open", "lost", "open"]);
  assert.deepEqual(heard.opened, [false, true]);
  stream.close();
  await server.stop();
});

Deno.test("a server that comes back is found again, however often it was looked for in vain", async () => {
  const first = startToyServer();
  const { stream, heard } = listening(first);
  await until(() => heard.opened.length === 1);
  await first.stop();
  await until(() => stream.connection.value === "lost");
  await new Promise((resolve) => setTimeout(resolve, 100));

  const second = startToyServer({ port: first.port, log: first.log });
  await until(() => heard.opened.length === 2);

  assert.equal(heard.connection.filter((state) => state === "open").length, 2);
  stream.close();
  await second.stop();
});

Deno.test("a server with another data folder is listened to from its own numbers on", async () => {
  const first = startToyServer();
  const { stream, heard } = listening(first);
  await until(() => first.clients.size === 1);
  for (let count = 0; count < 5; count += 1) first.emit("queue", "", {});
  await until(() => heard.numbers.length === 5);
  await first.stop();

  const second = startToyServer({ port: first.port });
  await until(() => second.clients.size === 1);
  second.emit("queue", "", {});
  await until(() => heard.numbers.length === 6);
  const [before] = second.clients;
  second.hangUp();
  await until(() => second.clients.size === 1 && !second.clients.has(before));

  assert.equal(heard.numbers[5], 1);
  assert.deepEqual([...second.clients].map(({ query }) => query), ["?after=1"]);
  stream.close();
  await second.stop();
});

Deno.test("only the jobs that are watched are asked for, also on a new connection", async () => {
  const server = startToyServer();
  const { stream } = listening(server);
  await until(() => server.clients.size === 1);
  const [first] = server.clients;

  stream.watch(["a", "b"]);
  stream.watch(["a", "b"]);
  await until(() => first.said.length === 2);
  server.hangUp();
  await until(() => server.clients.size === 1 && !server.clients.has(first));
  const [second] = server.clients;
  await until(() => second.said.length === 1);

  assert.deepEqual(first.said, [{ watch: [] }, { watch: ["a", "b"] }]);
  assert.deepEqual(second.said, [{ watch: ["a", "b"] }]);
  stream.close();
  await server.stop();
});

Deno.test("progress comes as text and previews come with their picture", async () => {
  const server = startToyServer();
  const { stream, heard } = listening(server);
  await until(() => server.clients.size === 1);

  server.pass("j", { node: "sample", step: 1, total: 4 });
  server.pass("j", { node: "sample", width: 2 }, new Uint8Array([1, 2, 3]));
  await until(() => heard.passing.length === 2);

  const [progress, preview] = heard.passing;
  assert.deepEqual(progress, { type: "progress", job: "j", data: { node: "sample", step: 1, total: 4 } });
  assert.equal(preview.data.node, "sample");
  assert.equal(preview.picture?.type, "image/jpeg");
  assert.deepEqual([...new Uint8Array(await /** @type {Blob} */ (preview.picture).arrayBuffer())], [1, 2, 3]);
  stream.close();
  await server.stop();
});

Deno.test("a page that is not let in is locked, and connects once it is", async () => {
  const server = startToyServer();
  server.settings.token = "secret";
  const { stream, heard } = listening(server);
  await until(() => stream.connection.value === "locked");
  const asked = server.requests.length;

  server.settings.token = null;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(server.requests.length, asked);
  stream.reconnect();
  await until(() => stream.connection.value === "open");

  assert.deepEqual(heard.connection, ["connecting", "lost", "locked", "connecting", "open"]);
  stream.close();
  await server.stop();
});

Deno.test("coming online again has the connection be tried at once", async () => {
  const server = startToyServer();
  await server.stop();
  const stream = createStream(createApi({ base: server.base }), { delays: { first: 1e9, most: 1e9 } });
  stream.start();
  await until(() => stream.connection.value === "lost");
  await new Promise((resolve) => setTimeout(resolve, 20));

  const again = startToyServer({ port: server.port });
  globalThis.dispatchEvent(new Event("online"));
  await until(() => stream.connection.value === "open");

  stream.close();
  await again.stop();
});

Deno.test("a stream that was closed does not come back", async () => {
  const server = startToyServer();
  const { stream, heard } = listening(server);
  await until(() => heard.opened.length === 1);

  stream.close();
  await until(() => server.clients.size === 0);
  await new Promise((resolve) => setTimeout(resolve, 60));

  assert.equal(server.clients.size, 0);
  await server.stop();
});
