/** Turning a selection into a workflow that stands as one node, and such a node back into what is inside. */

/** @import { Catalog, InputValue, NodeEntry, Op, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { Refused } from "./outcome.js" */
/** @import { Ports } from "./ports.js" */

import { emptyDocument } from "../document.js";
import {
  downstream,
  linksFrom,
  linksIn,
  linksOf,
  linkTo,
  readLink,
  splitSocket,
  upstream,
} from "../links.js";
import { freshName, namesIn } from "../names.js";
import { own } from "../records.js";
import { signatureMoved } from "../references.js";
import { WORKFLOW_PREFIX, workflowOf } from "../workflow_types.js";
import { bringAlong, carriedFor, usedBy } from "./carried.js";
import { cornerOf, graft, groupOf } from "./copies.js";
import { refuse, together } from "./outcome.js";
import { portsOf } from "./ports.js";

/**
 * Turns nodes into a workflow of their own and puts one node in their place, with the same links. The sockets of the
 * workflow are called like those inside; what was an input or output of the whole workflow at them stays one, under
 * its name and with its words.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {Iterable<string>} ids
 * @param {string} name What the workflow is called.
 * @param {{ carry?: boolean }} [options] Whether the document carries the workflow along; otherwise it is to be saved.
 * @returns {{ op: Op, node: string, name: string, document: WorkflowDocument } | Refused} With the workflow.
 */
export const makeWorkflow = (document, catalog, ids, name, { carry = false } = {}) => {
  const group = groupOf(document, { nodes: ids });
  const inside = new Set(Object.keys(group.nodes));
  const refused = obstacleTo(document, inside);
  if (refused) return refused;
  const ports = portsOf(document, catalog, inside);
  const called = carry ? freshName(carriedNames(document), name) : name;
  const node = freshName(namesIn(document.nodes), called);
  const { looks, routes } = group;
  const workflows = carriedFor(document, group.nodes);
  const inner = {
    ...emptyDocument(),
    title: name,
    inputs: ports.inputs,
    outputs: ports.outputs,
    nodes: Object.fromEntries(
      Object.entries(group.nodes).map(([id, entry]) => [id, withoutStrangers(entry, inside)]),
    ),
    view: { nodes: looks, frames: [], notes: [], ...(Object.keys(routes).length ? { routes } : {}) },
  };
  /** @type {Op} */
  const add = {
    op: "add-nodes",
    nodes: { [node]: { type: WORKFLOW_PREFIX + called, version: 1, inputs: ports.given } },
    looks: { [node]: { at: cornerOf(group) } },
  };
  return {
    op: together(
      carry && { op: "set-workflows", workflows: { [called]: inner } },
      add,
      { op: "set-inputs", changes: takenOver(document, inside, node, ports) },
      { op: "set-signature", ...outerSignature(document, node, ports) },
      { op: "remove-nodes", nodes: [...inside] },
    ),
    node,
    name: called,
    document: carry || Object.keys(workflows).length === 0 ? inner : { ...inner, workflows },
  };
};

/** @type {(document: WorkflowDocument) => Set<string>} */
const carriedNames = ({ workflows = {}, nodes }) =>
  new Set([...Object.keys(workflows), ...usedBy(nodes, workflows)]);

/** @type {(document: WorkflowDocument, inside: ReadonlySet<string>) => Refused | null} */
const obstacleTo = (document, inside) => {
  if (inside.size === 0) return refuse("edit.workflow.nothing");
  const after = downstream(document, inside).difference(inside);
  const between = [...upstream(document, inside).difference(inside)].find((id) => after.has(id));
  if (between !== undefined) return refuse("edit.workflow.between", { node: between });
  const mixed = linksOf(document).find(({ source, target }) => {
    if (!inside.has(target.node) || inside.has(source.node)) return false;
    const value = document.nodes[target.node].inputs[target.input];
    return Array.isArray(value) && value.some((item) => inside.has(readLink(item)?.node ?? ""));
  });
  return mixed
    ? refuse("edit.workflow.mixed", { node: mixed.target.node, socket: mixed.target.input })
    : null;
};

/** @type {(entry: NodeEntry, inside: ReadonlySet<string>) => NodeEntry} */
const withoutStrangers = (entry, inside) => {
  const kept = Object.entries(entry.inputs).filter(([, value]) =>
    linksIn(value).every(({ source }) => inside.has(source.node))
  );
  return { ...entry, inputs: Object.fromEntries(kept) };
};

/** @type {(document: WorkflowDocument, inside: ReadonlySet<string>, node: string, ports: Ports) => { node: string, input: string, value: InputValue }[]} */
const takenOver = (document, inside, node, { outputAt }) => {
  const fed = [...inside].flatMap((id) => linksFrom(document, id)).filter(({ target }) =>
    !inside.has(target.node)
  );
  /** @param {any} item */
  const turned = (item) => {
    const source = readLink(item);
    const port = source && outputAt.get(`${source.node}.${source.output}`);
    return port ? linkTo(node, port) : item;
  };
  return fed.map(({ target }) => {
    const value = document.nodes[target.node].inputs[target.input];
    return {
      node: target.node,
      input: target.input,
      value: Array.isArray(value) ? value.map(turned) : turned(value),
    };
  });
};

