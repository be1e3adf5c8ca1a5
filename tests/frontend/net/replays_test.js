import assert from "node:assert/strict";

import { createApi } from "../../../frontend/net/api.js";
import { createReplays } from "../../../frontend/net/replays.js";
import { startToyServer, toyJob, until } from "./toy_server.js";

/** A server with a job that runs already, and replays of it. */
const beginning = () => {
  const server = startToyServer();
  const job = toyJob({ number: 1 });
  server.jobs.set(job.id, job);
  server.emit("job", job.id, { state: "queued", attempt: 0 });
  server.emit("catalog", "", {});
  server.emit("nodes", "another", { started: ["x"] });
  server.emit("nodes", job.id, { started: ["a"] });
  /** @type {number[]} */
  const heard = [];
  const replays = createReplays(createApi({ base: server.base }), (id, events) => {
    assert.equal(id, job.id);
    heard.push(...events.map(({ number }) => number));
  });
  return { server, heard, replays, running: { ...job, state: /** @type {const} */ ("running"), attempt: 1 } };
};

Deno.test("what happened to a job is read from its beginning to its end, and then no more", async () => {
  const { server, heard, replays, running } = beginning();

  replays.need(running);
  replays.need(running);
  await until(() => heard.length === 2);
  assert.equal(server.clients.size, 1);
  server.move("job-1", { state: "succeeded" });
  await until(() => heard.length === 3 && server.clients.size === 0);
  replays.need({ ...running, state: "succeeded" });

  assert.deepEqual(heard, [1, 4, 5]);
  assert.equal(server.clients.size, 0);
  await server.stop();
});

Deno.test("a job that waits, and one that was heard of from its beginning on, are not read again", async () => {
  const { server, replays, running } = beginning();

  replays.need(toyJob({ number: 1 }));
  replays.heard(server.log[0]);
  replays.need(running);
  await new Promise((resolve) => setTimeout(resolve, 50));

  assert.equal(server.clients.size, 0);
  await server.stop();
});

Deno.test("a job that was forgotten is read again when it is needed", async () => {
  const { server, heard, replays, running } = beginning();
  replays.need(running);
  await until(() => heard.length === 2);

  replays.forget(running.id);
  await until(() => server.clients.size === 0);
  replays.need(running);
  await until(() => heard.length === 4);

  replays.drop(running.id);
  await until(() => server.clients.size === 0);
  await server.stop();
});

Deno.test("a replay that was cut off begins anew once it is needed again", async () => {
  const { server, heard, replays, running } = beginning();
  replays.need(running);
  await until(() => heard.length === 2);

  server.hangUp();
  await until(() => {
    replays.restart(true);
    replays.need(running);
    return heard.length === 4;
  });

  replays.drop(running.id);
  await server.stop();
});

Deno.test("after a gap in the live stream nothing counts as known", async () => {
  const { server, heard, replays, running } = beginning();
  replays.heard(server.log[0]);

  replays.restart(false);
  replays.need(running);
  await until(() => heard.length === 2);

  replays.drop(running.id);
  await server.stop();
});
