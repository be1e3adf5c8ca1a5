/** In what two documents differ. */

/** @import { InputValue, NodeEntry, WorkflowDocument, Words } from "../interfaces.d.ts" */

import { linksIn, readLink } from "./links.js";
import { equal, own } from "./records.js";
import { writeJSON } from "./json.js";

/**
 * A difference. `words` say it; the other parts name what it is about, as far as they apply.
 *
 * @typedef {object} Change
 * @property {"words" | "input" | "output" | "node" | "type" | "mode" | "value" | "link" | "look" | "sheet" | "workflow"} kind
 * @property {Words} words
 * @property {string} [node]
 * @property {string} [input]
 * @property {unknown} [before]
 * @property {unknown} [after]
 */
/** @typedef {{ node: string, input: string, before: InputValue | undefined, after: InputValue | undefined }} InputChange */

/**
 * Lists the differences between two documents, those that matter to results before those of looks.
 *
 * @param {WorkflowDocument} a The earlier one.
 * @param {WorkflowDocument} b The later one.
 * @returns {Change[]}
 */
export const diff = (a, b) => [
  ...diffWords(a, b),
  ...diffRecords(a.nodes, b.nodes, "node", (node, before, after) => diffNode(node, before, after)),
  ...diffRecords(a.inputs, b.inputs, "input"),
  ...diffRecords(a.outputs, b.outputs, "output"),
  ...diffRecords(a.workflows ?? {}, b.workflows ?? {}, "workflow"),
  ...diffLooks(a, b),
];

/** @type {(id: string, gaps?: Words["with"]) => Words} */
const words = (id, gaps) => gaps ? { id: `diff.${id}`, with: gaps } : { id: `diff.${id}` };

/** @type {(a: WorkflowDocument, b: WorkflowDocument) => Change[]} */
const diffWords = (a, b) =>
  /** @type {const} */ (["title", "description"]).flatMap((key) =>
    (a[key] ?? "") === (b[key] ?? "") ? [] : [{
      kind: /** @type {const} */ ("words"),
      words: words(key, { after: b[key] ?? "" }),
      before: a[key],
      after: b[key],
    }]
  );

/**
 * @template T
 * @param {Record<string, T>} a
 * @param {Record<string, T>} b
 * @param {"node" | "input" | "output" | "workflow"} kind
 * @param {(name: string, before: T, after: T) => Change[]} [look] Says what differs inside.
 * @returns {Change[]}
 */
const diffRecords = (a, b, kind, look) => {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => {
    const [before, after] = [own(a, name), own(b, name)];
    if (equal(before, after)) return [];
    const node = kind === "node" ? { node: name } : {};
    if (before === undefined) return [{ kind, words: words(`${kind}Added`, { name }), ...node, after }];
    if (after === undefined) return [{ kind, words: words(`${kind}Removed`, { name }), ...node, before }];
    return look
      ? look(name, before, after)
      : [{ kind, words: words(`${kind}Changed`, { name }), before, after }];
  });
};

/** @type {(node: string, before: NodeEntry, after: NodeEntry) => Change[]} */
const diffNode = (node, before, after) => {
  /** @type {Change[]} */
  const changes = [];
  if (before.type !== after.type || before.version !== after.version) {
    const named = before.type === after.type ? ` ${after.version}` : "";
    changes.push({
      kind: "type",
      node,
      words: words("type", { node, after: after.type + named }),
      before: before.type,
      after: after.type,
    });
  }
  if (before.mode !== after.mode) {
    changes.push({
      kind: "mode",
      node,
      words: words(`mode.${after.mode ?? "on"}`, { node }),
      before: before.mode,
      after: after.mode,
    });
  }
  if (!equal(before.zip ?? [], after.zip ?? [])) {
    changes.push({
      kind: "value",
      node,
      words: words("zip", { node }),
      before: before.zip,
      after: after.zip,
    });
  }
  return [...changes, ...inputChanges(node, before, after).map(describe)];
};

/** @type {(node: string, before: NodeEntry, after: NodeEntry) => InputChange[]} */
const inputChanges = (node, before, after) =>
  [...new Set([...Object.keys(before.inputs), ...Object.keys(after.inputs)])]
    .map((input) => ({ node, input, before: own(before.inputs, input), after: own(after.inputs, input) }))
    .filter((change) => !equal(change.before, change.after));

/** @type {(change: InputChange) => Change} */
const describe = (change) => {
  const { node, input, before, after } = change;
  const isLink = linksIn(before).length > 0 || linksIn(after).length > 0;
  const gaps = { node, input, before: shown(before), after: shown(after) };
  const id = after === undefined ? "cleared" : before === undefined ? "set" : "changed";
  return { kind: isLink ? "link" : "value", words: words(id, gaps), ...change };
};

/** Longest text of a value that is shown whole. */
const MOST_SHOWN = 60;

/** @type {(value: InputValue | undefined) => string} */
const shown = (value) => {
  const link = readLink(value);
  const text = link
    ? `${link.node}.${link.output}`
    : typeof value === "string"
    ? `“${value}”`
    : writeJSON(value) ?? "";
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
};

/** @type {(a: WorkflowDocument, b: WorkflowDocument) => Change[]} */
const diffLooks = (a, b) => {
  const moved = Object.keys(b.nodes).filter((id) =>
    Object.hasOwn(a.nodes, id) && !equal(own(a.view.nodes, id), own(b.view.nodes, id))
  );
  /** @type {Change[]} */
  const changes = [];
  if (moved.length) {
    changes.push({ kind: "look", words: words("looks", { count: moved.length }), after: moved });
  }
  for (const kind of /** @type {const} */ (["frames", "notes", "routes"])) {
    if (!equal(a.view[kind], b.view[kind])) {
      changes.push({ kind: "sheet", words: words(kind), before: a.view[kind], after: b.view[kind] });
    }
  }
  return changes;
};

/**
 * Lists the inputs by which two documents would give different results: values that differ in nodes that both have,
 * with the values of nodes that only one has left out.
 *
 * @param {WorkflowDocument} a
 * @param {WorkflowDocument} b
 * @returns {InputChange[]}
 */
export const diffInputs = (a, b) =>
  Object.keys(a.nodes).flatMap((node) => {
    const [before, after] = [a.nodes[node], own(b.nodes, node)];
    return after ? inputChanges(node, before, after) : [];
  });
