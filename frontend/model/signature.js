/**
 * A workflow as a form: what each of its inputs is called, takes and holds, and what it gives.
 *
 * @import { Catalog, JSONValue, NodeType, Op, WorkflowDocument, WorkflowInput } from "../interfaces.d.ts"
 */

import { linksIn, splitSocket } from "./links.js";
import { own } from "./records.js";
import { socketType, typeOfNode } from "./sockets.js";
import { hasVariables, parseType } from "./types.js";

/**
 * @typedef {object} FormInput
 * @property {string} name
 * @property {string} title What the form calls it.
 * @property {string} doc
 * @property {Record<string, JSONValue> | null} widget
 * @property {string} type What all sockets behind it take.
 * @property {JSONValue | undefined} value What stands in the document; undefined where nothing does, or a link.
 * @property {JSONValue | undefined} fallback What holds where nothing is given.
 * @property {boolean} required Whether the workflow does not run as long as nothing is given.
 * @property {boolean} isLinked Whether a link feeds it, which a value would replace.
 * @property {readonly { node: string, input: string }[]} sockets The inputs of nodes that it feeds, at least one.
 * @property {(value: JSONValue | undefined) => Op} setValue Gives the change that fills it in; undefined empties it.
 */
/** @typedef {{ name: string, title: string, doc: string, type: string | null }} FormOutput */
/** @typedef {{ node: string, input: string, given: unknown, schema: NodeType["inputs"][number] | undefined }} Inner */

/**
 * Gives the form of a workflow, in its order.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @returns {{ inputs: FormInput[], outputs: FormOutput[] }} Inputs that lead to no node are left out.
 */
export function formOf(document, catalog) {
  const inputs = Object.entries(document.inputs).flatMap(([name, port]) =>
    formInput(document, catalog, name, port) ?? []
  );
  const outputs = Object.entries(document.outputs).map(([name, { from, title, description }]) => {
    const [node, output] = splitSocket(from);
    const schema = typeOfNode(document, catalog, node)?.outputs.find((one) => one.name === output);
    const type = socketType(document, catalog, { node, side: "output", name: output });
    return { name, title: title || name, doc: description || schema?.doc || "", type };
  });
  return { inputs, outputs };
}

/**
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {string} name
 * @param {WorkflowInput} port
 * @returns {FormInput | null}
 */
function formInput(document, catalog, name, { to, title, description }) {
  const inner = to.flatMap((socket) => innerInput(document, catalog, socket) ?? []);
  const first = inner.find((one) => suitsAll(one, inner, catalog)) ?? inner[0];
  if (!first) return null;
  const isLinked = linksIn(/** @type {JSONValue} */ (first.given)).length > 0;
  const sockets = inner.map(({ node, input }) => ({ node, input }));
  return {
    name,
    title: title || name,
    doc: description || first.schema?.doc || "",
    widget: first.schema?.widget ?? null,
    type: first.schema?.type ?? "json",
    value: isLinked ? undefined : /** @type {JSONValue | undefined} */ (first.given),
    fallback: first.schema?.default,
    required: inner.some(({ schema, given }) => schema?.required && given === undefined),
    isLinked,
    sockets,
    setValue: (value) => ({
      op: "set-inputs",
      changes: sockets.map((socket) => value === undefined ? socket : { ...socket, value }),
    }),
  };
}

/**
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {string} socket
 * @returns {Inner | null}
 */
function innerInput(document, catalog, socket) {
  const [node, input] = splitSocket(socket);
  const entry = own(document.nodes, node);
  if (!entry) return null;
  const schema = typeOfNode(document, catalog, node)?.inputs.find((one) => one.name === input);
  return { node, input, given: own(entry.inputs, input), schema };
}

/**
 * Tells whether the values of one socket fit all others, as they stand or as the only item of a list.
 *
 * @param {Inner} inner
 * @param {readonly Inner[]} others
 * @param {Catalog} catalog
 */
function suitsAll({ schema }, others, catalog) {
  if (!schema || hasVariables(parseType(schema.type))) return false;
  return others.every((other) => {
    if (!other.schema || hasVariables(parseType(other.schema.type))) return true;
    const fit = catalog.fits(schema.type, other.schema.type);
    return fit.fits && fit.rule !== "map";
  });
}
