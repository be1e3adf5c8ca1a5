/** Whether the server lets this page in, and how it is let in with a token. */

import { signal } from "@preact/signals";

import { isApiFault } from "./fault.js";

/**
 * @import { SessionView } from "../types.d.ts"
 * @import { Api } from "./api.js"
 */

/** @typedef {ReturnType<typeof createSession>} Session */

/**
 * Makes the session of a page. A server that only this machine can reach asks for no token.
 *
 * @param {Api} api
 * @param {{ page?: Pick<Location, "hash" | "pathname" | "search">, replace?: (url: string) => void }} [options]
 */
export const createSession = (api, options = {}) => {
  const { page = location, replace = (url) => history.replaceState(history.state, "", url) } = options;
  const isLocked = signal(false);
  /** @type {import("@preact/signals").Signal<SessionView | null>} */
  const caller = signal(null);
  api.listen((fault) => {
    if (fault.status === 401) isLocked.value = true;
  });

  /** @param {string} token */
  const enter = async (token) => {
    await api.beginSession(token.trim());
    caller.value = await api.session();
    isLocked.value = false;
  };
  return {
    /** Whether a token is asked for. */
    isLocked,
    /** Who this page is to the server; null as long as that is not known. */
    caller,
    /**
     * Uses the token of the page's address, which the server prints at its first start, and finds out who is calling.
     *
     * @returns {Promise<boolean>} Whether the page is let in, as far as the server can be reached.
     */
    start: async () => {
      const fragment = new URLSearchParams(page.hash.slice(1));
      const token = fragment.get("token");
      // It must not stay where bookmarks, screenshots and the next person find it.
      if (token) replace(page.pathname + page.search);
      try {
        if (token) await enter(token);
        else caller.value = await api.session();
      } catch (fault) {
        if (!isApiFault(fault)) throw fault;
      }
      return !isLocked.value;
    },
    /**
     * Begins a session with a token; the browser keeps it where pages cannot read it.
     *
     * @throws {ApiFault} The token is refused.
     */
    enter,
    leave: async () => {
      await api.endSession();
      caller.value = null;
      isLocked.value = true;
    },
  };
};
