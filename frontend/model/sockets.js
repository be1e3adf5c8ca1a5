/**
 * What the sockets of a document's nodes take and give: types of workflows that it carries along, and type variables
 * that its links bind.
 */

/** @import { Catalog, NodeType, Socket, WorkflowDocument } from "../interfaces.d.ts" */
/** @import { SocketType, Supertypes } from "./types.js" */
/** @typedef {Pick<Catalog, "types" | "table" | "get">} Installed What of the catalogue is asked here. */
/** @typedef {NodeType["inputs"][number]} Input */
/** @typedef {NodeType["outputs"][number]} Output */

import { linksIn, linksInto, splitSocket } from "./links.js";
import { own } from "./records.js";
import { common, fits, hasVariables, membersOf, parseType, substitute } from "./types.js";
import { workflowOf, workflowType } from "./workflow_types.js";

/**
 * Gives the value types above each value type.
 *
 * @param {Installed} catalog
 * @returns {Supertypes}
 */
export const supertypesOf = (catalog) => {
  const table = catalog.table.peek();
  const known = tables.get(table) ?? new Map(table.types.map(({ name, supertypes }) => [name, supertypes]));
  tables.set(table, known);
  return known;
};

/** @type {WeakMap<object, Supertypes>} */
const tables = new WeakMap();

/**
 * Gives a type of nodes as a document sees it: workflows that it carries come before saved ones.
 *
 * @param {WorkflowDocument} document
 * @param {Installed} catalog
 * @param {string} type
 * @returns {NodeType | undefined}
 */
export const typeIn = (document, catalog, type) => {
  const name = workflowOf(type);
  const inner = name === null ? undefined : own(document.workflows, name);
  return inner && name !== null ? typeOfWorkflow(document, catalog, name, inner) : catalog.get(type);
};

/**
 * Gives the type of a node of a document.
 *
 * @param {WorkflowDocument} document
 * @param {Installed} catalog
 * @param {string} node
 */
export const typeOfNode = (document, catalog, node) => {
  const entry = own(document.nodes, node);
  return entry && typeIn(document, catalog, entry.type);
};

/** @type {WeakMap<WorkflowDocument, { types: unknown, beside: unknown, type: NodeType }>} */
const workflowTypes = new WeakMap();

/** @type {(document: WorkflowDocument, catalog: Installed, name: string, inner: WorkflowDocument) => NodeType} */
const typeOfWorkflow = (document, catalog, name, inner) => {
  const types = catalog.types.peek();
  const known = workflowTypes.get(inner);
  if (known?.types === types && known.beside === document.workflows) return known.type;
  // A workflow that contains itself is an error, which the server reports; here it ends the search.
  const { [name]: _, ...workflows } = document.workflows ?? {};
  const within = { ...inner, workflows };
  const type = workflowType(name, {
    title: inner.title,
    description: inner.description,
    inputs: Object.entries(inner.inputs).flatMap(([port, { to, description }]) => {
      const found = to.flatMap((socket) => inputAt(within, catalog, socket) ?? []);
      const first = found.find((input) => suitsAll(input.type, found, supertypesOf(catalog))) ?? found[0];
      return first ? [{ ...first, name: port, doc: description ?? first.doc }] : [];
    }),
    outputs: Object.entries(inner.outputs).flatMap(([port, { from, description }]) => {
      const [node, output] = splitSocket(from);
      const found = typeOfNode(within, catalog, node)?.outputs.find((one) => one.name === output);
      return found ? [{ ...found, name: port, doc: description ?? found.doc }] : [];
    }),
  });
  workflowTypes.set(inner, { types, beside: document.workflows, type });
  return type;
};

/**
 * Gives an input of a node inside a workflow, with what stands there as its default.
 *
 * @type {(document: WorkflowDocument, catalog: Installed, socket: string) => Input | undefined}
 */
const inputAt = (document, catalog, socket) => {
  const [node, name] = splitSocket(socket);
  const input = typeOfNode(document, catalog, node)?.inputs.find((one) => one.name === name);
  const given = own(document.nodes[node]?.inputs, name);
  if (!input || given === undefined) return input;
  const { default: _, ...rest } = input;
  return linksIn(given).length
    ? { ...rest, required: false }
    : { ...rest, required: false, default: /** @type {Input["default"]} */ (given) };
};

/** @type {(type: string, inputs: readonly Input[], supertypes: Supertypes) => boolean} */
const suitsAll = (type, inputs, supertypes) =>
  inputs.every((other) => {
    const rule = fits(parseType(type), parseType(other.type), supertypes)?.rule;
    return rule !== undefined && rule !== "map";
  });

/**
 * Gives the value type of a socket. The variables of an output are replaced by what the links into its node bind.
 *
 * @param {WorkflowDocument} document
 * @param {Installed} catalog
 * @param {Socket} socket
 * @returns {string | null} Null where the node, its type or the socket is not known.
 */
export const socketType = (document, catalog, { node, side, name }) => {
  const type = typeOfNode(document, catalog, node);
  const found = (side === "input" ? type?.inputs : type?.outputs)?.find((one) => one.name === name);
  if (!type || !found) return null;
  const declared = parseType(found.type);
  if (side === "input" || !hasVariables(declared)) return found.type;
  return substitute(declared, bindingsOf(document, catalog, node, type)).text;
};

/** @type {WeakMap<WorkflowDocument["nodes"], { types: unknown, found: Map<string, Map<string, SocketType>> }>} */
const bindings = new WeakMap();

/**
 * Finds what the type variables of a node stand for.
 *
 * @type {(document: WorkflowDocument, catalog: Installed, node: string, type: NodeType) => Map<string, SocketType>}
 */
const bindingsOf = (document, catalog, node, type) => {
  const types = catalog.types.peek();
  const known = bindings.get(document.nodes);
  const found = known?.types === types ? known.found : new Map();
  bindings.set(document.nodes, { types, found });
  const before = found.get(node);
  if (before) return before;
  /** @type {Map<string, SocketType>} */
  const bound = new Map();
  // Set before the links are followed, so that a circle of nodes comes to an end.
  found.set(node, bound);
  for (const { source, target } of linksInto(document, node)) {
    const input = type.inputs.find((one) => one.name === target.input);
    const given = socketType(document, catalog, { node: source.node, side: "output", name: source.output });
    if (!input || given === null) continue;
    const fit = fits(parseType(given), parseType(input.type), supertypesOf(catalog));
    for (const [name, one] of fit?.bindings ?? []) {
      bound.set(name, common(bound.get(name) ?? one, one, supertypesOf(catalog)) ?? one);
    }
  }
  return bound;
};

/**
 * Gives a type of nodes with the variables of its outputs replaced by what one of its inputs would be given.
 *
 * @param {NodeType} type
 * @param {string} input
 * @param {string} given The type of what is given.
 * @param {Supertypes} supertypes
 * @returns {Output[]}
 */
export const outputsGiven = (type, input, given, supertypes) => {
  const taken = type.inputs.find((one) => one.name === input);
  const fit = taken && fits(parseType(given), parseType(taken.type), supertypes);
  return type.outputs.map((output) => ({
    ...output,
    type: fit ? substitute(parseType(output.type), fit.bindings).text : output.type,
  }));
};

/**
 * Tells whether an input takes lists, and so any number of links.
 *
 * @param {string | null} type
 */
export const isList = (type) =>
  type !== null && membersOf(parseType(type)).some((member) => member.kind === "list");
