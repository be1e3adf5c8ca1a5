/** The jobs in the order in which they are shown. No DOM. */

/** @import { JobView } from "../interfaces.d.ts" */

/**
 * Gives the job whose progress is shown in the bar: the one that has run longest.
 *
 * @param {readonly JobView[]} jobs
 * @returns {JobView | null}
 */
export const activeJob = (jobs) => jobs.findLast((job) => job.state === "running") ?? null;

/** Whether nothing will happen to a job any more. @param {JobView} job */
export const hasEnded = (job) => job.state !== "queued" && job.state !== "running";

/**
 * Sorts jobs into those that run, those that wait, in the order in which they will run, and those that ended,
 * newest first.
 *
 * @param {readonly JobView[]} jobs
 */
export const sortJobs = (jobs) => ({
  running: jobs.filter((job) => job.state === "running").toSorted((a, b) => a.number - b.number),
  waiting: jobs.filter((job) => job.state === "queued").toSorted(byTurn),
  ended: jobs.filter(hasEnded).toSorted((a, b) => endOf(b) - endOf(a) || b.number - a.number),
});

/**
 * Gives the batches among jobs that have not ended, with how many of each are left.
 *
 * @param {readonly JobView[]} jobs
 * @returns {{ id: string, name: string, left: number }[]}
 */
export const openBatches = (jobs) => {
  /** @type {Map<string, { id: string, name: string, left: number }>} */
  const batches = new Map();
  for (const job of jobs) {
    if (!job.batch || hasEnded(job)) continue;
    const known = batches.get(job.batch) ?? { id: job.batch, name: job.name, left: 0 };
    batches.set(job.batch, { ...known, left: known.left + 1 });
  }
  return [...batches.values()];
};

/** @type {(a: JobView, b: JobView) => number} */
const byTurn = (a, b) =>
  a.position !== null && b.position !== null
    ? a.position - b.position
    : b.priority - a.priority || a.number - b.number;

/** @param {JobView} job */
const endOf = (job) => Date.parse(job.finished_at ?? job.created_at);
