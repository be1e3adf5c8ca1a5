/** The server's API as functions. Each gives what the server says, or throws an `ApiFault`. */

import { apiFault, faultOf, isApiFault, unreachable } from "./fault.js";
import { readJSON as parse, writeJSON } from "../model/json.js";

/**
 * @import { ApiFault, JSONValue, WorkflowDocument } from "../interfaces.d.ts"
 * @import {
 *   AssetPageView, AssetView, BatchRequest, BatchState, CarriedWorkflow, CheckRequest, CheckView, ChoicesView, ConversionView,
 *   ConvertRequest, DocumentView, JobPage,
 *   JobRequest, JobView, ModelList, NodesView, PacksView, PlanView, PullList, PullRequestBody, PullView, QueueView, ReadinessView,
 *   RevisionList, SessionView, TypesView, WorkflowList, WorkflowSaved,
 * } from "../types.d.ts"
 */

/** @typedef {Record<string, string | number | null | undefined>} Query Parameters; null and undefined are left out. */

/**
 * @typedef {object} Asked
 * @property {string} [method] GET where it is missing.
 * @property {Query} [query]
 * @property {unknown} [json] A body that is sent as JSON.
 * @property {Blob} [bytes] A body that is sent as it is.
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {number} [alright] A status besides those of success whose answer is what was asked for.
 */

/** @typedef {{ name: string, document: WorkflowDocument, tag: string, revision: number }} FetchedWorkflow `revision` is 0 for a template. */

/** @typedef {ReturnType<typeof createApi>} Api */

/**
 * Makes the API of a server.
 *
 * @param {{ base?: string, token?: string | null }} [options] `base` is the server's address without a slash at the
 *   end, and empty for the server of the page; `token` is for callers without a session.
 */
