import assert from "node:assert/strict";

import { openSocket, readPreview } from "../../../frontend/net/socket.js";
import { startToyServer, until } from "./toy_server.js";

/** @import { Passing, ServerEvent } from "../../../frontend/net/socket.js" */

Deno.test("a preview is read by the length that stands in front", () => {
  const head = new TextEncoder().encode('{"type":"preview","job":"ä","data":{"node":"n"}}');
  const frame = new Uint8Array([0, 0, 0, head.length, ...head, 255, 216]);

  const { job, picture } = readPreview(frame.buffer);

  assert.deepEqual([job, picture?.size], ["ä", 2]);
});

Deno.test("a frame may hold events and progress at once, and both are told", async () => {
  const server = startToyServer();
  /** @type {(ServerEvent | Passing)[]} */
  const heard = [];
  const socket = openSocket(server.base, {}, {
    events: (events) => heard.push(...events),
    passing: (frames) => heard.push(...frames),
  });
  await until(() => server.clients.size === 1);
  const event = { number: 1, at: 2, type: "job", job: "j", data: { state: "queued" } };
  const frame = { type: "progress", job: "j", data: { node: "a", step: 1, total: 2 } };

  for (const client of server.clients) client.socket.send(JSON.stringify([event, frame]));
  await until(() => heard.length === 2);

  assert.deepEqual(heard, [event, frame]);
  socket.close();
  await server.stop();
});

Deno.test("a socket says what it is asked with, and whether it was open when it was lost", async () => {
  const server = startToyServer();
  /** @type {boolean[]} */
  const ends = [];
  openSocket(server.base, { after: 3, types: "job,nodes" }, { closed: (wasOpen) => ends.push(wasOpen) });
  await until(() => server.clients.size === 1);
  assert.deepEqual([...server.clients].map(({ query }) => query), ["?after=3&types=job%2Cnodes"]);

  server.hangUp();
  await until(() => ends.length === 1);
  await server.stop();
  openSocket(server.base, {}, { closed: (wasOpen) => ends.push(wasOpen) });
  await until(() => ends.length === 2);

  assert.deepEqual(ends, [true, false]);
});

Deno.test("a socket that was closed says nothing more, and nothing is said through it", async () => {
  const server = startToyServer();
  let ends = 0;
  const socket = openSocket(server.base, {}, { closed: () => ends += 1 });
  socket.say({ watch: ["too early"] });
  await until(() => server.clients.size === 1);
  const [client] = server.clients;

  socket.close();
  socket.say({ watch: ["too late"] });
  await until(() => server.clients.size === 0);

  assert.deepEqual([ends, client.said], [0, []]);
  await server.stop();
});
