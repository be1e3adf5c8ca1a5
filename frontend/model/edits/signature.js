/** The workflow's own inputs and outputs: which there are, in which order, and what they are called. */

/** @import { Catalog, Op, Socket, WorkflowDocument, WorkflowInput, WorkflowOutput } from "../../interfaces.d.ts" */
/** @import { Installed } from "../sockets.js" */
/** @import { Refused } from "./outcome.js" */
/** @typedef {"inputs" | "outputs"} Side */
/** @typedef {{ name?: string, title?: string }} Port What it is called; after its socket where the name is missing. */

import { linksIn } from "../links.js";
import { freshName, namesIn } from "../names.js";
import { own } from "../records.js";
import { socketType, typeIn } from "../sockets.js";
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
 * @param {Port} [port]
 * @returns {{ op: Op, name: string } | Refused}
 */
export const exposeInput = (document, catalog, socket, { name, title } = {}) => {
  const known = portAt(document, socket);
  if (known !== null) return refuse("edit.signature.there", { name: known });
  const place = `${socket.node}.${socket.name}`;
  const joined = name === undefined ? undefined : own(document.inputs, name);
  if (!joined) {
    const port = name === undefined
      ? portName(namesIn(document.inputs), socket.node, socket.name)
      : freshName(new Set(), name);
    const inputs = { ...document.inputs, [port]: { to: [place], ...titled(title) } };
    return { op: signed(document, { inputs }), name: port };
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
 * @param {Port} [port]
 * @returns {{ op: Op, name: string } | Refused}
 */
export const exposeOutput = (document, _catalog, socket, { name, title } = {}) => {
  const known = portAt(document, socket);
  if (known !== null) return refuse("edit.signature.there", { name: known });
  const taken = namesIn(document.outputs);
  const port = name === undefined ? portName(taken, socket.node, socket.name) : freshName(taken, name);
  const outputs = {
    ...document.outputs,
    [port]: { from: `${socket.node}.${socket.name}`, ...titled(title) },
  };
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

/**
 * Lists the sockets that can still be exposed: inputs that take values and have no link, and all outputs.
 *
 * @param {WorkflowDocument} document
 * @param {Installed} catalog
 * @param {Side} side
 * @returns {Socket[]}
 */
export const exposable = (document, catalog, side) =>
  Object.entries(document.nodes).flatMap(([node, { type, inputs }]) => {
    const found = typeIn(document, catalog, type);
    const sockets = side === "outputs"
      ? found?.outputs
      : found?.inputs.filter(({ name, link_only }) => !link_only && linksIn(inputs[name]).length === 0);
    return (sockets ?? []).map(({ name }) => /** @type {Socket} */ ({
      node,
      side: side === "inputs" ? "input" : "output",
      name,
    }));
  }).filter((socket) => portAt(document, socket) === null);

/**
 * Moves an input or an output by one place.
 *
 * @param {WorkflowDocument} document
 * @param {Side} side
 * @param {string} name
 * @param {-1 | 1} by
 * @returns {Op}
 */
export const movePort = (document, side, name, by) => {
  const ports = Object.entries(document[side]);
  const at = ports.findIndex(([other]) => other === name);
  const to = Math.min(ports.length - 1, Math.max(0, at + by));
  const moved = ports.toSpliced(at, 1).toSpliced(to, 0, ports[at]);
  return changedSide(document, side, Object.fromEntries(moved));
};

/**
 * Takes an input or an output away; its node keeps its value.
 *
 * @param {WorkflowDocument} document
 * @param {Side} side
 * @param {string} name
 * @returns {Op}
 */
export const removePort = (document, side, name) => {
  const { [name]: _, ...others } =
    /** @type {Record<string, WorkflowInput | WorkflowOutput>} */ (document[side]);
  return changedSide(document, side, others);
};

/**
 * Gives an input or an output another title.
 *
 * @param {WorkflowDocument} document
 * @param {Side} side
 * @param {string} name
 * @param {string} title
 * @returns {Op}
 */
export const titlePort = (document, side, name, title) =>
  changedSide(document, side, { ...document[side], [name]: { ...document[side][name], title } });

/** @type {(title: string | undefined) => { title?: string }} */
const titled = (title) => title ? { title } : {};

/** @type {(document: WorkflowDocument, side: Side, ports: Record<string, WorkflowInput | WorkflowOutput>) => Op} */
const changedSide = (document, side, ports) =>
  signed(document, /** @type {Partial<WorkflowDocument>} */ ({ [side]: ports }));

/** @type {(document: WorkflowDocument, change: Partial<Pick<WorkflowDocument, "inputs" | "outputs">>) => Op} */
const signed = ({ inputs, outputs }, change) => ({ op: "set-signature", inputs, outputs, ...change });
