/** What jobs run, fetched once. */

import { normalize, OpError } from "../model/document.js";
import { isApiFault } from "./fault.js";

/**
 * @import { WorkflowDocument } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 */

const MOST = 50;

/**
 * Makes an empty store of documents.
 *
 * @param {Api} api
 */
export const createJobDocuments = (api) => {
  /** @type {Map<string, Promise<WorkflowDocument | null>>} */
  const known = new Map();
  /** @param {string} id @param {Promise<WorkflowDocument | null>} document */
  const keep = (id, document) => {
    known.delete(id);
    known.set(id, document);
    for (const old of [...known.keys()].slice(0, -MOST)) known.delete(old);
    return document;
  };
  /** @param {string} id */
  const fetched = async (id) => {
    try {
      return normalize((await api.jobDocument(id)).workflow);
    } catch (fault) {
      if (!isApiFault(fault) && !(fault instanceof OpError)) throw fault;
      // It is asked for again when it is next needed: the job may be gone, or only the server away.
      known.delete(id);
      return null;
    }
  };
  return {
    /** Keeps what was just submitted. @param {string} id @param {unknown} workflow */
    put: (id, workflow) => void keep(id, Promise.resolve(normalize(workflow))),
    /** Gives what a job runs; null where that cannot be had now. @param {string} id */
    of: (id) => keep(id, known.get(id) ?? fetched(id)),
  };
};
