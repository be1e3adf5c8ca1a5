import assert from "node:assert/strict";
import { activeJob, openBatches, sortJobs } from "../../../frontend/panels/queue_rows.js";

/** @import { JobView } from "../../../frontend/interfaces.d.ts" */

/** @param {Partial<JobView>} parts @returns {JobView} */
const job = (parts) => /** @type {JobView} */ ({
  id: `job-${parts.number}`,
  number: 1,
  state: "queued",
  name: "portrait",
  priority: 0,
  position: null,
  batch: null,
  created_at: "2026-11-21T10:00:00Z",
  finished_at: null,
  ...parts,
});

/** @param {readonly JobView[]} jobs */
const numbers = (jobs) => jobs.map(({ number }) => number);

Deno.test("jobs that wait stand in the order in which the server runs them", () => {
  const jobs = [
    job({ number: 3, position: 2 }),
    job({ number: 4, position: 1 }),
    job({ number: 5, position: 3 }),
  ];

  assert.deepEqual(numbers(sortJobs(jobs).waiting), [4, 3, 5]);
});

Deno.test("a job that has no place yet stands by its priority, then by its number", () => {
  const jobs = [job({ number: 3 }), job({ number: 2 }), job({ number: 4, priority: 5 })];

  assert.deepEqual(numbers(sortJobs(jobs).waiting), [4, 2, 3]);
});

Deno.test("what ended last stands first, whenever it was submitted", () => {
  const jobs = [
    job({ number: 1, state: "succeeded", finished_at: "2026-11-21T12:00:00Z" }),
    job({ number: 2, state: "failed", finished_at: "2026-11-21T11:00:00Z" }),
    job({ number: 3, state: "running" }),
  ];
  const sorted = sortJobs(jobs);

  assert.deepEqual(numbers(sorted.ended), [1, 2]);
  assert.deepEqual(numbers(sorted.running), [3]);
});

Deno.test("the bar shows the job that has run longest", () => {
  const jobs = [
    job({ number: 3, state: "running" }),
    job({ number: 2, state: "running" }),
    job({ number: 1 }),
  ];

  assert.equal(activeJob(jobs)?.number, 2);
  assert.equal(activeJob([]), null);
});

Deno.test("a batch is listed as long as one of its jobs has not ended", () => {
  const jobs = [
    job({ number: 1, batch: "a", state: "succeeded" }),
    job({ number: 2, batch: "a", state: "running" }),
    job({ number: 3, batch: "a" }),
    job({ number: 4, batch: "b", state: "cancelled" }),
    job({ number: 5 }),
  ];

  assert.deepEqual(openBatches(jobs), [{ id: "a", name: "portrait", left: 2 }]);
});
