/** Jobs and what is seen of them: the list, how nodes fare, pictures, progress; and submitting and ending them. */

import { batch, computed, signal } from "@preact/signals";

import { isApiFault, UNREACHABLE } from "./fault.js";
import { createJobs } from "./jobs.js";
import { createNodeRuns, isFinal } from "./node_runs.js";
import { oncePerFrame } from "./pacing.js";
import { progressOf } from "./progress.js";
import { randomId } from "./random.js";
import { createReplays } from "./replays.js";
import { submissionOf } from "./submission.js";
import { createTabRuns } from "./tab_runs.js";
import { normalize } from "../model/document.js";

/**
 * @import { Catalog, JobView, Runs, WorkflowDocument } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 * @import { NodeRuns } from "./node_runs.js"
 * @import { Progress } from "./progress.js"
 * @import { Passing, ServerEvent } from "./socket.js"
 * @import { Stream } from "./stream.js"
 * @import { TabRuns } from "./tab_runs.js"
 */

/**
 * @typedef {object} RunMemory Which jobs each tab showed, the newest last; it outlives the page.
 * @property {(tab: string) => readonly string[]} jobsOf
 * @property {(tab: string, jobs: readonly string[]) => void} keepJobs
 */

/** Milliseconds before a submission whose answer was lost is sent again. */
const AGAIN = [500, 2000];
const MOST_DOCUMENTS = 50;

/**
 * Makes the runs of a page; they come to life with the stream.
 *
 * @param {Api} api
 * @param {Stream} stream
 * @param {{ catalog: Pick<Catalog, "get">, memory?: RunMemory }} parts
 * @returns {Runs}
 */
export const createRuns = (api, stream, { catalog, memory }) => {
  const jobs = createJobs(api);
  /** @type {Map<string, NodeRuns>} */
  const records = new Map();
  /** @type {Map<string, TabRuns>} */
  const tabs = new Map();
  /** @type {Map<string, import("@preact/signals").Signal<Progress>>} */
  const progresses = new Map();
  const costs = createCosts();
  const documents = createDocuments(api);
  /** @type {Set<string>} Jobs of which something changed since the last frame. */
  const changed = new Set();

  /** @param {string} id */
  const recordOf = (id) => {
    const record = records.get(id) ?? createNodeRuns();
    records.set(id, record);
    return record;
  };
  const replays = createReplays(api, (id, events) => {
    events.forEach(recordOf(id).hear);
    changed.add(id);
    flushSoon();
  });
  /** @param {string} id */
  const isShown = (id) => [...tabs.values()].some((tab) => tab.shown.peek() === id);
  /** @param {string} id */
  const updateProgress = (id) => {
    const progress = progresses.get(id);
    const job = jobs.known.peek().get(id);
    if (!progress || !job) return;
    const record = records.get(id);
    if (isFinal(job.state)) progress.value = { done: 1, secondsLeft: 0 };
    else if (!record) progress.value = { done: 0, secondsLeft: null };
    else progress.value = progressOf(record, costs.of(job.name));
  };
  /** @param {string} id */
  const learn = (id) => {
    const job = jobs.known.peek().get(id);
    const record = records.get(id);
    if (job && record && isFinal(job.state)) costs.learn(job.name, record);
  };
  const flush = () =>
    batch(() => {
      for (const id of changed) {
        const nodes = records.get(id)?.takeChanged() ?? new Set();
        for (const tab of tabs.values()) if (tab.shown.peek() === id) tab.update(nodes);
        updateProgress(id);
        learn(id);
      }
      changed.clear();
      tidy();
    });
  const flushSoon = oncePerFrame(flush);
  /** Gives up what nobody looks at any more, and says which jobs are looked at. */
  const tidy = () => {
    const watched = [];
    for (const [id, job] of jobs.known.peek()) {
      const isLookedAt = isShown(id) || progresses.has(id);
      if (!isFinal(job.state) && isLookedAt) watched.push(id);
      if (isShown(id) || (job.state === "running" && isLookedAt)) replays.need(job);
      else replays.drop(id);
    }
    for (const [id, record] of records) {
      const job = jobs.known.peek().get(id);
      if (isShown(id) || (job ? !isFinal(job.state) : !record.isOver())) continue;
      record.destroy();
      records.delete(id);
      replays.forget(id);
    }
    stream.watch(watched.sort());
  };
  /** @param {string} id Shows how a job is now in every tab that shows it. */
  const jobChanged = (id) => {
    for (const tab of tabs.values()) {
      if (tab.shown.peek() === id) tab.update();
      if (tab.trail().includes(id)) tab.lookForPictures();
    }
    changed.add(id);
    flushSoon();
  };
  /** @param {string} id A job that begins to run is shown by the tab that submitted it. */
  const follow = (id) => {
    for (const tab of tabs.values()) {
      const shown = jobs.known.peek().get(tab.shown.peek() ?? "");
      if (tab.trail().includes(id) && shown && shown.state !== "running") tab.follow(id);
    }
  };
  /** @param {ServerEvent} event */
  const hear = (event) => {
    if (event.type === "nodes" || event.type === "job") {
      replays.heard(event);
      recordOf(event.job || event.data.id).hear(event);
      changed.add(event.job);
    }
    if (event.type === "job" || event.type === "queue") jobs.hear(event);
    if (event.type !== "job") return;
    if (event.data.state === "running") follow(event.job);
    jobChanged(event.job);
  };
  const refresh = () =>
    jobs.refresh().then(() => {
      for (const id of jobs.known.peek().keys()) jobChanged(id);
    }, () => {
      if (stream.connection.peek() === "open") setTimeout(refresh, AGAIN[1]);
    });
  stream.listen({
    open: (isGapless) => {
      replays.restart(isGapless);
      refresh();
    },
    events: (events) => {
      events.forEach(hear);
      flushSoon();
    },
    passing: (frames) => {
      for (const frame of frames) {
        if (frame.picture && !isShown(frame.job)) continue;
        recordOf(frame.job).pass(frame);
        changed.add(frame.job);
      }
      flushSoon();
    },
  });

  /** @param {string} id */
  const load = async (id) => {
    if (jobs.known.peek().has(id)) return;
    try {
      jobs.put(await api.job(id));
      jobChanged(id);
    } catch (fault) {
      if (!isApiFault(fault)) throw fault;
      // It was deleted meanwhile, or the server is away; then the list is read again when it is back.
    }
  };
  /** @param {string} id */
  const tabOf = (id) => {
    const known = tabs.get(id);
    if (known) return known;
    const tab = createTabRuns({
      job: (job) => jobs.known.peek().get(job),
      run: (job) => records.get(job),
      document: documents.of,
    });
    tabs.set(id, tab);
    const shown = memory?.jobsOf(id) ?? [];
    tab.restore(shown);
    shown.forEach(load);
    return tab;
  };
  /** @param {string} tab @param {string | null} job */
  const show = (tab, job) => {
    tabOf(tab).show(job);
    memory?.keepJobs(tab, tabOf(tab).trail());
    if (job !== null) load(job);
    flushSoon();
  };
  /** @param {JobView} job */
  const take = (job) => {
    jobs.put(job);
    jobChanged(job.id);
    return job;
  };
  return {
    jobs: jobs.list,
    queue: jobs.queue,
    connection: stream.connection,
    shown: (tab) => {
      const { shown } = tabOf(tab);
      return computed(() => jobs.known.value.get(shown.value ?? "") ?? null);
    },
    show,
    node: (tab, node) => tabOf(tab).node(node),
    pictures: (tab, node) => tabOf(tab).pictures(node),
    progress: (job) => {
      const known = progresses.get(job) ?? signal({ done: 0, secondsLeft: null });
      if (!progresses.has(job)) {
        progresses.set(job, known);
        changed.add(job);
        flushSoon();
      }
      return known;
    },
    submit: async (tab, { targets, inputs } = {}) => {
      const document = tab.history.document.peek();
      const name = tab.name.peek() ?? document.title;
      const work = submissionOf(document, catalog, { targets, inputs, name });
      const key = randomId();
      const job = await insist(() => api.submit(work, { key }));
      documents.put(job.id, normalize(work.workflow));
      take(job);
      show(tab.id, job.id);
      return job;
    },
    cancel: async (job) => {
      take(await api.cancel(job));
    },
    retry: async (id) => {
      const job = take(await api.retry(id));
      for (const [tab, runs] of tabs) if (runs.trail().includes(id)) show(tab, job.id);
      return job;
    },
    remove: async (job) => {
      await api.remove(job);
      jobs.drop(job);
    },
    pause: async () => {
      jobs.queue.value = await api.pause();
    },
    resume: async () => {
      jobs.queue.value = await api.resume();
    },
    loadOlder: jobs.loadOlder,
  };
};

