/**
 * The ops: the only ways in which a document changes, each with its inverse.
 *
 * An op makes a new document that shares everything it did not touch. One that would change nothing gives the very
 * same document. Points of wires (`view.routes`) belong to links that exist: they follow a link that moves within
 * its list and go with it.
 */

/** @import { InputValue, NodeEntry, NodeLook, Op, WorkflowDocument, Words } from "../interfaces.d.ts" */
/** @import { RouteChanges } from "./references.js" */
/** @typedef {{ document: WorkflowDocument, inverse: Op }} Applied */
/**
 * @template {Op["op"]} K
 * @typedef {Extract<Op, { op: K }>} OpOf
 */
/** @typedef {OpOf<"set-inputs">["changes"]} InputChanges */

import { linkByKey, linkKey, linksFrom, linksInto, linksOf } from "./links.js";
import { changed, copyOf, equal, joined, own, recordOf, without } from "./records.js";
import {
  referencesTo,
  renamedLinks,
  routesAfter,
  routesAt,
  signatureMoved,
  signatureWithout,
  withoutLinks,
  withRoutes,
} from "./references.js";
import { isSameDocument } from "./sameness.js";

/** An op that does not suit the document it is applied to. */
export class OpError extends Error {
  /** @param {Words} words What is wrong, for people. */
  constructor(words) {
    super(`${words.id} ${JSON.stringify(words.with ?? {})}`);
    this.name = "OpError";
    this.words = words;
  }
}

/** @type {(document: WorkflowDocument) => Applied} */
const untouched = (document) => ({ document, inverse: { op: "together", ops: [] } });

/** @type {(...ops: Op[]) => Op} */
const all = (...ops) => ops.length === 1 ? ops[0] : { op: "together", ops };

/** @type {(document: WorkflowDocument, id: string) => NodeEntry} */
const nodeOf = (document, id) => {
  const entry = own(document.nodes, id);
  if (!entry) throw new OpError({ id: "op.nodeUnknown", with: { node: id } });
  return entry;
};

/** @type {(document: WorkflowDocument, id: string) => void} */
const requireFree = (document, id) => {
  if (!/^[^./]+$/.test(id)) throw new OpError({ id: "op.nameInvalid", with: { name: id } });
  if (Object.hasOwn(document.nodes, id)) throw new OpError({ id: "op.nameTaken", with: { name: id } });
};

/** @type {(document: WorkflowDocument, op: OpOf<"add-nodes">) => Applied} */
const addNodes = (document, { nodes, looks, positions = {} }) => {
  const ids = Object.keys(nodes);
  if (ids.length === 0) return untouched(document);
  for (const id of ids) requireFree(document, id);
  /** @type {Record<string, NodeLook>} */
  const shown = Object.fromEntries(ids.map((id) => [id, own(looks, id) ?? { at: [0, 0] }]));
  const { view } = document;
  return {
    document: {
      ...document,
      nodes: joined(document.nodes, nodes, positions),
      view: { ...view, nodes: joined(view.nodes, shown, positions) },
    },
    inverse: all({ op: "remove-nodes", nodes: ids }, ...referencesTo(document, ids)),
  };
};

/** @type {(document: WorkflowDocument, op: OpOf<"remove-nodes">) => Applied} */
const removeNodes = (document, { nodes: ids }) => {
  if (ids.length === 0) return untouched(document);
  const nodes = Object.fromEntries(ids.map((id) => [id, nodeOf(document, id)]));
  const looks = Object.fromEntries(ids.map((id) => [id, document.view.nodes[id]]));
  const gone = new Set(ids);
  const positions = Object.fromEntries(
    Object.keys(document.nodes).map((id, index) => /** @type {const} */ ([id, index])).filter(([id]) =>
      gone.has(id)
    ),
  );
  const changes = linksOf(document)
    .filter(({ source, target }) => gone.has(source.node) && !gone.has(target.node))
    .map(({ target: { node, input } }) => ({
      node,
      input,
      value: withoutLinks(document.nodes[node].inputs[input], gone),
    }));
  const rest = setInputs(document, { op: "set-inputs", changes }).document;
  const lost = ids.flatMap((id) => linksInto(document, id)).filter(({ key }) =>
    own(document.view.routes, key)
  );
  const view = withRoutes(rest.view, Object.fromEntries(lost.map(({ key }) => [key, null])));
  return {
    document: {
      ...rest,
      ...signatureWithout(rest, gone),
      nodes: without(rest.nodes, gone),
      view: { ...view, nodes: without(view.nodes, gone) },
    },
    inverse: all({ op: "add-nodes", nodes, looks, positions }, ...referencesTo(document, ids)),
  };
};

