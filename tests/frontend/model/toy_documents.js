/** Documents of toy nodes for the tests of edits. */

/** @import { Op, Socket, WorkflowDocument } from "../../../frontend/interfaces.d.ts" */
/** @import { Refused } from "../../../frontend/model/edits/outcome.js" */

import assert from "node:assert/strict";
import { createCatalog } from "../../../frontend/model/catalog.js";
import { apply, normalize } from "../../../frontend/model/document.js";
import { linksFrom, linksInto } from "../../../frontend/model/links.js";
import { frozen } from "./random_documents.js";
import { NODES, nodeType, PORTRAIT, TABLE } from "./toy_types.js";

/** The toy types of the catalogue's tests, and some with values. */
export const catalog = createCatalog({
  nodes: [
    ...NODES,
    nodeType("number.give", "", "whole: int, real: float"),
    nodeType("number.show", "number!: float", ""),
    nodeType("image.open", "", "image: image, mask: mask"),
    nodeType("image.frost", "picture!: image, radius?: float, size?: float", "frosted: image"),
  ],
  types: TABLE,
  packs: [],
  workflows: [PORTRAIT],
  loadChoices: () => Promise.resolve([]),
});

/**
 * Makes a document of nodes written short: their type and inputs, at places in a row.
 *
 * @param {Record<string, [type: string, inputs?: Record<string, any>]>} nodes
 * @param {Record<string, unknown>} [more]
 * @returns {WorkflowDocument}
 */
export const documentOf = (nodes, more = {}) => {
  const entries = Object.entries(nodes);
  return frozen(normalize({
    weft: 1,
    nodes: Object.fromEntries(entries.map(([id, [type, inputs = {}]]) => [id, { type, version: 1, inputs }])),
    ...more,
    view: {
      nodes: Object.fromEntries(entries.map(([id], index) => [id, { at: [index * 300, 0] }])),
      .../** @type {{}} */ (more.view ?? {}),
    },
  }));
};

/**
 * Writes a link short: `node.output`.
 *
 * @param {string} from
 */
export const link = (from) => ({ from });

/** @type {(side: "input" | "output") => (text: string) => Socket} */
const socketOf = (side) => (text) => {
  const [node, name] = text.split(".");
  return { node, side, name };
};

export const input = socketOf("input");
export const output = socketOf("output");

/**
 * Lists the keys of the links at a socket.
 *
 * @param {WorkflowDocument} document
 * @param {Socket} socket
 * @returns {string[]}
 */
export const keysAt = (document, { node, side, name }) => {
  const links = side === "input"
    ? linksInto(document, node).filter(({ target }) => target.input === name)
    : linksFrom(document, node).filter(({ source }) => source.output === name);
  return links.map(({ key }) => key);
};

/**
 * Gives the document after an edit, and makes sure that the edit can be undone.
 *
 * @param {WorkflowDocument} document
 * @param {{ op: Op } | Refused} outcome
 * @returns {WorkflowDocument}
 */
export const done = (document, outcome) => {
  assert.ok("op" in outcome, JSON.stringify(outcome));
  const { document: next, inverse } = apply(document, JSON.parse(JSON.stringify(outcome.op)));
  assert.deepEqual(apply(frozen(next), inverse).document, document);
  return next;
};

/**
 * Gives the text that says why an edit was refused.
 *
 * @param {object} outcome
 * @returns {string}
 */
export const reason = (outcome) => {
  assert.ok("refusal" in outcome, JSON.stringify(outcome));
  return /** @type {Refused} */ (outcome).refusal.id;
};
