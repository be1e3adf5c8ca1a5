/** The workflow document of the editor: empty, read from JSON, changed by ops, and written for the server. */

/** @import { DocumentView, JSONValue, NodeEntry, NodeLook, Point, WorkflowDocument, WorkflowInput, WorkflowOutput } from "../interfaces.d.ts" */
/** @typedef {Record<string, unknown>} Tree */

import { linksOf } from "./links.js";
import { freshName } from "./names.js";
import { OpError } from "./ops.js";
import { placesFor } from "./placing.js";

export { apply, OpError } from "./ops.js";

/** Newest version of the format that this editor reads. */
export const FORMAT = 1;

/**
 * Makes a document without nodes.
 *
 * @returns {WorkflowDocument}
 */
export const emptyDocument = () => ({
  weft: FORMAT,
  inputs: {},
  outputs: {},
  nodes: {},
  view: { nodes: {}, frames: [], notes: [] },
});

/**
 * Reads a document as the server gives it: missing parts are filled in, and nodes that have no place get one.
 *
 * @param {unknown} json
 * @returns {WorkflowDocument}
 * @throws {OpError} It is no workflow document, or one of a version still to come.
 */
export const normalize = (json) => {
  const tree = treeOf(json);
  if (!tree || !Number.isInteger(tree.weft)) throw new OpError({ id: "document.none" });
  if (Number(tree.weft) > FORMAT) {
    throw new OpError({ id: "document.newer", with: { version: Number(tree.weft) } });
  }
  const nodes = mapOf(tree.nodes, nodeOf);
  const document = {
    weft: FORMAT,
    ...wordsOf(tree),
    inputs: mapOf(tree.inputs, inputOf),
    outputs: mapOf(tree.outputs, outputOf),
    nodes,
    view: viewOf(treeOf(tree.view) ?? {}, nodes),
  };
  const workflows = mapOf(tree.workflows, normalize);
  return Object.keys(workflows).length ? { ...document, workflows } : document;
};

/**
 * Writes a document as the server takes and keeps it.
 *
 * @param {WorkflowDocument} document
 * @returns {{ [key: string]: JSONValue }} It shares what it holds with the document.
 */
export const toJSON = (document) => {
  const { weft, title, description, inputs, outputs, nodes, view, workflows = {} } = document;
  const carried = Object.fromEntries(Object.entries(workflows).map(([name, inner]) => [name, toJSON(inner)]));
  return /** @type {any} */ ({
    weft,
    ...wordsOf({ title, description }),
    inputs,
    outputs,
    nodes,
    view,
    ...(Object.keys(carried).length ? { workflows: carried } : {}),
  });
};

/** @type {(value: unknown) => Tree | null} */
const treeOf = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? /** @type {Tree} */ (value) : null;

/**
 * Reads every value of an object; values that cannot be read are left out.
 *
 * @template T
 * @param {unknown} value
 * @param {(item: unknown) => T | null} read
 * @returns {Record<string, T>}
 */
const mapOf = (value, read) =>
  Object.fromEntries(
    Object.entries(treeOf(value) ?? {}).flatMap(([key, item]) => {
      const found = read(item);
      return found === null ? [] : [[key, found]];
    }),
  );

/** @type {(tree: Tree) => { title?: string, description?: string }} */
const wordsOf = ({ title, description }) => ({
  ...(typeof title === "string" && title ? { title } : {}),
  ...(typeof description === "string" && description ? { description } : {}),
});

/** @type {(item: unknown) => NodeEntry | null} */
const nodeOf = (item) => {
  const tree = treeOf(item);
  if (typeof tree?.type !== "string") return null;
  return {
    type: tree.type,
    version: typeof tree.version === "number" ? tree.version : 1,
    inputs: /** @type {NodeEntry["inputs"]} */ (treeOf(tree.inputs) ?? {}),
    ...(tree.mode === "bypass" || tree.mode === "off" ? { mode: tree.mode } : {}),
    ...(Array.isArray(tree.zip) && tree.zip.length ? { zip: tree.zip } : {}),
  };
};

/** @type {(item: unknown) => WorkflowInput | null} */
const inputOf = (item) => {
  const tree = treeOf(item);
  if (!tree || !Array.isArray(tree.to)) return null;
  return { to: tree.to.filter((socket) => typeof socket === "string"), ...wordsOf(tree) };
};

/** @type {(item: unknown) => WorkflowOutput | null} */
const outputOf = (item) => {
  const tree = treeOf(item);
  return typeof tree?.from === "string" ? { from: tree.from, ...wordsOf(tree) } : null;
};

/** @type {(value: unknown) => Point | null} */
const pointOf = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) ? [value[0], value[1]] : null;

/** @type {(tree: Tree, nodes: WorkflowDocument["nodes"]) => DocumentView} */
const viewOf = (tree, nodes) => {
  const { routes: _, ...others } = tree;
  const routes = routesOf(tree.routes, nodes);
  return {
    ...others,
    nodes: looksOf(treeOf(tree.nodes) ?? {}, nodes),
    frames: itemsOf(tree.frames, [400, 300], (item) => ({ title: "", ...item })),
    notes: itemsOf(tree.notes, [240, 160], (item) => ({ text: "", ...item })),
    ...(Object.keys(routes).length ? { routes } : {}),
  };
};

/** @type {(tree: Tree, nodes: WorkflowDocument["nodes"]) => Record<string, NodeLook>} */
const looksOf = (tree, nodes) => {
  const looks = Object.keys(nodes).map((id) => {
    const look = (Object.hasOwn(tree, id) && treeOf(tree[id])) || {};
    return /** @type {const} */ ([id, { ...look, at: pointOf(look.at) }]);
  });
  const known = new Map(looks.flatMap(([id, { at }]) => at ? [[id, at]] : []));
  const places = known.size < looks.length ? placesFor(nodes, known) : known;
  return Object.fromEntries(looks.map(([id, look]) => [id, { ...look, at: places.get(id) ?? [0, 0] }]));
};

/**
 * Reads frames or notes; one without an id of its own gets one.
 *
 * @template {{ id: string, at: Point, size: Point }} T
 * @param {unknown} value
 * @param {Point} size The size of one that says none.
 * @param {(item: any) => T} complete
 * @returns {T[]}
 */
const itemsOf = (value, size, complete) => {
  /** @type {Set<string>} */
  const ids = new Set();
  return (Array.isArray(value) ? value : []).flatMap((item) => {
    const tree = treeOf(item);
    if (!tree) return [];
    const id = freshName(ids, typeof tree.id === "string" ? tree.id : "item");
    ids.add(id);
    return [complete({ ...tree, id, at: pointOf(tree.at) ?? [0, 0], size: pointOf(tree.size) ?? size })];
  });
};

/** @type {(value: unknown, nodes: WorkflowDocument["nodes"]) => Record<string, Point[]>} */
const routesOf = (value, nodes) => {
  const all = Object.entries(treeOf(value) ?? {});
  // Of a large graph it takes a while to name all links, and most have no routes.
  const keys = new Set(all.length === 0 ? [] : linksOf({ nodes }).map((link) => link.key));
  const found = all.flatMap(([key, points]) => {
    const read = (Array.isArray(points) ? points : []).map(pointOf).filter((point) => point !== null);
    return keys.has(key) && read.length ? [[key, read]] : [];
  });
  return Object.fromEntries(found);
};
