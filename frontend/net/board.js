/** All that is known of runs, in step with the server: the jobs, how their nodes fare, and what each tab shows. */

import { batch, signal } from "@preact/signals";

import { isApiFault } from "./fault.js";
import { createJobDocuments } from "./job_documents.js";
import { createJobs } from "./jobs.js";
import { createNodeRuns, isFinal } from "./node_runs.js";
import { oncePerFrame } from "./pacing.js";
import { createCosts, progressOf } from "./progress.js";
import { createReplays } from "./replays.js";
import { createTabRuns } from "./tab_runs.js";

/**
 * @import { JobView } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 * @import { NodeRuns } from "./node_runs.js"
 * @import { Progress } from "./progress.js"
 * @import { Names } from "./renamings.js"
 * @import { Passing, ServerEvent } from "./socket.js"
 * @import { Stream } from "./stream.js"
 * @import { TabRuns } from "./tab_runs.js"
 */

/**
 * @typedef {object} RunMemory Which jobs each tab showed, the newest last; it outlives the page.
 * @property {(tab: string) => readonly string[]} jobsOf
 * @property {(tab: string) => Names} namesOf Nodes that were renamed since those jobs were submitted.
 * @property {(tab: string, jobs: readonly string[], names: Names) => void} keepJobs
 */

/** Milliseconds after which a list that could not be read is asked for again. */
const AGAIN = 2000;

/** @typedef {ReturnType<typeof createBoard>} Board */
/** @typedef {ReturnType<typeof createRecords>} Records */

/**
 * Makes the board of a page; it comes to life with the stream.
 *
 * @param {Api} api
 * @param {Stream} stream
 * @param {RunMemory} [memory]
 */
export const createBoard = (api, stream, memory) => {
  const documents = createJobDocuments(api);
  const records = createRecords(api, stream);
  const { jobs, job, tabs, progresses, touch, drawSoon } = records;
  const jobChanged = followStream(records, stream);

  /** @param {JobView} view Takes up a job as the server just gave it. */
  const take = (view) => {
    jobs.put(view);
    jobChanged(view.id);
    return view;
  };
  /** @param {string} id */
  const load = async (id) => {
    if (job(id)) return;
    try {
      take(await api.job(id));
    } catch (fault) {
      // It was deleted meanwhile, or the server is away and it is listed when that is back.
      if (!isApiFault(fault)) throw fault;
    }
  };
  /** @param {string} id */
  const tabOf = (id) => {
    const known = tabs.get(id);
    if (known) return known;
    const tab = createTabRuns({ job, run: records.of, document: documents.of }, memory?.namesOf(id));
    tabs.set(id, tab);
    const shown = memory?.jobsOf(id) ?? [];
    tab.restore(shown);
    shown.forEach(load);
    return tab;
  };
  /** @param {string} tab */
  const keep = (tab) => memory?.keepJobs(tab, tabOf(tab).trail(), tabOf(tab).names());
  return {
    jobs,
    documents,
    tabs,
    tabOf,
    take,
    /** Shows a job in a tab. @param {string} tab @param {string | null} id */
    show: (tab, id) => {
      tabOf(tab).show(id);
      keep(tab);
      if (id !== null) load(id);
      drawSoon();
    },
    /** Has what is known of a node of a tab go on under its new name. @param {string} tab @param {string} from @param {string} to */
    rename: (tab, from, to) => {
      tabOf(tab).rename(from, to);
      keep(tab);
    },
    /** How far a job is. @param {string} id */
    progress: (id) => {
      const known = progresses.get(id) ?? signal({ done: 0, secondsLeft: null });
      if (!progresses.has(id)) {
        progresses.set(id, known);
        touch(id);
      }
      return known;
    },
  };
};

/**
 * Makes the records of how jobs fare. What changed is shown once a frame, and only what is looked at is told in full.
 *
 * @param {Api} api
 * @param {Stream} stream
 */
