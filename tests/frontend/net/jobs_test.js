import assert from "node:assert/strict";

import { createApi } from "../../../frontend/net/api.js";
import { createJobs } from "../../../frontend/net/jobs.js";
import { startToyServer, toyJob, toyPicture, until } from "./toy_server.js";

/** @import { JobView } from "../../../frontend/interfaces.d.ts" */

/**
 * Starts a server with jobs, and reads their list.
 *
 * @param {JobView[]} made
 */
const listing = async (...made) => {
  const server = startToyServer({ jobs: new Map(made.map((job) => [job.id, job])) });
  const jobs = createJobs(createApi({ base: server.base }));
  await jobs.refresh();
  return { server, jobs, ids: () => jobs.list.value.map(({ number }) => number) };
};

/** @param {number} count */
const many = (count) =>
  Array.from({ length: count }, (_, place) => toyJob({ number: place + 1, state: "succeeded" }));

Deno.test("the newest jobs are listed, newest first, and older ones when they are asked for", async () => {
  const { server, jobs, ids } = await listing(...many(120));
  assert.deepEqual([ids().length, ids()[0], ids()[49]], [50, 120, 71]);

  assert.ok(await jobs.loadOlder());
  assert.ok(await jobs.loadOlder());
  assert.ok(!await jobs.loadOlder());

  assert.deepEqual(ids(), many(120).map(({ number }) => number).reverse());
  await server.stop();
});

Deno.test("jobs that run are listed however old they are", async () => {
  const { server, ids } = await listing(...many(60), toyJob({ number: 0, id: "old", state: "running" }));

  assert.deepEqual([ids().length, ids().at(-1)], [51, 0]);
  await server.stop();
});

Deno.test("an event says how a job is now, and with its end what it made", async () => {
  const { server, jobs } = await listing(toyJob({ number: 1, position: 1 }));
  const job = () => /** @type {JobView} */ (jobs.known.value.get("job-1"));

  jobs.hear(server.move("job-1", { state: "running", attempt: 1 }));
  assert.deepEqual([job().state, job().attempt, job().position], ["running", 1, null]);
  assert.ok(job().started_at);

  const outputs = [toyPicture("image", "d1"), {
    output: "text",
    index: 0,
    type: "string",
    value: "x",
    asset: null,
  }];
  jobs.hear(server.move("job-1", { state: "succeeded", seconds: 2, counts: { ran: 3 }, outputs }));
  assert.deepEqual([job().state, job().seconds, job().counts], ["succeeded", 2, { ran: 3 }]);
  assert.deepEqual(job().outputs, outputs);
  assert.ok(job().finished_at);
  await server.stop();
});

Deno.test("a job that was asked to stop says so until it has stopped", async () => {
  const { server, jobs } = await listing(
    toyJob({ number: 1, state: "running", attempt: 1, started_at: "then" }),
  );
  const data = {
    id: "job-1",
    number: 1,
    state: "running",
    attempt: 1,
    name: "",
    priority: 0,
    is_cancelling: true,
  };

  jobs.hear(server.emit("job", "job-1", data));

  const job = jobs.known.value.get("job-1");
  assert.deepEqual([job?.cancelling, job?.started_at], [true, "then"]);
  jobs.hear(server.move("job-1", { state: "cancelled" }));
  assert.equal(jobs.known.value.get("job-1")?.cancelling, false);
  await server.stop();
});

Deno.test("a job that others submitted is read when it is heard of", async () => {
  const { server, jobs, ids } = await listing();
  server.jobs.set("job-7", toyJob({ number: 7 }));

  jobs.hear(server.move("job-7", {}));
  await until(() => ids().includes(7));

  assert.equal(jobs.queue.value?.counts.queued, 1);
  await server.stop();
});

Deno.test("jobs that were deleted leave the list, whether that was heard or not", async () => {
  const { server, jobs, ids } = await listing(...many(3));

  jobs.hear({ number: 9, at: 0, type: "job", job: "", data: { id: "job-3", state: "deleted" } });
  assert.deepEqual(ids(), [2, 1]);
  server.jobs.delete("job-3");
  server.jobs.delete("job-1");
  await jobs.refresh();

  assert.deepEqual(ids(), [2]);
  await server.stop();
});

Deno.test("a list that is older than an event does not take it back", async () => {
  const { server, jobs } = await listing(toyJob({ number: 1, state: "running", attempt: 1 }));
  const stale = { jobs: [...server.jobs.values()], next: null, total: 1 };
  /** @type {(value?: unknown) => void} */
  let answer = () => {};
  const held = new Promise((resolve) => answer = resolve);
  server.answers.set("GET /api/jobs", async () => {
    await held;
    return Response.json(stale);
  });

  const reading = jobs.refresh();
  jobs.hear(server.move("job-1", { state: "succeeded" }));
  answer();
  await reading;

  assert.equal(jobs.known.value.get("job-1")?.state, "succeeded");
  await server.stop();
});

Deno.test("the answer to a request does not take back the end of a job", async () => {
  const { server, jobs } = await listing(toyJob({ number: 1, state: "succeeded", attempt: 1 }));

  jobs.put(toyJob({ number: 1, state: "running", attempt: 1 }));

  assert.equal(jobs.known.value.get("job-1")?.state, "succeeded");
  await server.stop();
});

Deno.test("where more jobs came than fit on a page, those between are found as older ones", async () => {
  const { server, jobs, ids } = await listing(...many(10));
  for (const job of many(130)) server.jobs.set(job.id, job);

  await jobs.refresh();
  assert.ok(await jobs.loadOlder());
  assert.ok(await jobs.loadOlder());

  assert.deepEqual(ids(), many(130).map(({ number }) => number).reverse());
  await server.stop();
});

Deno.test("a pause is heard at once", async () => {
  const { server, jobs } = await listing();

  jobs.hear(server.emit("queue", "", { paused: true }));

  assert.equal(jobs.queue.value?.paused, true);
  await server.stop();
});
