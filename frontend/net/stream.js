/**
 * What happens on the server, as it happens, over a connection that is made again whenever it is lost.
 *
 * No event is missed: the server keeps them under numbers, and is asked for what came after the last one known.
 * Whoever also holds a snapshot reads it again at each `open`, since the server may have forgotten old events.
 */

import { batch, signal } from "@preact/signals";

import { openSocket } from "./socket.js";

/**
 * @import { Connection } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 * @import { Passing, ServerEvent } from "./socket.js"
 */

/** Milliseconds before the connection is tried again: the first time, and at most. */
const DELAYS = { first: 500, most: 10_000 };

/**
 * @typedef {object} StreamListener
 * @property {(isGapless: boolean) => void} [open] The connection is there, for the first time or again. Without a gap
 *   all events since the last one will be heard.
 * @property {(events: readonly ServerEvent[]) => void} [events]
 * @property {(frames: readonly Passing[]) => void} [passing]
 */

/** @typedef {ReturnType<typeof createStream>} Stream */

/**
 * Makes a stream; `start` connects it.
 *
 * @param {Api} api
 * @param {{ delays?: { first: number, most: number } }} [options]
 */
export const createStream = (api, { delays = DELAYS } = {}) => {
  /** @type {import("@preact/signals").Signal<Connection>} */
  const connection = signal("connecting");
  /** @type {Set<StreamListener>} */
  const listeners = new Set();
  /** @type {ReturnType<typeof openSocket> | null} */
  let socket = null;
  /** @type {number | null} Number of the last event that is known. */
  let last = null;
  /** @type {readonly string[]} */
  let watched = [];
  let failures = 0;
  let attempts = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const disconnect = () => {
    clearTimeout(timer);
    attempts += 1;
    socket?.close();
    socket = null;
  };
  const connect = () => {
    disconnect();
    /** @type {Record<string, number>} */
    const query = last === null ? {} : { after: last };
    socket = openSocket(api.base, query, { open, events, passing, closed });
  };
  const open = () => {
    failures = 0;
    socket?.say({ watch: [...watched] });
    batch(() => {
      connection.value = "open";
      listeners.forEach((listener) => listener.open?.(last !== null));
    });
  };
  /** @param {readonly ServerEvent[]} heard */
  const events = (heard) => {
    last = heard[heard.length - 1].number;
    batch(() => listeners.forEach((listener) => listener.events?.(heard)));
  };
  /** @param {readonly Passing[]} heard */
  const passing = (heard) => batch(() => listeners.forEach((listener) => listener.passing?.(heard)));
  /** @param {boolean} wasOpen */
  const closed = async (wasOpen) => {
    const mine = attempts;
    socket = null;
    connection.value = "lost";
    // A browser does not say why a socket was refused; a request does.
    const isRefused = !wasOpen && await isLocked(api);
    if (mine !== attempts) return;
    if (isRefused) {
      connection.value = "locked";
      return;
    }
    const delay = Math.min(delays.most, delays.first * 2 ** failures);
    failures += 1;
    // Many editors must not come back to a server that just started all at once.
    timer = setTimeout(connect, delay * (0.5 + Math.random() / 2));
  };
  /** Tries at once where the connection is lost; else finds out whether it still is there. */
  const nudge = () => {
    if (globalThis.document?.hidden || connection.value === "locked") return;
    // Saying something makes a connection fail that died while the machine slept.
    if (socket) socket.say({ watch: [...watched] });
    else connect();
  };
  return {
    connection,
    start: () => {
      globalThis.addEventListener("online", nudge);
      globalThis.document?.addEventListener("visibilitychange", nudge);
      connect();
    },
    /** Connects anew, as after a session was begun. */
    reconnect: () => {
      connection.value = "connecting";
      connect();
    },
    close: () => {
      globalThis.removeEventListener("online", nudge);
      globalThis.document?.removeEventListener("visibilitychange", nudge);
      disconnect();
    },
    /**
     * Hears what happens. Returns what ends that.
     *
     * @param {StreamListener} listener
     */
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /**
     * Limits progress and previews to some jobs; at first there are none of them.
     *
     * @param {readonly string[]} jobs
     */
    watch: (jobs) => {
      if (jobs.length === watched.length && jobs.every((job, place) => job === watched[place])) return;
      watched = jobs;
      socket?.say({ watch: [...jobs] });
    },
  };
};

/** @param {Api} api */
const isLocked = async (api) => {
  try {
    await api.session();
    return false;
  } catch (fault) {
    return /** @type {import("../interfaces.d.ts").ApiFault} */ (fault).status === 401;
  }
};
