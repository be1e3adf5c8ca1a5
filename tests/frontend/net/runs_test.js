import assert from "node:assert/strict";
import { signal } from "@preact/signals";

import { createApi } from "../../../frontend/net/api.js";
import { isApiFault } from "../../../frontend/net/fault.js";
import { createRuns } from "../../../frontend/net/runs.js";
import { createStream } from "../../../frontend/net/stream.js";
import { toyCatalog } from "./toy_catalog.js";
import { problem, startToyServer, toyJob, toyPicture, until } from "./toy_server.js";
import { toyTab } from "./toy_tab.js";

/** @import { Tab } from "../../../frontend/interfaces.d.ts" */

/** @param {Parameters<typeof startToyServer>[0]} [kept] */
const running = async (kept) => {
  const server = startToyServer(kept);
  const api = createApi({ base: server.base });
  const stream = createStream(api, { delays: { first: 5, most: 20 } });
  /** @type {import("@preact/signals").Signal<readonly Tab[]>} */
  const tabs = signal([]);
  const runs = createRuns(api, stream, { catalog: toyCatalog, tabs });
  stream.start();
  await until(() => runs.queue.value !== null);
  const end = async () => {
    stream.close();
    await server.stop();
  };
  return { server, runs, tabs, end };
};

Deno.test("a document is submitted with its pictures as outputs, and its run is shown in its nodes", async () => {
  const { server, runs, end } = await running();
  const tab = toyTab();

  const job = await runs.submit(tab, { inputs: { seed: 1 } });
  assert.equal(runs.shown(tab.id).value?.id, job.id);
  await until(() => runs.node(tab.id, "other").value?.state === "waiting");
  server.move(job.id, { state: "running", attempt: 1 });
  server.emit("nodes", job.id, { attempt: 1, total: 3, started: ["other"] });
  await until(() => runs.node(tab.id, "other").value?.state === "running");
  server.move(job.id, {
    state: "succeeded",
    outputs: [toyPicture("other_image", "d1"), toyPicture("result", "d2")],
  });
  await until(() => runs.pictures(tab.id, "other").value.length === 1);

  const [{ body, headers }] = server.requests.filter(({ method }) => method === "POST");
  assert.deepEqual(Object.keys(body.workflow.outputs), ["result", "other_image"]);
  assert.deepEqual([body.name, body.inputs], ["Toy", { seed: 1 }]);
  assert.match(headers.get("Idempotency-Key") ?? "", /^[0-9a-f]{32}$/);
  assert.equal(runs.pictures(tab.id, "scale").value[0].digest, "d2");
  assert.equal(runs.jobs.value[0].state, "succeeded");
  await end();
});

Deno.test("pictures stay through undo and through a run of something else", async () => {
  const { server, runs, end } = await running();
  const tab = toyTab();
  tab.history.perform({ id: "x" }, { op: "set-words", title: "Other" });
  const job = await runs.submit(tab);
  server.move(job.id, { state: "succeeded", outputs: [toyPicture("result", "d2")] });
  await until(() => runs.pictures(tab.id, "scale").value.length === 1);

  tab.history.undo();
  const next = await runs.submit(tab, { targets: ["other"] });
  server.move(next.id, { state: "succeeded", outputs: [toyPicture("other.image", "d3")] });
  await until(() => runs.pictures(tab.id, "other").value.length === 1);

  assert.equal(runs.pictures(tab.id, "scale").value[0].digest, "d2");
  assert.deepEqual(runs.pictures("another", "scale").value, []);
  await end();
});

Deno.test("a submission whose answer was lost is sent again with the same key", async () => {
  const { server, runs, end } = await running();
  let losses = 2;
  server.answers.set("POST /api/jobs", () => {
    losses -= 1;
    if (losses === 0) server.answers.delete("POST /api/jobs");
    // A connection that breaks off in the middle is no answer at all.
    return new Response(new ReadableStream({ pull: (stream) => stream.error() }));
  });

  const job = await runs.submit(toyTab());

  const sent = server.requests.filter(({ method }) => method === "POST").map(({ headers }) =>
    headers.get("Idempotency-Key")
  );
  assert.equal(runs.jobs.value[0].id, job.id);
  assert.equal(sent.length, 3);
  assert.equal(new Set(sent).size, 1);
  await end();
});

