/**
 * The links of a document: how they are written, which there are, and what hangs on what.
 *
 * Everything is remembered for the nodes it was computed from, and for each node by itself, so that after an edit
 * only the nodes that changed are read again and the links of all others stay the same objects.
 */

/** @import { InputValue, Link, NodeEntry, WorkflowDocument } from "../interfaces.d.ts" */

/** @typedef {{ node: string, output: string }} LinkSource */
/** @typedef {{ node: string, input: string, index: number | null }} LinkTarget */
/**
 * A link as it stands in a document. `key` is `node.input`, or `node.input#2` for the third item of a list.
 *
 * @typedef {{ key: string, source: LinkSource, target: LinkTarget }} FoundLink
 */
/** @typedef {Record<string, NodeEntry>} Nodes */
/** @typedef {{ into: Map<string, FoundLink[]>, from: Map<string, FoundLink[]> }} Ends */

/**
 * Reads a link.
 *
 * @param {unknown} value What an input is given, or an item of a list.
 * @returns {LinkSource | null} Null for anything that is not a link.
 */
export const readLink = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const text = "from" in value ? value.from : null;
  if (typeof text !== "string" || Object.keys(value).length !== 1) return null;
  const dot = text.indexOf(".");
  return dot < 0 ? null : { node: text.slice(0, dot), output: text.slice(dot + 1) };
};

/**
 * Writes a link.
 *
 * @param {string} node
 * @param {string} output
 * @returns {Link}
 */
export const linkTo = (node, output) => ({ from: `${node}.${output}` });

/**
 * Gives the key of a link from the socket it feeds.
 *
 * @param {string} node
 * @param {string} input
 * @param {number | null} [index] Its place in a list.
 */
export const linkKey = (node, input, index = null) =>
  index === null ? `${node}.${input}` : `${node}.${input}#${index}`;

/**
 * Splits `node.input` or `node.output`.
 *
 * @param {string} socket
 * @returns {[node: string, name: string]}
 */
export const splitSocket = (socket) => {
  const dot = socket.indexOf(".");
  return [socket.slice(0, dot), socket.slice(dot + 1)];
};

/**
 * Lists the links in what one input is given.
 *
 * @param {InputValue | undefined} value
 * @returns {{ index: number | null, source: LinkSource }[]}
 */
export const linksIn = (value) => {
  if (!Array.isArray(value)) {
    const source = readLink(value);
    return source ? [{ index: null, source }] : [];
  }
  return value.flatMap((item, index) => {
    const source = readLink(item);
    return source ? [{ index, source }] : [];
  });
};

/** @type {WeakMap<NodeEntry["inputs"], { node: string, links: FoundLink[] }>} */
const ofInputs = new WeakMap();

/** @type {(node: string, inputs: NodeEntry["inputs"]) => FoundLink[]} */
const linksOfNode = (node, inputs) => {
  const known = ofInputs.get(inputs);
  if (known?.node === node) return known.links;
  /** @type {FoundLink[]} */
  const links = [];
  for (const input of Object.keys(inputs)) {
    // Most of what inputs are given are plain values.
    if (typeof inputs[input] !== "object") continue;
    for (const { index, source } of linksIn(inputs[input])) {
      links.push({ key: linkKey(node, input, index), source, target: { node, input, index } });
    }
  }
  ofInputs.set(inputs, { node, links });
  return links;
};

/** @type {WeakMap<Nodes, FoundLink[]>} */
const ofNodes = new WeakMap();

/**
 * Lists the links of a document in the order of its nodes and inputs, also those from nodes that do not exist.
 *
 * @param {Pick<WorkflowDocument, "nodes">} document
 * @returns {readonly FoundLink[]}
 */
export const linksOf = ({ nodes }) => {
  const known = ofNodes.get(nodes);
  if (known) return known;
  /** @type {FoundLink[]} */
  const links = [];
  for (const node of Object.keys(nodes)) {
    for (const link of linksOfNode(node, nodes[node].inputs)) links.push(link);
  }
  ofNodes.set(nodes, links);
  return links;
};

/** @type {WeakMap<Nodes, Ends>} */
const endsOfNodes = new WeakMap();

/** @type {(document: Pick<WorkflowDocument, "nodes">) => Ends} */
const endsOf = (document) => {
  const known = endsOfNodes.get(document.nodes);
  if (known) return known;
  const links = linksOf(document);
  const ends = {
    into: Map.groupBy(links, (link) => link.target.node),
    from: Map.groupBy(links, (link) => link.source.node),
  };
  endsOfNodes.set(document.nodes, ends);
  return ends;
};

/**
 * Lists the links that feed a node.
 *
 * @param {Pick<WorkflowDocument, "nodes">} document
 * @param {string} node
 * @returns {readonly FoundLink[]}
 */
export const linksInto = (document, node) => endsOf(document).into.get(node) ?? [];

/**
 * Lists the links that a node feeds.
 *
 * @param {Pick<WorkflowDocument, "nodes">} document
 * @param {string} node
 * @returns {readonly FoundLink[]}
 */
export const linksFrom = (document, node) => endsOf(document).from.get(node) ?? [];

/**
 * Finds a link by its key.
 *
 * @param {Pick<WorkflowDocument, "nodes">} document
 * @param {string} key
 * @returns {FoundLink | null}
 */
export const linkByKey = (document, key) =>
  linksInto(document, splitSocket(key)[0]).find((link) => link.key === key) ?? null;

/** @type {(ids: Iterable<string>, next: (node: string) => Iterable<string>) => Set<string>} */
const reach = (ids, next) => {
  const found = new Set(ids);
  // A set goes on to what is added while it is walked.
  for (const node of found) for (const other of next(node)) found.add(other);
  return found;
};

/**
 * Gives nodes with all that they need, however far back.
 *
 * @param {Pick<WorkflowDocument, "nodes">} document
 * @param {Iterable<string>} ids
 * @returns {Set<string>} The ids themselves among them.
 */
export const upstream = (document, ids) =>
  reach(
    ids,
    (node) =>
      linksInto(document, node).map((link) => link.source.node).filter((id) =>
        Object.hasOwn(document.nodes, id)
      ),
  );

/**
 * Gives nodes with all that needs them, however far on.
 *
 * @param {Pick<WorkflowDocument, "nodes">} document
 * @param {Iterable<string>} ids
 * @returns {Set<string>} The ids themselves among them.
 */
export const downstream = (document, ids) =>
  reach(ids, (node) => linksFrom(document, node).map((link) => link.target.node));

/**
 * Tells whether a new link would close a circle.
 *
 * @param {Pick<WorkflowDocument, "nodes">} document
 * @param {string} from The node whose output is linked.
 * @param {string} to The node whose input is linked.
 */
export const wouldCycle = (document, from, to) => downstream(document, [to]).has(from);
