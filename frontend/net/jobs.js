/** The newest jobs and the queue, kept in step with the server by its events. */

import { batch, computed, signal } from "@preact/signals";

import { isFinal } from "./node_runs.js";
import { onceQuiet } from "./pacing.js";

/**
 * @import { JobView, QueueView } from "../interfaces.d.ts"
 * @import { OutputView } from "../types.d.ts"
 * @import { Api } from "./api.js"
 * @import { ServerEvent } from "./socket.js"
 */

const PAGE = 50;
/** Milliseconds between an event and reading the list again. */
const SETTLE = { quiet: 250, most: 1000 };

/** @typedef {ReturnType<typeof createJobs>} Jobs */

/**
 * Makes the list; it is empty until `refresh` has read it.
 *
 * @param {Api} api
 */
export const createJobs = (api) => {
  /** @type {import("@preact/signals").Signal<ReadonlyMap<string, JobView>>} */
  const known = signal(new Map());
  /** @type {import("@preact/signals").Signal<QueueView | null>} */
  const queue = signal(null);
  /** @type {string | null | undefined} Where older jobs begin; undefined before anything was read. */
  let older;
  /** @type {Set<string>} Jobs that events spoke of since the list was last asked for. */
  let touched = new Set();
  const refreshSoon = onceQuiet(() => refresh().catch(unread), SETTLE);

  /** @param {Iterable<JobView>} views @param {(job: JobView) => boolean} [isGone] */
  const merge = (views, isGone = () => false) => {
    const merged = new Map([...known.value].filter(([id, job]) => touched.has(id) || !isGone(job)));
    for (const view of views) {
      // What an event said since is newer than a list that was asked for before.
      if (!touched.has(view.id) || !merged.has(view.id)) merged.set(view.id, view);
    }
    known.value = merged;
  };
  const refresh = async () => {
    touched = new Set();
    const [page, count] = await Promise.all([api.jobs({ limit: PAGE }), api.queue()]);
    const running = page.jobs.filter((job) => job.state === "running").length;
    const more = running < count.counts.running
      ? (await api.jobs({ state: "running", limit: PAGE })).jobs
      : [];
    const oldest = page.next === null ? 0 : page.jobs[page.jobs.length - 1]?.number ?? 0;
    const listed = new Set([...page.jobs, ...more].map((job) => job.id));
    // Where more came than fit on a page, what lies between is found by looking for older ones.
    if (older === undefined || !page.jobs.some((job) => known.value.has(job.id))) older = page.next;
    batch(() => {
      merge(
        [...more, ...page.jobs],
        (job) => !listed.has(job.id) && (job.number >= oldest || !isFinal(job.state)),
      );
      queue.value = count;
    });
  };
  /** @param {string} id */
  const drop = (id) => {
    const left = new Map(known.value);
    if (left.delete(id)) known.value = left;
  };
  return {
    /** The jobs by their ids. */
    known,
    /** The jobs, newest first. */
    list: computed(() => [...known.value.values()].sort((a, b) => b.number - a.number)),
    queue,
    refresh,
    /** Takes up a job as the server just gave it. @param {JobView} view */
    put: (view) => {
      refreshSoon();
      const before = known.value.get(view.id);
      // Its end can be heard of before the answer to a request that was sent while it ran.
      if (before && isFinal(before.state) && !isFinal(view.state)) return;
      touched.add(view.id);
      known.value = new Map(known.value).set(view.id, view);
    },
    drop,
    /** Takes up an event about a job or the queue. @param {ServerEvent} event */
    hear: (event) => {
      refreshSoon();
      if (event.type === "queue" && queue.value) queue.value = { ...queue.value, paused: event.data.paused };
      if (event.type !== "job") return;
      if (event.data.state === "deleted") drop(event.data.id);
      const job = known.value.get(event.job);
      if (!job) return;
      touched.add(job.id);
      known.value = new Map(known.value).set(job.id, patched(job, event));
    },
    /** Loads older jobs; false where there are none. */
    loadOlder: async () => {
      if (!older) return false;
      const page = await api.jobs({ cursor: older, limit: PAGE });
      older = page.next;
      merge(page.jobs);
      return page.jobs.length > 0;
    },
  };
};

/** A server that is away is heard of through the connection; the list is read again when it is back. */
const unread = () => undefined;

/** @param {JobView} job @param {ServerEvent} event @returns {JobView} */
const patched = (job, { at, data }) => {
  const when = new Date(at * 1000).toISOString();
  const isOver = isFinal(data.state);
  return {
    ...job,
    state: data.state,
    attempt: data.attempt,
    priority: data.priority,
    cancelling: data.is_cancelling === true && !isOver,
    problems: data.problems ?? [],
    position: data.state === "queued" ? job.position : null,
    // Asking it to stop tells of a job that runs once more, and does not start it anew.
    started_at: data.state === "running" && job.state !== "running" ? when : job.started_at,
    ...(isOver ? { finished_at: when, counts: data.counts, seconds: data.seconds } : {}),
    ...(isOver ? { outputs: data.outputs.map(outputOf) } : {}),
  };
};

/** @param {any} made @returns {OutputView} */
const outputOf = ({ output, index, type, value = null, digest, media_type, size, width, height }) => {
  const url = `/api/assets/${digest}`;
  const thumbnail_url = media_type?.startsWith("image/") ? `${url}/thumbnail` : null;
  const asset = digest ? { digest, url, media_type, size, width, height, thumbnail_url } : null;
  return { output, index, type, value, asset };
};