Deno.test("a workflow that is refused is a fault with its problems, and no job", async () => {
  const { server, runs, end } = await running();
  server.answers.set("POST /api/jobs", () => problem(422, "value-missing", "There is a value missing."));

  await assert.rejects(runs.submit(toyTab()), (fault) => isApiFault(fault) && fault.code === "value-missing");

  assert.deepEqual(runs.jobs.value, []);
  await end();
});

Deno.test("a job is cancelled, and run again in the tab that shows it", async () => {
  const job = toyJob({ number: 1 });
  const { server, runs, end } = await running({ jobs: new Map([[job.id, job]]) });
  runs.show("t", job.id);
  server.answers.set("POST /api/jobs/job-1/cancel", () => Response.json({ ...job, state: "cancelled" }));
  server.answers.set("POST /api/jobs/job-1/retry", () => {
    const next = toyJob({ number: 2, retry_of: "job-1" });
    server.jobs.set(next.id, next);
    return Response.json(next);
  });

  await runs.cancel("job-1");
  assert.equal(runs.shown("t").value?.state, "cancelled");
  await runs.retry("job-1");

  assert.equal(runs.shown("t").value?.id, "job-2");
  await end();
});

Deno.test("a job that is removed is gone from the list", async () => {
  const { server, runs, end } = await running({
    jobs: new Map([["job-1", toyJob({ number: 1, state: "failed" })]]),
  });
  server.answers.set("DELETE /api/jobs/job-1", () => new Response(null, { status: 204 }));
  await until(() => runs.jobs.value.length === 1);

  await runs.remove("job-1");

  assert.deepEqual(runs.jobs.value, []);
  await end();
});

Deno.test("a job that is put first stays the same job", async () => {
  const waiting = toyJob({ number: 1 });
  const { server, runs, end } = await running({ jobs: new Map([["job-1", waiting]]) });
  server.answers.set("POST /api/jobs/job-1/first", () => {
    server.jobs.set("job-1", { ...waiting, priority: 1 });
    return Response.json(server.jobs.get("job-1"));
  });
  await until(() => runs.jobs.value.length === 1);

  await runs.putFirst("job-1");

  assert.deepEqual(runs.jobs.value.map(({ id, number, priority }) => [id, number, priority]), [[
    "job-1",
    1,
    1,
  ]]);
  await end();
});

Deno.test("the queue is paused and resumed", async () => {
  const { server, runs, end } = await running();
  const queue = { paused: true, counts: { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 } };
  server.answers.set("POST /api/queue/pause", () => Response.json(queue));
  server.answers.set("POST /api/queue/resume", () => Response.json({ ...queue, paused: false }));

  await runs.pause();
  assert.equal(runs.queue.value?.paused, true);
  await runs.resume();

  assert.equal(runs.queue.value?.paused, false);
  await end();
});

Deno.test("a node keeps its pictures when it is renamed, and when that is undone; the next run knows its new name", async () => {
  const { server, runs, tabs, end } = await running();
  const tab = toyTab();
  tabs.value = [tab];
  const job = await runs.submit(tab);
  server.move(job.id, { state: "succeeded", outputs: [toyPicture("result", "d1")] });
  await until(() => runs.pictures(tab.id, "scale").value.length === 1);

  const rename = { op: /** @type {const} */ ("rename-node"), node: "scale", name: "sized" };
  tab.history.perform({ id: "x" }, { op: "together", ops: [rename] });
  await until(() => runs.pictures(tab.id, "sized").value.length === 1);
  const next = await runs.submit(tab);
  server.move(next.id, { state: "succeeded", outputs: [toyPicture("result", "d2")] });
  await until(() => runs.pictures(tab.id, "sized").value[0].digest === "d2");
  assert.deepEqual(runs.pictures(tab.id, "scale").value, []);

  tab.history.undo();
  await until(() => runs.pictures(tab.id, "scale").value.length === 1);
  assert.equal(runs.pictures(tab.id, "scale").value[0].digest, "d2");
  await end();
});
