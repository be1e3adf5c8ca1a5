/** What is sent to have the document of a tab run, checked or planned. */

import { toJSON } from "../model/document.js";
import { linksOf } from "../model/links.js";
import { freshName, namesIn } from "../model/names.js";
import { typeIn } from "../model/sockets.js";

/**
 * @import { JSONValue, WorkflowDocument, WorkflowOutput } from "../interfaces.d.ts"
 * @import { Installed } from "../model/sockets.js"
 * @import { CheckRequest } from "../types.d.ts"
 */

/** Where a submitted document names the outputs that were added for showing pictures. */
const ADDED = "shown_outputs";
const PICTURES = new Set(["image", "list[image]"]);

/**
 * @typedef {object} Wanted
 * @property {readonly string[]} [targets] Nodes, outputs of the workflow, or sockets `node.output`; all outputs where
 *   it is missing.
 * @property {Record<string, JSONValue>} [inputs] Values for the workflow's inputs.
 * @property {string} [name] What the job is called.
 */

/**
 * Makes the body of a request to run, check or plan a document.
 *
 * Every picture that feeds nothing and every wanted socket becomes an output of the workflow, so that it is seen in
 * its node. The document of the tab stays as it is.
 *
 * @param {WorkflowDocument} document
 * @param {Installed} catalog
 * @param {Wanted} [wanted]
 * @returns {CheckRequest & { workflow: Record<string, JSONValue> }}
 */
export const submissionOf = (document, catalog, { targets, inputs = {}, name } = {}) => {
  const sockets = (targets ?? []).filter((target) => target.includes("."));
  const loose = targets ? [] : loosePictures(document, catalog);
  const { workflow, names } = withOutputs(document, [...new Set([...sockets, ...loose])]);
  const outputs = targets?.map((target) => names.get(target) ?? target);
  return {
    workflow: toJSON(workflow),
    inputs,
    ...(name ? { name: name.slice(0, 200) } : {}),
    ...(outputs?.length ? { outputs: [...new Set(outputs)] } : {}),
  };
};

/**
 * Gives a document without the outputs that `submissionOf` added to it, as when it is taken from a job or a picture.
 *
 * @param {WorkflowDocument} document
 * @returns {WorkflowDocument}
 */
export const withoutAdded = (document) => {
  const { [ADDED]: added, ...view } = document.view ?? {};
  if (!Array.isArray(added)) return document;
  const outputs = Object.entries(document.outputs).filter(([name]) => !added.includes(name));
  return { ...document, outputs: Object.fromEntries(outputs), view: /** @type {any} */ (view) };
};

/**
 * Finds the picture outputs of nodes that feed nothing and are no output of the workflow.
 *
 * @param {WorkflowDocument} document
 * @param {Installed} catalog
 * @returns {string[]} Each as `node.output`.
 */
export const loosePictures = (document, catalog) => {
  const used = new Set(Object.values(document.outputs).map((output) => output.from));
  for (const { source } of linksOf(document)) used.add(`${source.node}.${source.output}`);
  return Object.entries(document.nodes).flatMap(([id, entry]) => {
    if (entry.mode) return [];
    const outputs = typeIn(document, catalog, entry.type)?.outputs ?? [];
    return outputs.filter(({ type }) => PICTURES.has(type)).map(({ name }) => `${id}.${name}`);
  }).filter((socket) => !used.has(socket));
};

/**
 * @param {WorkflowDocument} document
 * @param {readonly string[]} sockets
 * @returns {{ workflow: WorkflowDocument, names: Map<string, string> }} The name of the output at each socket.
 */
const withOutputs = (document, sockets) => {
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const [name, { from }] of Object.entries(document.outputs)) {
    if (!names.has(from)) names.set(from, name);
  }
  /** @type {Record<string, WorkflowOutput>} */
  const added = {};
  for (const socket of sockets) {
    if (names.has(socket)) continue;
    const name = freshName(namesIn({ ...document.outputs, ...added }), socket);
    names.set(socket, name);
    added[name] = { from: socket };
  }
  const more = Object.keys(added);
  if (!more.length) return { workflow: document, names };
  const outputs = { ...document.outputs, ...added };
  return { workflow: { ...document, outputs, view: { ...document.view, [ADDED]: more } }, names };
};
