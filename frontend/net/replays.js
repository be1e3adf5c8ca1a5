/** What happened to jobs before the page was there: their events are read again from the first one on. */

import { isFinal } from "./node_runs.js";
import { openSocket } from "./socket.js";

/**
 * @import { JobView } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 * @import { ServerEvent } from "./socket.js"
 */

/**
 * Makes the replays; none runs until a job is needed.
 *
 * @param {Api} api
 * @param {(job: string, events: readonly ServerEvent[]) => void} hear
 */
export const createReplays = (api, hear) => {
  /** @type {Map<string, { close: () => void }>} */
  const sockets = new Map();
  /** @type {Set<string>} Jobs of which every event was heard, or is going to be. */
  const whole = new Set();

  /** @param {string} id */
  const drop = (id) => {
    const socket = sockets.get(id);
    if (!socket) return;
    socket.close();
    sockets.delete(id);
    whole.delete(id);
  };
  /** @param {string} id */
  const begin = (id) => {
    whole.add(id);
    const socket = openSocket(api.base, { after: 0, job: id, types: "job,nodes" }, {
      events: (events) => {
        hear(id, events);
        // The stream goes on for good, but nothing comes behind the end of a job.
        if (!events.some(({ type, data }) => type === "job" && isFinal(data.state))) return;
        sockets.delete(id);
        socket.close();
      },
      closed: () => {
        sockets.delete(id);
        whole.delete(id);
      },
    });
    sockets.set(id, socket);
  };
  return {
    /** Reads what happened to a job unless it is known. @param {JobView} job */
    need: (job) => {
      // Of a job that waits nothing happened yet that anybody missed.
      if (job.state !== "queued" && !whole.has(job.id)) begin(job.id);
    },
    /** Reads no further. @param {string} id */
    drop,
    /** Has a job be read again when it is next needed. @param {string} id */
    forget: (id) => {
      drop(id);
      whole.delete(id);
    },
    /** Takes note of an event of the live stream. @param {ServerEvent} event */
    heard: ({ type, job, data }) => {
      if (type === "job" && data.state === "queued") whole.add(job);
    },
    /** Begins anew once the live stream is back. @param {boolean} isGapless Whether it goes on where it was. */
    restart: (isGapless) => {
      if (!isGapless) whole.clear();
      for (const id of sockets.keys()) whole.add(id);
    },
  };
};