const createRecords = (api, stream) => {
  const jobs = createJobs(api);
  const costs = createCosts();
  /** @type {Map<string, NodeRuns>} */
  const records = new Map();
  /** @type {Map<string, TabRuns>} */
  const tabs = new Map();
  /** @type {Map<string, import("@preact/signals").Signal<Progress>>} */
  const progresses = new Map();
  /** @type {Set<string>} Jobs of which something changed since the last frame. */
  const changed = new Set();

  /** @param {string} id */
  const job = (id) => jobs.known.peek().get(id);
  /** @param {string} id */
  const isShown = (id) => [...tabs.values()].some((tab) => tab.shown.peek() === id);
  /** @param {string} id */
  const recordOf = (id) => {
    const record = records.get(id) ?? createNodeRuns();
    records.set(id, record);
    return record;
  };
  /** @param {string} id */
  const touch = (id) => {
    changed.add(id);
    drawSoon();
  };
  const replays = createReplays(api, (id, events) => {
    events.forEach(recordOf(id).hear);
    touch(id);
  });

  /** @param {string} id */
  const draw = (id) => {
    const nodes = records.get(id)?.takeChanged() ?? new Set();
    for (const tab of tabs.values()) if (tab.shown.peek() === id) tab.update(nodes);
    const [view, record, progress] = [job(id), records.get(id), progresses.get(id)];
    if (!view) return;
    if (record && isFinal(view.state)) costs.learn(view.name, record);
    if (!progress) return;
    if (isFinal(view.state)) progress.value = { done: 1, secondsLeft: 0 };
    else if (record) progress.value = progressOf(record, costs.of(view.name));
  };
  /** Has what is looked at be told in full, and gives up what nobody looks at any more. */
  const tidy = () => {
    const watched = [];
    for (const [id, view] of jobs.known.peek()) {
      const isLookedAt = isShown(id) || (progresses.has(id) && !isFinal(view.state));
      if (isLookedAt && !isFinal(view.state)) watched.push(id);
      if (isLookedAt) replays.need(view);
      else replays.drop(id);
    }
    for (const [id, record] of records) {
      const view = job(id);
      if (isShown(id) || (view ? !isFinal(view.state) : !record.isOver())) continue;
      record.destroy();
      records.delete(id);
      replays.forget(id);
    }
    stream.watch(watched.sort());
  };
  const drawSoon = oncePerFrame(() =>
    batch(() => {
      changed.forEach(draw);
      changed.clear();
      tidy();
    })
  );
  return {
    jobs,
    tabs,
    progresses,
    replays,
    job,
    isShown,
    recordOf,
    touch,
    drawSoon,
    /** How the nodes of a job fare, as far as that was heard. @param {string} id */
    of: (id) => records.get(id),
  };
};

/**
 * Has records follow what the server tells, and read again what was missed.
 *
 * @param {Records} records
 * @param {Stream} stream
 */
const followStream = ({ jobs, tabs, replays, job, isShown, recordOf, touch }, stream) => {
  /** @param {string} id Has every tab look at a job that is not as it was. */
  const jobChanged = (id) => {
    for (const tab of tabs.values()) {
      if (tab.shown.peek() === id) tab.update();
      if (tab.trail().includes(id)) tab.lookForPictures();
    }
    touch(id);
  };
  /** @param {string} id A job that begins to run is shown by the tab that submitted it. */
  const follow = (id) => {
    for (const tab of tabs.values()) {
      const shown = job(tab.shown.peek() ?? "");
      if (tab.trail().includes(id) && shown && shown.state !== "running") tab.follow(id);
    }
  };
  /** @param {ServerEvent} event */
  const hear = (event) => {
    if (event.type === "job" || event.type === "queue") jobs.hear(event);
    // A job that was deleted is told of to all, and has no events of its own any more.
    if (event.job === "" || (event.type !== "job" && event.type !== "nodes")) return;
    replays.heard(event);
    recordOf(event.job).hear(event);
    if (event.type === "nodes") touch(event.job);
    else if (event.data.state === "running") follow(event.job);
    if (event.type === "job") jobChanged(event.job);
  };
  /** @param {Passing} frame */
  const pass = (frame) => {
    // Making a picture costs more than not showing it.
    if (frame.picture && !isShown(frame.job)) return;
    recordOf(frame.job).pass(frame);
    touch(frame.job);
  };
  const refresh = async () => {
    try {
      await jobs.refresh();
      for (const id of jobs.known.peek().keys()) jobChanged(id);
    } catch (fault) {
      if (!isApiFault(fault)) throw fault;
      // Where the connection is lost too, the list is read when it is back.
      if (stream.connection.peek() === "open") setTimeout(refresh, AGAIN);
    }
  };
  stream.listen({
    open: (isGapless) => {
      replays.restart(isGapless);
      refresh();
    },
    events: (events) => events.forEach(hear),
    passing: (frames) => frames.forEach(pass),
  });
  return jobChanged;
};
