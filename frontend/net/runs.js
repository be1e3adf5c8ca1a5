/** Jobs and what is seen of them; and submitting and ending them. */

import { computed } from "@preact/signals";

import { createBoard } from "./board.js";
import { eachTab } from "./each_tab.js";
import { isApiFault, UNREACHABLE } from "./fault.js";
import { randomId } from "./random.js";
import { remembered } from "./remembered.js";
import { renamesIn } from "./renamings.js";
import { submissionOf } from "./submission.js";

/**
 * @import { JobView, Runs, Tabs } from "../interfaces.d.ts"
 * @import { Installed } from "../model/sockets.js"
 * @import { Api } from "./api.js"
 * @import { RunMemory } from "./board.js"
 * @import { Stream } from "./stream.js"
 */

/** Milliseconds before a submission whose answer was lost is sent again. */
const AGAIN = [500, 2000];

/**
 * Makes the runs of a page; they come to life with the stream.
 *
 * @param {Api} api
 * @param {Stream} stream
 * @param {{ catalog: Installed, memory?: RunMemory, tabs?: Tabs["all"] }} parts `tabs` are those whose nodes keep their
 *   outcomes when they are renamed.
 * @returns {Runs}
 */
export const createRuns = (api, stream, { catalog, memory, tabs }) => {
  const board = createBoard(api, stream, memory);
  if (tabs) {
    eachTab(
      tabs,
      ({ id, history }) =>
        history.listen((op) => renamesIn(op).forEach(([from, to]) => board.rename(id, from, to))),
    );
  }
  const { jobs } = board;
  return {
    jobs: jobs.list,
    queue: jobs.queue,
    connection: stream.connection,
    shown: remembered((tab) => {
      const { shown } = board.tabOf(tab);
      return computed(() => jobs.known.value.get(shown.value ?? "") ?? null);
    }),
    show: board.show,
    node: (tab, node) => board.tabOf(tab).node(node),
    pictures: (tab, node) => board.tabOf(tab).pictures(node),
    progress: board.progress,
    submit: async (tab, { targets, inputs } = {}) => {
      const document = tab.history.document.peek();
      const name = tab.name.peek() ?? document.title;
      const work = submissionOf(document, catalog, { targets, inputs, name });
      const key = randomId();
      const job = await insist(() => api.submit(work, { key }));
      board.documents.put(job.id, work.workflow);
      board.take(job);
      board.show(tab.id, job.id);
      return job;
    },
    cancel: async (id) => void board.take(await api.cancel(id)),
    retry: async (id) => {
      const key = randomId();
      const job = board.take(await insist(() => api.retry(id, { key })));
      for (const [tab, runs] of board.tabs) if (runs.trail().includes(id)) board.show(tab, job.id);
      return job;
    },
    putFirst: async (id) => void board.take(await api.putFirst(id)),
    remove: async (id) => {
      await api.remove(id);
      jobs.drop(id);
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
 * @param {() => Promise<JobView>} send
 * @param {readonly number[]} delays
 * @returns {Promise<JobView>}
 */
const insist = async (send, [delay, ...delays] = AGAIN) => {
  try {
    return await send();
  } catch (fault) {
    if (delay === undefined || !isApiFault(fault) || fault.code !== UNREACHABLE) throw fault;
    await new Promise((resolve) => setTimeout(resolve, delay));
    return await insist(send, delays);
  }
};