/** @type {(document: WorkflowDocument, op: OpOf<"rename-node">) => Applied} */
const renameNode = (document, { node, name }) => {
  nodeOf(document, node);
  if (node === name) return untouched(document);
  requireFree(document, name);
  /** @param {string} id */
  const rename = (id) => id === node ? name : id;
  /** @param {string} socket */
  const renameSocket = (socket) => socket.startsWith(`${node}.`) ? name + socket.slice(node.length) : socket;
  const relinked = copyOf(document.nodes);
  for (const { target } of linksFrom(document, node)) {
    const entry = relinked[target.node];
    const value = renamedLinks(entry.inputs[target.input], rename);
    relinked[target.node] = { ...entry, inputs: { ...entry.inputs, [target.input]: value } };
  }
  /** @type {<T>(record: Record<string, T>) => Record<string, T>} */
  const renamed = (record) =>
    recordOf(Object.keys(record).map(rename), (id) => record[id === name ? node : id]);
  /** @type {RouteChanges} */
  const routes = {};
  for (const { key, target: { input, index } } of linksInto(document, node)) {
    const points = own(document.view.routes, key);
    if (points) Object.assign(routes, { [key]: null, [linkKey(name, input, index)]: points });
  }
  return {
    document: {
      ...document,
      ...signatureMoved(document, renameSocket),
      nodes: renamed(relinked),
      view: withRoutes({ ...document.view, nodes: renamed(document.view.nodes) }, routes),
    },
    inverse: all({ op: "rename-node", node: name, name: node }, ...referencesTo(document, [name])),
  };
};

/** @type {(document: WorkflowDocument, changes: InputChanges) => InputChanges} */
const realChanges = (document, changes) => {
  /** @type {Map<string, InputChanges[number]>} */
  const last = new Map();
  for (const change of changes) last.set(`${change.node}.${change.input}`, change);
  return [...last.values()].filter(({ node, input, value }) =>
    !equal(own(nodeOf(document, node).inputs, input), value)
  );
};

/** @type {(inputs: NodeEntry["inputs"], input: string, value: InputValue | undefined) => NodeEntry["inputs"]} */
const withInput = (inputs, input, value) =>
  value === undefined ? without(inputs, new Set([input])) : { ...inputs, [input]: value };

/** @type {(document: WorkflowDocument, op: OpOf<"set-inputs">) => Applied} */
const setInputs = (document, op) => {
  const changes = realChanges(document, op.changes);
  if (changes.length === 0) return untouched(document);
  const nodes = copyOf(document.nodes);
  /** @type {InputChanges} */
  const before = [];
  /** @type {RouteChanges} */
  const routes = {};
  /** @type {RouteChanges} */
  const routesBefore = {};
  for (const { node, input, value } of changes) {
    const old = own(document.nodes[node].inputs, input);
    before.push(old === undefined ? { node, input } : { node, input, value: old });
    nodes[node] = { ...nodes[node], inputs: withInput(nodes[node].inputs, input, value) };
    if (!document.view.routes) continue;
    Object.assign(routes, routesAfter(document.view, { node, input }, old, value));
    Object.assign(routesBefore, routesAt(document.view, { node, input }, old, value));
  }
  /** @type {Op[]} */
  const inverse = [{ op: "set-inputs", changes: before }];
  if (Object.keys(routesBefore).length) inverse.push({ op: "set-routes", routes: routesBefore });
  return {
    document: { ...document, nodes, view: withRoutes(document.view, routes) },
    inverse: all(...inverse),
  };
};

/**
 * Applies any number of `set-node` at once, so that a change of many nodes copies the nodes once.
 *
 * @type {(document: WorkflowDocument, ops: OpOf<"set-node">[]) => Applied}
 */
const setNodes = (document, ops) => {
  const nodes = copyOf(document.nodes);
  /** @type {Op[]} */
  const inverses = [];
  for (const { node, fields } of ops) {
    nodeOf(document, node);
    const entry = /** @type {any} */ (nodes[node]);
    const next = changed(entry, /** @type {any} */ (fields));
    if (equal(entry, next)) continue;
    nodes[node] = /** @type {any} */ (next);
    const before = Object.keys(fields).map((field) => [field, entry[field] ?? null]);
    inverses.push({ op: "set-node", node, fields: Object.fromEntries(before) });
  }
  if (inverses.length === 0) return untouched(document);
  return { document: { ...document, nodes }, inverse: all(...inverses.reverse()) };
};

/** @type {(document: WorkflowDocument, op: OpOf<"set-looks">) => Applied} */
const setLooks = (document, { looks }) => {
  const nodes = copyOf(document.view.nodes);
  /** @type {[string, Partial<NodeLook>][]} */
  const before = [];
  for (const [node, fields] of Object.entries(looks)) {
    nodeOf(document, node);
    const look = /** @type {any} */ (nodes[node]);
    const next = changed(look, /** @type {any} */ (fields));
    if (equal(look, next)) continue;
    nodes[node] = /** @type {any} */ (next);
    before.push([node, Object.fromEntries(Object.keys(fields).map((field) => [field, look[field] ?? null]))]);
  }
  if (before.length === 0) return untouched(document);
  return {
    document: { ...document, view: { ...document.view, nodes } },
    inverse: { op: "set-looks", looks: Object.fromEntries(before) },
  };
};

