/**
 * Which pages of the editor are open in this browser, so that each keeps to its own drafts and those of pages that
 * are gone can be taken over.
 */

import { randomId } from "./random.js";

const KEY = "weft.session";
const LOCK = "weft.session.";
const CHANNEL = "weft.sessions";
/** Milliseconds in which other pages answer. A page that is reloaded gives its lock back a moment late. */
const ANSWER_MS = 150;
const RELEASE_MS = 1000;

/**
 * @typedef {object} Presence
 * @property {string} id The page's own session.
 * @property {ReadonlySet<string>} alive All sessions that are open.
 * @property {boolean} isNew Whether the page was not there before. One that is reloaded takes nothing over: another one
 *   that is just being reloaded, too, would look as if it were gone.
 */

/**
 * Takes the session that this page had before it was reloaded, or a new one.
 *
 * @param {{ storage?: Pick<Storage, "getItem" | "setItem">, locks?: LockManager | null }} [options] `locks` is null
 *   where the browser has none, as on pages that come over plain HTTP from another machine.
 * @returns {Promise<Presence>}
 */
export const claimSession = async ({ storage = sessionStorage, locks = navigator.locks ?? null } = {}) => {
  const kept = storage.getItem(KEY);
  const presence = await (locks ? byLocks(locks, kept) : byAnswers(kept));
  storage.setItem(KEY, presence.id);
  return presence;
};

/** @param {LockManager} locks @param {string | null} kept @returns {Promise<Presence>} */
const byLocks = async (locks, kept) => {
  // A tab that was duplicated finds the session of the other one in its storage.
  const id = kept !== null && await hold(locks, kept) ? kept : randomId();
  if (id !== kept) await hold(locks, id);
  const { held = [] } = await locks.query();
  const names = held.map(({ name = "" }) => name).filter((name) => name.startsWith(LOCK));
  return { id, alive: new Set(names.map((name) => name.slice(LOCK.length))), isNew: id !== kept };
};

/** Holds the lock of a session until the page is gone. @param {LockManager} locks @param {string} id */
const hold = (locks, id) =>
  new Promise((resolve) => {
    const signal = AbortSignal.timeout(RELEASE_MS);
    const kept = locks.request(LOCK + id, { signal }, () => {
      resolve(true);
      return new Promise(() => {});
    });
    kept.catch(() => resolve(false));
  });

/** @param {string | null} kept @returns {Promise<Presence>} */
const byAnswers = async (kept) => {
  const channel = new BroadcastChannel(CHANNEL);
  /** @type {Set<string>} */
  const alive = new Set();
  channel.onmessage = ({ data }) => {
    if (data.alive) alive.add(data.alive);
  };
  channel.postMessage({ who: true });
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  const id = kept !== null && !alive.has(kept) ? kept : randomId();
  alive.add(id);
  channel.onmessage = ({ data }) => {
    if (data.who) channel.postMessage({ alive: id });
  };
  return { id, alive, isNew: id !== kept };
};
