/**
 * Copying and pasting parts of a document as text: a workflow document that the server takes too.
 *
 * Links from nodes that were not copied along cannot stand in it; they are kept in its view, under `outside`, for who
 * pastes with links.
 */

/** @import { Catalog, InputValue, Op, Point, WorkflowDocument } from "../interfaces.d.ts" */
/** @import { Chosen, Group, Made } from "./edits/copies.js" */
/** @import { Refused } from "./edits/outcome.js" */

import { emptyDocument, normalize, OpError, toJSON } from "./document.js";
import { bringAlong, carriedFor } from "./edits/carried.js";
import { cornerOf, cutOff, graft, groupOf } from "./edits/copies.js";
import { refuse, together } from "./edits/outcome.js";
import { apply } from "./ops.js";
import { readLink } from "./links.js";
import { own } from "./records.js";
import { renamedLinks, signatureMoved, signatureWithout } from "./references.js";
import { socketType } from "./sockets.js";
import { readJSON, writeJSON } from "./json.js";

/**
 * Writes a part of a document as text.
 *
 * @param {WorkflowDocument} document
 * @param {Iterable<string>} ids Nodes.
 * @param {Omit<Chosen, "nodes">} [sheets] Frames and notes.
 * @returns {string}
 */
export const copy = (document, ids, sheets = {}) => {
  const { group, outside } = cutOff(groupOf(document, { ...sheets, nodes: ids }));
  const { nodes, looks, routes, frames, notes } = group;
  const others = new Set(Object.keys(document.nodes).filter((id) => !Object.hasOwn(nodes, id)));
  const workflows = carriedFor(document, nodes);
  const part = {
    ...emptyDocument(),
    ...signatureWithout(document, others),
    nodes,
    view: {
      nodes: looks,
      frames,
      notes,
      ...(Object.keys(routes).length ? { routes } : {}),
      ...(Object.keys(outside).length ? { outside } : {}),
    },
    workflows,
  };
  return writeJSON(toJSON(part), 2);
};

/**
 * Reads text that may be a workflow.
 *
 * @param {string} text
 * @returns {WorkflowDocument | Refused}
 */
export const readText = (text) => {
  try {
    return normalize(readJSON(text));
  } catch (error) {
    if (error instanceof OpError) return { refusal: error.words };
    if (error instanceof SyntaxError) return refuse("document.none");
    throw error;
  }
};

/**
 * Puts copied text into a document. Into an empty one the inputs and outputs of the workflow come along.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {string} text
 * @param {Point} at Where the top left corner goes.
 * @param {{ withLinks?: boolean }} [options] Whether links from nodes that were not copied are kept where these nodes
 * exist here and their outputs fit.
 * @returns {{ op: Op, made: Made } | Refused} Refused where the text is no workflow, or one with nothing in it.
 */
export const paste = (document, catalog, text, at, { withLinks = false } = {}) => {
  const pasted = readText(text);
  if ("refusal" in pasted) return pasted;
  const { view, workflows = {} } = pasted;
  const { op: carry, retype } = bringAlong(document, workflows);
  const { frames, notes } = view;
  /** @type {Group} */
  const group = { nodes: retype(pasted.nodes), looks: view.nodes, routes: view.routes ?? {}, frames, notes };
  if (Object.keys(group.nodes).length + frames.length + notes.length === 0) {
    return refuse("edit.paste.nothing");
  }
  const [x, y] = cornerOf(group);
  const { op, made, names } = graft(document, group, [at[0] - x, at[1] - y]);
  const base = together(carry, op);
  const outside = withLinks
    ? outsideLinks(document, catalog, apply(document, base).document, view.outside, names)
    : [];
  const isFirst = Object.keys(document.nodes).length === 0 && Object.keys(document.inputs).length === 0;
  const signature = signatureMoved(pasted, (socket) => renamedSocket(socket, names));
  return {
    op: together(
      base,
      outside.length > 0 && { op: "set-inputs", changes: outside },
      isFirst && { op: "set-signature", ...signature },
      isFirst && { op: "set-words", ...wordsOf(pasted), ...wordsOf(document) },
    ),
    made,
  };
};

/** @type {(document: WorkflowDocument) => { title?: string, description?: string }} */
const wordsOf = ({ title, description }) => ({
  ...(title ? { title } : {}),
  ...(description ? { description } : {}),
});

/** @type {(socket: string, names: ReadonlyMap<string, string>) => string} */
const renamedSocket = (socket, names) => {
  const [node, name] = socket.split(".");
  return `${names.get(node) ?? node}.${name}`;
};

/**
 * Finds the links from outside that hold here too.
 *
 * @param {WorkflowDocument} document The one pasted into.
 * @param {Catalog} catalog
 * @param {WorkflowDocument} after With what was pasted.
 * @param {unknown} outside What the text says of them.
 * @param {ReadonlyMap<string, string>} names
 */
const outsideLinks = (document, catalog, after, outside, names) => {
  const records = /** @type {Record<string, Record<string, InputValue>>} */ (outside ?? {});
  return [...names].flatMap(([old, node]) =>
    Object.entries(own(records, old) ?? {}).flatMap(([input, value]) => {
      const wanted = socketType(after, catalog, { node, side: "input", name: input });
      /** @param {unknown} item */
      const holds = (item) => {
        const source = readLink(item);
        if (!source || names.has(source.node)) return true;
        const given = socketType(document, catalog, {
          node: source.node,
          side: "output",
          name: source.output,
        });
        return given !== null && wanted !== null && catalog.fits(given, wanted).fits;
      };
      const kept = Array.isArray(value) ? value.filter(holds) : holds(value) ? value : undefined;
      if (kept === undefined || (Array.isArray(kept) && kept.length === 0)) return [];
      return [{ node, input, value: renamedLinks(kept, (id) => names.get(id) ?? id) }];
    })
  );
};