/** @type {(document: WorkflowDocument, node: string, ports: Ports) => Pick<WorkflowDocument, "inputs" | "outputs">} */
const outerSignature = (document, node, { inputAt, outputAt }) => {
  const { inputs, outputs } = signatureMoved(document, (socket, side) => {
    const port = (side === "input" ? inputAt : outputAt).get(socket);
    return port === undefined ? socket : `${node}.${port}`;
  });
  const once = Object.entries(inputs).map(([name, port]) => [name, { ...port, to: [...new Set(port.to)] }]);
  return { inputs: Object.fromEntries(once), outputs };
};

/**
 * Puts what is inside a workflow node in its place, with the same links.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} _catalog
 * @param {string} node
 * @param {WorkflowDocument} inner The workflow, from the server or carried by the document.
 * @returns {{ op: Op, nodes: string[] } | Refused} With the nodes that came out.
 */
export const unpack = (document, _catalog, node, inner) => {
  const entry = own(document.nodes, node);
  if (!entry || workflowOf(entry.type) === null) return refuse("edit.workflow.noWorkflow", { node });
  const { op: carry, retype } = bringAlong(document, inner.workflows ?? {});
  const { view } = inner;
  const group = {
    nodes: retype(inner.nodes),
    looks: view.nodes,
    routes: view.routes ?? {},
    frames: view.frames,
    notes: view.notes,
  };
  const [x, y] = cornerOf(group);
  const [left, top] = document.view.nodes[node].at;
  // The name of the node is free for what was inside it.
  const without = { ...document, nodes: { ...document.nodes } };
  delete without.nodes[node];
  const { op: put, made, names } = graft(without, group, [left - x, top - y]);
  const { inputs, outputs } = placesOf(inner, names);
  const given = Object.entries(entry.inputs).flatMap(([name, value]) =>
    (inputs.get(name) ?? []).map(([id, input]) => ({ node: id, input, value }))
  );
  const relinked = relink(document, node, outputs);
  const signature = signatureOutside(document, node, inputs, outputs);
  const modes = entry.mode
    ? made.nodes.map((id) => /** @type {Op} */ ({ op: "set-node", node: id, fields: { mode: entry.mode } }))
    : [];
  return {
    op: together(
      carry,
      { op: "set-inputs", changes: relinked.map(({ node: id, input }) => ({ node: id, input })) },
      { op: "remove-nodes", nodes: [node] },
      put,
      { op: "set-inputs", changes: [...given, ...relinked] },
      { op: "set-signature", ...signature },
      ...modes,
    ),
    nodes: made.nodes,
  };
};

/**
 * Gives where the ports of a workflow lead, as its nodes are called outside.
 *
 * @param {WorkflowDocument} inner
 * @param {ReadonlyMap<string, string>} names
 */
const placesOf = (inner, names) => {
  /** @param {string} socket */
  const placeOf = (socket) => {
    const [id, name] = splitSocket(socket);
    return /** @type {const} */ ([names.get(id) ?? id, name]);
  };
  return {
    inputs: new Map(Object.entries(inner.inputs).map(([name, { to }]) => [name, to.map(placeOf)])),
    outputs: new Map(Object.entries(inner.outputs).map(([name, { from }]) => [name, placeOf(from)])),
  };
};

/** @type {(document: WorkflowDocument, node: string, outputs: ReadonlyMap<string, readonly [string, string]>) => { node: string, input: string, value: InputValue | undefined }[]} */
const relink = (document, node, outputs) => {
  /** @param {any} item */
  const turned = (item) => {
    const source = readLink(item);
    if (source?.node !== node) return [item];
    const place = outputs.get(source.output);
    return place ? [linkTo(...place)] : [];
  };
  return linksFrom(document, node).map(({ target }) => {
    const value = document.nodes[target.node].inputs[target.input];
    const list = Array.isArray(value) ? value.flatMap(turned) : turned(value);
    return {
      node: target.node,
      input: target.input,
      value: list.length === 0 ? undefined : Array.isArray(value) ? list : list[0],
    };
  });
};

/** @type {(document: WorkflowDocument, node: string, inputs: ReadonlyMap<string, (readonly [string, string])[]>, outputs: ReadonlyMap<string, readonly [string, string]>) => Pick<WorkflowDocument, "inputs" | "outputs">} */
const signatureOutside = (document, node, inputs, outputs) => {
  /** @param {string} socket */
  const unfolded = (socket) => {
    const [id, name] = splitSocket(socket);
    return id === node ? (inputs.get(name) ?? []).map((place) => place.join(".")) : [socket];
  };
  const within = Object.entries(document.inputs).flatMap(([name, port]) => {
    const to = port.to.flatMap(unfolded);
    return to.length ? [[name, { ...port, to }]] : [];
  });
  const without = Object.entries(document.outputs).flatMap(([name, port]) => {
    const [id, output] = splitSocket(port.from);
    if (id !== node) return [[name, port]];
    const place = outputs.get(output);
    return place ? [[name, { ...port, from: place.join(".") }]] : [];
  });
  return { inputs: Object.fromEntries(within), outputs: Object.fromEntries(without) };
};