/**
 * Sends a request again whose answer was lost; the server knows it by its key.
 *
 * @template T
 * @param {() => Promise<T>} send
 * @returns {Promise<T>}
 */
const insist = async (send) => {
  for (const delay of AGAIN) {
    try {
      return await send();
    } catch (fault) {
      if (!isApiFault(fault) || fault.code !== UNREACHABLE) throw fault;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
  return await send();
};

/** What nodes of workflows took when they last ran. */
const createCosts = () => {
  /** @type {Map<string, Map<string, number>>} */
  const known = new Map();
  /** @param {string} name */
  const of = (name) => known.get(name) ?? new Map();
  return {
    of,
    /** @param {string} name @param {NodeRuns} run */
    learn: (name, run) => {
      const costs = of(name);
      for (const [id, part] of run.parts()) if (part.state === "ran") costs.set(id, part.seconds ?? 0);
      known.set(name, costs);
    },
  };
};

/** @param {Api} api */
const createDocuments = (api) => {
  /** @type {Map<string, Promise<WorkflowDocument | null>>} */
  const known = new Map();
  /** @param {string} id @param {Promise<WorkflowDocument | null>} document */
  const put = (id, document) => {
    known.set(id, document);
    for (const old of [...known.keys()].slice(0, -MOST_DOCUMENTS)) known.delete(old);
  };
  /** @param {string} id */
  const fetched = async (id) => {
    try {
      return normalize((await api.jobDocument(id)).workflow);
    } catch {
      // It is asked for again when it is next needed: the job may be gone, or only the server away.
      known.delete(id);
      return null;
    }
  };
  return {
    /** @param {string} id @param {WorkflowDocument} document */
    put: (id, document) => put(id, Promise.resolve(document)),
    /** @param {string} id */
    of: (id) => {
      const document = known.get(id) ?? fetched(id);
      put(id, document);
      return document;
    },
  };
};
