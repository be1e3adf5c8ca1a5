/** Workflows that a document carries along for the nodes that use them. */

/** @import { NodeEntry, Op, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { Refused } from "./outcome.js" */
/** @typedef {Record<string, WorkflowDocument>} Workflows */
/** @typedef {Record<string, NodeEntry>} Nodes */

import { freshName } from "../names.js";
import { equal, own } from "../records.js";
import { WORKFLOW_PREFIX, workflowOf } from "../workflow_types.js";
import { refuse, together } from "./outcome.js";

/**
 * Lists the names of the workflows that nodes use, also those that these use in turn.
 *
 * @param {Nodes} nodes
 * @param {Workflows} [workflows] Those that are known.
 * @returns {Set<string>}
 */
export const usedBy = (nodes, workflows) => {
  const names = new Set(namesOf(nodes));
  // A set goes on to what is added while it is walked.
  for (const name of names) {
    for (const other of namesOf(own(workflows, name)?.nodes ?? {})) names.add(other);
  }
  return names;
};

/** @type {(nodes: Nodes) => string[]} */
const namesOf = (nodes) => Object.values(nodes).flatMap(({ type }) => workflowOf(type) ?? []);

/**
 * Takes the carried workflows that some nodes need.
 *
 * @param {WorkflowDocument} document
 * @param {Nodes} nodes
 * @returns {Workflows}
 */
export const carriedFor = ({ workflows = {} }, nodes) => {
  const used = usedBy(nodes, workflows);
  return Object.fromEntries(Object.entries(workflows).filter(([name]) => used.has(name)));
};

/**
 * Brings carried workflows along into a document. One whose name means another workflow there gets a fresh name.
 *
 * @param {WorkflowDocument} document
 * @param {Workflows} workflows
 * @returns {{ op: Op | null, retype: (nodes: Nodes) => Nodes }} With what turns nodes to the names there.
 */
export const bringAlong = (document, workflows) => {
  const there = document.workflows ?? {};
  const taken = new Set([...Object.keys(there), ...usedBy(document.nodes, there)]);
  /** @type {Map<string, string>} */
  const renamed = new Map();
  /** @type {string[]} */
  const added = [];
  for (const [name, inner] of Object.entries(workflows)) {
    if (equal(own(there, name), inner)) continue;
    added.push(name);
    const fresh = freshName(taken, name);
    taken.add(fresh);
    if (fresh !== name) renamed.set(name, fresh);
  }
  /** @param {NodeEntry} entry */
  const turned = (entry) => {
    const name = renamed.get(workflowOf(entry.type) ?? "");
    return name === undefined ? entry : { ...entry, type: WORKFLOW_PREFIX + name };
  };
  /** @param {Nodes} nodes */
  const retype = (nodes) =>
    Object.fromEntries(Object.entries(nodes).map(([id, entry]) => [id, turned(entry)]));
  const brought = added.map((
    name,
  ) => [renamed.get(name) ?? name, { ...workflows[name], nodes: retype(workflows[name].nodes) }]);
  return {
    op: added.length ? { op: "set-workflows", workflows: Object.fromEntries(brought) } : null,
    retype,
  };
};

/**
 * Lets the nodes of a workflow that a document carries stand for the one that is saved under a name. What nothing
 * uses any more is carried no longer.
 *
 * @param {WorkflowDocument} document
 * @param {string} name What the document calls the workflow.
 * @param {string} saved What it is called once it is saved.
 * @returns {{ op: Op, document: WorkflowDocument } | Refused} With what is to be saved.
 */
export const publish = (document, name, saved) => {
  const { workflows = {} } = document;
  const inner = workflows[name];
  if (saved !== name && own(workflows, saved)) return refuse("edit.workflow.carried", { name: saved });
  /** @param {Nodes} nodes */
  const retype = (nodes) =>
    Object.fromEntries(
      Object.entries(nodes).map(([id, entry]) => [
        id,
        workflowOf(entry.type) === name ? { ...entry, type: WORKFLOW_PREFIX + saved } : entry,
      ]),
    );
  const others = Object.entries(workflows).filter(([other]) => other !== name);
  const kept = Object.fromEntries(others.map(([other, it]) => [other, { ...it, nodes: retype(it.nodes) }]));
  const used = usedBy(retype(document.nodes), kept);
  const changes = Object.keys(workflows).map((other) => [other, used.has(other) && own(kept, other) || null]);
  const nodes = Object.entries(document.nodes).filter(([, { type }]) => workflowOf(type) === name);
  return {
    op: together(
      { op: "set-workflows", workflows: Object.fromEntries(changes) },
      ...nodes.map(([node]) => /** @type {Op} */ ({
        op: "set-node",
        node,
        fields: { type: WORKFLOW_PREFIX + saved },
      })),
    ),
    document: takeOut(document, name) ?? inner,
  };
};

/**
 * Gives a workflow that a document carries as a document of its own, with those that it needs in turn.
 *
 * @param {WorkflowDocument} document
 * @param {string} name
 * @returns {WorkflowDocument | null} Null where nothing of that name is carried.
 */
export const takeOut = (document, name) => {
  const inner = own(document.workflows, name);
  if (!inner) return null;
  const workflows = carriedFor(document, inner.nodes);
  return Object.keys(workflows).length ? { ...inner, workflows } : inner;
};

/**
 * Puts a workflow that was taken out back in its place, with those that it carries by now.
 *
 * @param {string} name
 * @param {WorkflowDocument} document
 * @returns {Op}
 */
export const putBack = (name, { workflows = {}, ...inner }) => ({
  op: "set-workflows",
  workflows: { ...workflows, [name]: inner },
});
