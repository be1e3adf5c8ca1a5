/** Saving documents over nothing but what they were read from, and what can be done where somebody was faster. */

import { batch } from "@preact/signals";

import { normalize, toJSON } from "../model/document.js";
import { tagOf } from "./api.js";
import { apiFault, isApiFault } from "./fault.js";

/**
 * @import { ApiFault, SaveConflict, Tab, WorkflowDocument } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 */

/** @typedef {{ document: WorkflowDocument, tag: string, revision: number, name: string | null }} Saved `name` is null for a template. */

/**
 * Fetches what is saved under a name.
 *
 * @param {Api} api
 * @param {string} name
 * @returns {Promise<Saved | null>} null where nothing is.
 * @throws {ApiFault} The server is away, or does not show it.
 */
export const fetchSaved = async (api, name) => {
  try {
    const { document, tag, revision } = await api.workflow(name);
    // A template is only read: what is made of it gets a name of its own.
    return { document: normalize(document), tag, revision, name: revision ? name : null };
  } catch (fault) {
    if (isApiFault(fault) && fault.status === 404) return null;
    throw fault;
  }
};

/**
 * Saves the document of a tab.
 *
 * @param {Api} api
 * @param {Tab} tab
 * @param {string | undefined} name
 * @param {(theirs: Saved) => void} replace Puts what somebody else saved in the place of the tab's document.
 * @throws {ApiFault} It has no name, or the server is away.
 * @throws {SaveConflict} Somebody else saved under that name.
 */
export const saveTab = async (api, tab, name = tab.name.peek() ?? undefined, replace) => {
  if (!name) throw apiFault({ code: "name-missing", message: "The workflow has no name yet." });
  const isOwn = name === tab.name.peek() && tab.revision.peek() > 0;
  try {
    await put(api, tab, name, isOwn ? tagOf(tab.revision.peek()) : null);
  } catch (fault) {
    if (!isApiFault(fault) || fault.status !== 412) throw fault;
    const theirs = await fetchSaved(api, name);
    throw conflict(fault, name, theirs, {
      copy: (free) => saveTab(api, tab, free, replace),
      overwrite: () => put(api, tab, name, theirs?.tag ?? null),
      theirs: () => Promise.resolve(theirs && replace(theirs)),
    });
  }
};

/** @param {Api} api @param {Tab} tab @param {string} name @param {string | null} over */
const put = async (api, tab, name, over) => {
  const document = tab.history.document.peek();
  const answer = await api.saveWorkflow(name, toJSON(document), { over });
  batch(() => {
    tab.name.value = name;
    tab.revision.value = answer.revision;
    // What has a name of its own is no part of another document any more.
    tab.part.value = null;
    // What was changed while the request was under way is not saved yet.
    tab.saved.value = document;
  });
};

/**
 * @param {ApiFault} fault
 * @param {string} workflow
 * @param {Saved | null} theirs
 * @param {Record<SaveConflict["choices"][number]["id"], (name: string) => Promise<unknown>>} ways
 * @returns {SaveConflict}
 */
const conflict = (fault, workflow, theirs, ways) => {
  /** @param {SaveConflict["choices"][number]["id"]} id */
  const choice = (id) => ({ id, run: async (/** @type {string} */ name) => void await ways[id](name) });
  const choices = [choice("copy"), choice("overwrite"), ...(theirs ? [choice("theirs")] : [])];
  return Object.assign(fault, {
    workflow,
    theirs: theirs?.revision ?? null,
    document: theirs?.document ?? null,
    choices,
  });
};