/** @type {(document: WorkflowDocument, op: OpOf<"set-frames">) => Applied} */
const setFrames = (document, { frames }) => {
  if (equal(frames, document.view.frames)) return untouched(document);
  const inverse = /** @type {Op} */ ({ op: "set-frames", frames: document.view.frames });
  return { document: { ...document, view: { ...document.view, frames } }, inverse };
};

/** @type {(document: WorkflowDocument, op: OpOf<"set-notes">) => Applied} */
const setNotes = (document, { notes }) => {
  if (equal(notes, document.view.notes)) return untouched(document);
  const inverse = /** @type {Op} */ ({ op: "set-notes", notes: document.view.notes });
  return { document: { ...document, view: { ...document.view, notes } }, inverse };
};

/** @type {(document: WorkflowDocument, op: OpOf<"set-routes">) => Applied} */
const setRoutes = (document, { routes }) => {
  const { view } = document;
  const real = Object.entries(routes).filter(([key, points]) =>
    !equal(own(view.routes, key) ?? null, points)
  );
  const stray = real.find(([key, points]) => points && !linkByKey(document, key));
  if (stray) throw new OpError({ id: "op.wireUnknown", with: { wire: stray[0] } });
  if (real.length === 0) return untouched(document);
  const before = real.map(([key]) => [key, own(view.routes, key) ?? null]);
  return {
    document: { ...document, view: withRoutes(view, Object.fromEntries(real)) },
    inverse: { op: "set-routes", routes: Object.fromEntries(before) },
  };
};

/** @type {(document: WorkflowDocument, op: OpOf<"set-signature">) => Applied} */
const setSignature = (document, { inputs, outputs }) => {
  // As text, since the order of inputs and outputs is that of the form.
  if (JSON.stringify([inputs, outputs]) === JSON.stringify([document.inputs, document.outputs])) {
    return untouched(document);
  }
  return {
    document: { ...document, inputs, outputs },
    inverse: { op: "set-signature", inputs: document.inputs, outputs: document.outputs },
  };
};

/** @type {(document: WorkflowDocument, op: OpOf<"set-words">) => Applied} */
const setWords = (document, { op: _, ...words }) => {
  const real = Object.entries(words).filter(([key, text]) =>
    (own(/** @type {any} */ (document), key) ?? "") !== text
  );
  if (real.length === 0) return untouched(document);
  const next = changed(
    /** @type {any} */ (document),
    Object.fromEntries(real.map(([key, text]) => [key, text === "" ? null : text])),
  );
  const before = real.map(([key]) => [key, own(/** @type {any} */ (document), key) ?? ""]);
  return {
    document: /** @type {any} */ (next),
    inverse: { op: "set-words", ...Object.fromEntries(before) },
  };
};

/** @type {(document: WorkflowDocument, op: OpOf<"set-workflows">) => Applied} */
const setWorkflows = (document, { workflows: changes }) => {
  const { workflows = {}, ...others } = document;
  const real = Object.entries(changes).filter(([name, inner]) =>
    !isSameDocument(own(workflows, name) ?? null, inner)
  );
  if (real.length === 0) return untouched(document);
  const next = changed(workflows, Object.fromEntries(real));
  const before = real.map(([name]) => [name, own(workflows, name) ?? null]);
  return {
    document: Object.keys(next).length ? { ...others, workflows: next } : others,
    inverse: { op: "set-workflows", workflows: Object.fromEntries(before) },
  };
};

/** @type {(document: WorkflowDocument, op: OpOf<"together">) => Applied} */
const together = (document, { ops }) => {
  let current = document;
  /** @type {Op[]} */
  const inverses = [];
  for (let index = 0; index < ops.length;) {
    /** @type {OpOf<"set-node">[]} */
    const alike = [];
    for (let op = ops[index]; op?.op === "set-node"; op = ops[index]) {
      alike.push(op);
      index++;
    }
    const applied = alike.length ? setNodes(current, alike) : apply(current, ops[index++]);
    if (applied.document !== current) inverses.push(applied.inverse);
    current = applied.document;
  }
  return inverses.length ? { document: current, inverse: all(...inverses.reverse()) } : untouched(document);
};

/**
 * Applies an op.
 *
 * @param {WorkflowDocument} document Stays as it is.
 * @param {Op} op
 * @returns {Applied} The new document, and the op that makes the old one of it again.
 * @throws {OpError} The op names what the document does not have, or a name that is taken or none.
 */
export const apply = (document, op) => {
  switch (op.op) {
    case "add-nodes":
      return addNodes(document, op);
    case "remove-nodes":
      return removeNodes(document, op);
    case "rename-node":
      return renameNode(document, op);
    case "set-inputs":
      return setInputs(document, op);
    case "set-node":
      return setNodes(document, [op]);
    case "set-looks":
      return setLooks(document, op);
    case "set-frames":
      return setFrames(document, op);
    case "set-notes":
      return setNotes(document, op);
    case "set-routes":
      return setRoutes(document, op);
    case "set-signature":
      return setSignature(document, op);
    case "set-words":
      return setWords(document, op);
    case "set-workflows":
      return setWorkflows(document, op);
    case "together":
      return together(document, op);
  }
};
