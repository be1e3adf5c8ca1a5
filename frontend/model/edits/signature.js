/** The workflow's own inputs and outputs. */

/** @import { Catalog, Op, Socket, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { Refused } from "./outcome.js" */

import { freshName, namesIn } from "../names.js";
import { own } from "../records.js";
import { socketType } from "../sockets.js";
import { refuse } from "./outcome.js";

/**
 * Finds the workflow's input or output at a socket.
 *
 * @param {WorkflowDocument} document
 * @param {Socket} socket
 * @returns {string | null} Its name.
 */
export const portAt = (document, { node, side, name }) => {
  const socket = `${node}.${name}`;
  const found = side === "input"
    ? Object.entries(document.inputs).find(([, { to }]) => to.includes(socket))
    : Object.entries(document.outputs).find(([, { from }]) => from === socket);
  return found?.[0] ?? null;
};

/**
 * Names a port after its socket, and after the node too where that name is taken.
 *
 * @param {{ has(name: string): boolean }} taken
 * @param {string} node
 * @param {string} socket
 */
export const portName = (taken, node, socket) =>
  taken.has(socket) ? freshName(taken, `${node}_${socket}`) : freshName(taken, socket);

/**
 * Makes an input of a node an input of the workflow, or lets one that there is feed it too.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {Socket} socket
 * @param {string} [name] That of the socket where it is missing.
 * @returns {{ op: Op, name: string } | Refused}
 */
export const exposeInput = (document, catalog, socket, name) => {
  const known = portAt(document, socket);
  if (known !== null) return refuse("edit.signature.there", { name: known });
  const place = `${socket.node}.${socket.name}`;
  const joined = name === undefined ? undefined : own(document.inputs, name);
  if (!joined) {
    const port = name === undefined
      ? portName(namesIn(document.inputs), socket.node, socket.name)
      : freshName(new Set(), name);
    return { op: signed(document, { inputs: { ...document.inputs, [port]: { to: [place] } } }), name: port };
  }
  const [node, input] = joined.to[0].split(".");
  const shared = socketType(document, catalog, { node, side: "input", name: input });
  const wanted = socketType(document, catalog, socket);
  const fit = shared === null || wanted === null ? null : catalog.fits(shared, wanted);
  if (fit && !fit.fits) return { refusal: fit.reason };
  const port = { ...joined, to: [...joined.to, place] };
  return {
    op: signed(document, { inputs: { ...document.inputs, [String(name)]: port } }),
    name: String(name),
  };
};

/**
 * Makes an output of a node an output of the workflow.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} _catalog
 * @param {Socket} socket
 * @param {string} [name] That of the socket where it is missing.
 * @returns {{ op: Op, name: string } | Refused}
 */
export const exposeOutput = (document, _catalog, socket, name) => {
  const known = portAt(document, socket);
  if (known !== null) return refuse("edit.signature.there", { name: known });
  const taken = namesIn(document.outputs);
  const port = name === undefined ? portName(taken, socket.node, socket.name) : freshName(taken, name);
  const outputs = { ...document.outputs, [port]: { from: `${socket.node}.${socket.name}` } };
  return { op: signed(document, { outputs }), name: port };
};

/**
 * Takes a socket out of the workflow's inputs or outputs; an input that feeds nothing any more goes.
 *
 * @param {WorkflowDocument} document
 * @param {Socket} socket
 * @returns {{ op: Op }}
 */
export const hide = (document, { node, side, name }) => {
  const place = `${node}.${name}`;
  if (side === "output") {
    const kept = Object.entries(document.outputs).filter(([, { from }]) => from !== place);
    return { op: signed(document, { outputs: Object.fromEntries(kept) }) };
  }
  const kept = Object.entries(document.inputs).flatMap(([port, input]) => {
    const to = input.to.filter((socket) => socket !== place);
    return to.length ? [[port, { ...input, to }]] : [];
  });
  return { op: signed(document, { inputs: Object.fromEntries(kept) }) };
};

/** @type {(document: WorkflowDocument, change: Partial<Pick<WorkflowDocument, "inputs" | "outputs">>) => Op} */
const signed = ({ inputs, outputs }, change) => ({ op: "set-signature", inputs, outputs, ...change });