export const createApi = ({ base = "", token = null } = {}) => {
  /** @type {Set<(fault: ApiFault) => void>} */
  const listeners = new Set();
  /** @param {string} path @param {Asked} [asked] */
  const answer = async (path, asked = {}) => {
    try {
      return await answerTo(`${base}${path}${search(asked.query)}`, asked, token);
    } catch (fault) {
      if (isApiFault(fault)) listeners.forEach((hear) => hear(fault));
      throw fault;
    }
  };
  /** @type {Ask} */
  const ask = async (path, asked) => {
    const got = await answer(path, asked);
    return got.status === 204 ? undefined : await readJSON(got);
  };
  return {
    base,
    /**
     * Hears every fault, whoever it is thrown at. Returns what ends that.
     *
     * @param {(fault: ApiFault) => void} hear
     */
    listen: (hear) => {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
    ...catalogApi(ask),
    ...jobsApi(ask),
    ...workflowsApi(ask, answer),
    ...assetsApi(ask),
    ...accessApi(ask),
  };
};

/** @typedef {(path: string, asked?: Asked) => Promise<any>} Ask The types of answers are those of the functions that ask. */

/** @param {Ask} ask */
const catalogApi = (ask) => ({
  /** @returns {Promise<NodesView>} */
  nodes: () => ask("/api/nodes"),
  /** @returns {Promise<TypesView>} */
  types: () => ask("/api/types"),
  /** @returns {Promise<PacksView>} */
  packs: () => ask("/api/packs"),
  /** @returns {Promise<PacksView>} */
  reloadPacks: () => ask("/api/packs/reload", { method: "POST" }),
  /** @param {string} provider @returns {Promise<ChoicesView>} */
  choices: (provider) => ask(`/api/choices/${encodeURIComponent(provider)}`),
  /** @returns {Promise<ModelList>} */
  models: () => ask("/api/models"),
  /** @param {PullRequestBody} wanted @returns {Promise<PullView>} */
  pull: (wanted) => ask("/api/models/pull", { method: "POST", json: wanted }),
  /** @returns {Promise<PullList>} */
  pulls: () => ask("/api/models/pulls"),
  /** @param {string} id @returns {Promise<PullView>} */
  showPull: (id) => ask(pullPath(id)),
  /** @param {string} id @returns {Promise<PullView>} */
  cancelPull: (id) => ask(pullPath(id), { method: "DELETE" }),
});

/** @param {Ask} ask */
const jobsApi = (ask) => ({
  /** @param {JobRequest} job @param {{ key?: string }} [options] @returns {Promise<JobView>} */
  submit: (job, options) => ask("/api/jobs", { method: "POST", json: job, headers: keyed(options) }),
  /** @param {BatchRequest} batch @param {{ key?: string }} [options] @returns {Promise<BatchState>} */
  submitBatch: (batch, options) =>
    ask("/api/batches", { method: "POST", json: batch, headers: keyed(options) }),
  /** @param {string} id @returns {Promise<BatchState>} */
  cancelBatch: (id) => ask(`/api/batches/${encodeURIComponent(id)}/cancel`, { method: "POST" }),
  /**
   * @param {{ state?: string, name?: string, batch?: string, cursor?: string | null, limit?: number }} [query]
   * @returns {Promise<JobPage>}
   */
  jobs: (query) => ask("/api/jobs", { query }),
  /** @param {string} id @returns {Promise<JobView>} */
  job: (id) => ask(jobPath(id)),
  /** @param {string} id @returns {Promise<DocumentView>} */
  jobDocument: (id) => ask(`${jobPath(id)}/document`),
  /** @param {string} id @returns {Promise<JobView>} */
  cancel: (id) => ask(`${jobPath(id)}/cancel`, { method: "POST" }),
  /** @param {string} id @returns {Promise<JobView>} */
  putFirst: (id) => ask(`${jobPath(id)}/first`, { method: "POST" }),
  /** @param {string} id @param {{ key?: string }} [options] @returns {Promise<JobView>} */
  retry: (id, options) => ask(`${jobPath(id)}/retry`, { method: "POST", headers: keyed(options) }),
  /** @param {string} id @returns {Promise<void>} */
  remove: (id) => ask(jobPath(id), { method: "DELETE" }),
  /** @returns {Promise<QueueView>} */
  queue: () => ask("/api/queue"),
  /** @returns {Promise<QueueView>} */
  pause: () => ask("/api/queue/pause", { method: "POST" }),
  /** @returns {Promise<QueueView>} */
  resume: () => ask("/api/queue/resume", { method: "POST" }),
  /** @param {CheckRequest} work @param {AbortSignal} [signal] @returns {Promise<CheckView>} */
  check: (work, signal) => ask("/api/check", { method: "POST", json: work, signal }),
  /** @param {CheckRequest} work @param {AbortSignal} [signal] @returns {Promise<PlanView>} */
  plan: (work, signal) => ask("/api/plan", { method: "POST", json: work, signal }),
});

/** @param {Ask} ask @param {(path: string, asked?: Asked) => Promise<Response>} answer */
const workflowsApi = (ask, answer) => ({
  /** @param {ConvertRequest} foreign @returns {Promise<ConversionView>} */
  convert: (foreign) => ask("/api/convert", { method: "POST", json: foreign }),
  /** @returns {Promise<WorkflowList>} */
  workflows: () => ask("/api/workflows"),
  /**
   * Fetches what is saved under a name, or a template.
   *
   * @param {string} name
   * @returns {Promise<FetchedWorkflow>}
   */
  workflow: async (name) => {
    const got = await answer(workflowPath(name));
    const tag = got.headers.get("ETag") ?? "";
    return { name, document: await readJSON(got), tag, revision: revisionOf(tag) };
  },
  /**
   * Saves a document.
   *
   * @param {string} name
   * @param {Record<string, JSONValue>} document
   * @param {{ over?: string | null }} [condition] Only over what has this ETag; null only where nothing has that
   *   name; in any case where it is missing.
   * @returns {Promise<WorkflowSaved>}
   */
  saveWorkflow: (name, document, { over } = {}) =>
    ask(workflowPath(name), { method: "PUT", json: document, headers: conditionOf(over) }),
  /** @param {string} name @param {{ over?: string }} [condition] @returns {Promise<void>} */
  deleteWorkflow: (name, { over } = {}) =>
    ask(workflowPath(name), { method: "DELETE", headers: conditionOf(over) }),
  /** @param {string} name @returns {Promise<RevisionList>} */
  revisions: (name) => ask(`${workflowPath(name)}/revisions`),
  /** @param {string} name @param {number} revision @returns {Promise<WorkflowDocument>} */
  revision: (name, revision) => ask(`${workflowPath(name)}/revisions/${revision}`),
});

/** @param {Ask} ask */
const assetsApi = (ask) => ({
  /**
   * @param {{ kind?: "upload" | "output", job?: string, cursor?: string | null, limit?: number }} [query]
   * @returns {Promise<AssetPageView>}
   */
  assets: (query) => ask("/api/assets", { query }),
  /** @param {Blob} picture @param {string} [name] @returns {Promise<AssetView>} */
  upload: (picture, name) => ask("/api/assets", { method: "POST", bytes: picture, query: { name } }),
  /** @param {string} digest @returns {Promise<void>} */
  deleteAsset: (digest) => ask(`/api/assets/${encodeURIComponent(digest)}`, { method: "DELETE" }),
  /** @param {string} digest @returns {Promise<CarriedWorkflow>} */
  assetWorkflow: (digest) => ask(`/api/assets/${encodeURIComponent(digest)}/workflow`),
});

/** @param {Ask} ask */
const accessApi = (ask) => ({
  /** @returns {Promise<SessionView>} */
  session: () => ask("/api/session"),
  /** @param {string} token @returns {Promise<void>} */
  beginSession: (token) => ask("/api/session", { method: "POST", json: { token } }),
  /** @returns {Promise<void>} */
  endSession: () => ask("/api/session", { method: "DELETE" }),
  /** @returns {Promise<ReadinessView>} */
  readiness: () => ask("/readyz", { alright: 503 }),
});

/** @param {string} url @param {Asked} asked @param {string | null} token */
const answerTo = async (url, asked, token) => {
  /** @type {Record<string, string>} */
  const headers = { ...asked.headers };
  if (asked.json !== undefined) headers["Content-Type"] = "application/json";
  if (asked.bytes) headers["Content-Type"] = asked.bytes.type || "application/octet-stream";
  if (token) headers["Authorization"] = `Bearer ${token}`;
  const body = asked.json === undefined ? asked.bytes : writeJSON(asked.json);
  const answer = await fetch(url, { method: asked.method ?? "GET", headers, body, signal: asked.signal })
    .catch((cause) => {
      // Whoever gave a request up is told so, and not that the server is away.
      throw asked.signal?.aborted ? cause : unreachable(cause);
    });
  if (!answer.ok && answer.status !== asked.alright) throw await faultOf(answer);
  return answer;
};

/** @param {Response} answer @returns {Promise<any>} */
const readJSON = async (answer) => {
  try {
    return parse(await answer.text());
  } catch (cause) {
    // A server that dies in the middle of an answer leaves half of it.
    if (cause instanceof SyntaxError) {
      throw apiFault({
        code: "answer-unreadable",
        message: "The answer is not JSON.",
        status: answer.status,
      });
    }
    throw unreachable(cause);
  }
};

/** @param {Query} [query] */
const search = (query = {}) => {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
};

/** @param {string} id */
const pullPath = (id) => `/api/models/pulls/${encodeURIComponent(id)}`;

/** @param {string} id */
const jobPath = (id) => `/api/jobs/${encodeURIComponent(id)}`;

/** @param {string} name */
const workflowPath = (name) => `/api/workflows/${encodeURIComponent(name)}`;

/** @param {{ key?: string }} [options] @returns {Record<string, string>} */
const keyed = ({ key } = {}) => key ? { "Idempotency-Key": key } : {};

/** @param {string | null} [over] @returns {Record<string, string>} */
const conditionOf = (over) =>
  over === undefined ? {} : over === null ? { "If-None-Match": "*" } : { "If-Match": over };

/** Gives the ETag of a revision. @param {number} revision */
export const tagOf = (revision) => `"${revision}"`;

/** @param {string} tag A template has another kind of tag. */
const revisionOf = (tag) => Number(/^"(\d+)"$/.exec(tag)?.[1] ?? 0);
