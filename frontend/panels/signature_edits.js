/** Picking what a workflow takes and gives, and in which order. No DOM. */

/** @import { Catalog, Op, WorkflowDocument, WorkflowInput, WorkflowOutput } from "../interfaces.d.ts" */

/** @typedef {"inputs" | "outputs"} Side */
/** @typedef {{ socket: string, node: string, name: string, type: string }} Candidate A socket that can be picked. */

/**
 * Moves an input or an output by one place.
 *
 * @param {WorkflowDocument} document
 * @param {Side} side
 * @param {string} name
 * @param {-1 | 1} by
 * @returns {Op}
 */
export const moveEntry = (document, side, name, by) => {
  const entries = Object.entries(document[side]);
  const at = entries.findIndex(([other]) => other === name);
  const to = Math.min(entries.length - 1, Math.max(0, at + by));
  const moved = entries.toSpliced(at, 1).toSpliced(to, 0, entries[at]);
  return signatureOp(document, side, Object.fromEntries(moved));
};

/**
 * Takes an input or an output away; its node keeps its value.
 *
 * @param {WorkflowDocument} document
 * @param {Side} side
 * @param {string} name
 * @returns {Op}
 */
export const removeEntry = (document, side, name) => {
  const { [name]: _, ...others } =
    /** @type {Record<string, WorkflowInput | WorkflowOutput>} */ (document[side]);
  return signatureOp(document, side, others);
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
export const titleEntry = (document, side, name, title) =>
  signatureOp(document, side, { ...document[side], [name]: { ...document[side][name], title } });

/**
 * Picks a socket: an input of a node for the form, or an output as a result.
 *
 * @param {WorkflowDocument} document
 * @param {Side} side
 * @param {string} socket `node.name`
 * @param {string} title
 * @returns {Op}
 */
export const addEntry = (document, side, socket, title) => {
  const name = freeName(document[side], socket.slice(socket.lastIndexOf(".") + 1));
  const entry = side === "inputs" ? { to: [socket], title } : { from: socket, title };
  return signatureOp(document, side, { ...document[side], [name]: entry });
};

/**
 * Lists the sockets that can still be picked: inputs that take values and have no link, and all outputs.
 *
 * @param {WorkflowDocument} document
 * @param {Pick<Catalog, "get">} catalog
 * @param {Side} side
 * @returns {Candidate[]}
 */
export const candidates = (document, catalog, side) => {
  const picked = new Set(
    side === "inputs"
      ? Object.values(document.inputs).flatMap((entry) => entry.to)
      : Object.values(document.outputs).map((entry) => entry.from),
  );
  return Object.entries(document.nodes).flatMap(([node, { type, inputs }]) => {
    const found = catalog.get(type);
    const sockets = side === "inputs"
      ? found?.inputs.filter((input) => !input.link_only && !isLinked(inputs[input.name])) ?? []
      : found?.outputs ?? [];
    return sockets.map((socket) => ({
      socket: `${node}.${socket.name}`,
      node,
      name: socket.name,
      type: socket.type,
    }));
  }).filter(({ socket }) => !picked.has(socket));
};

/**
 * @param {WorkflowDocument} document
 * @param {Side} side
 * @param {Record<string, WorkflowInput | WorkflowOutput>} entries
 * @returns {Op}
 */
const signatureOp = ({ inputs, outputs }, side, entries) => /** @type {Op} */ ({
  op: "set-signature",
  inputs,
  outputs,
  [side]: entries,
});

/** @type {(taken: object, wanted: string) => string} */
const freeName = (taken, wanted) => {
  let name = wanted;
  for (let count = 2; Object.hasOwn(taken, name); count += 1) name = `${wanted}_${count}`;
  return name;
};

/** @param {unknown} value */
const isLinked = (value) =>
  (Array.isArray(value) ? value : [value]).some((item) =>
    typeof item === "object" && item !== null && "from" in item
  );
