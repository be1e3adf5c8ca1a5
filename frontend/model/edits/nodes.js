/** Adding nodes, alone or into links, and what they do in a run. */

/** @import { Catalog, JSONValue, NodeEntry, Op, Point, Socket, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { Refused } from "./outcome.js" */

import { linkByKey, linksIn, linkTo, wouldCycle } from "../links.js";
import { freshName, nameForType, namesIn } from "../names.js";
import { apply } from "../ops.js";
import { createPartners } from "../partners.js";
import { own } from "../records.js";
import { outputsGiven, socketType, supertypesOf, typeIn, typeOfNode } from "../sockets.js";
import { connect, replaceLink } from "./links.js";
import { isRefused, refuse, together } from "./outcome.js";

/**
 * Adds a node.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {string} type
 * @param {Point} at
 * @param {{ from?: Socket, socket?: string, wire?: string, inputs?: Record<string, JSONValue> }} [options] `from` is a
 * socket it is linked with, by its own `socket` or the best partner; `wire` the key of a link it is put into; `inputs`
 * values to begin with.
 * @returns {{ op: Op, node: string } | Refused}
 */
export const addNode = (document, catalog, type, at, { from, socket, wire, inputs = {} } = {}) => {
  const node = freshName(namesIn(document.nodes), nameForType(type));
  const entry = { type, version: typeIn(document, catalog, type)?.version ?? 1, inputs };
  /** @type {Op} */
  const add = { op: "add-nodes", nodes: { [node]: entry }, looks: { [node]: { at } } };
  if (!from && wire === undefined) return { op: add, node };
  const { document: added } = apply(document, add);
  const link = from
    ? connectNew(added, catalog, node, from, socket)
    : insertOnWire(added, catalog, wire ?? "", node);
  return isRefused(link) ? link : { op: together(add, link.op), node };
};

/** @type {(document: WorkflowDocument, catalog: Catalog, node: string, from: Socket, socket?: string) => { op: Op } | Refused} */
const connectNew = (document, catalog, node, from, socket) => {
  const side = from.side === "output" ? "input" : "output";
  const known = socketType(document, catalog, from);
  const type = typeOfNode(document, catalog, node);
  const partnerIn = known === null
    ? () => null
    : createPartners(supertypesOf(catalog))({ side: from.side, type: known });
  const name = socket ?? (type && partnerIn(type)?.socket);
  if (name === undefined) return refuse("edit.link.noPartner", { node });
  return connect(document, catalog, from, { node, side, name });
};

/**
 * Puts a node into a link: by the first of its free inputs and the first of its outputs that fit.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {string} key The link.
 * @param {string} node
 * @returns {{ op: Op } | Refused}
 */
export const insertOnWire = (document, catalog, key, node) => {
  const link = linkByKey(document, key);
  if (!link || link.source.node === node || link.target.node === node) return refuse("edit.insert.noWire");
  const { source, target } = link;
  if (wouldCycle(document, source.node, node) || wouldCycle(document, node, target.node)) {
    return refuse("edit.link.circle", { from: node, to: target.node });
  }
  const passage = passageThrough(document, catalog, node, {
    given: socketType(document, catalog, { node: source.node, side: "output", name: source.output }),
    wanted: socketType(document, catalog, { node: target.node, side: "input", name: target.input }),
  });
  if (!passage) return refuse("edit.insert.noFit", { node });
  const value = replaceLink(document.nodes[target.node].inputs[target.input], target.index, [
    linkTo(node, passage.output),
  ]);
  return {
    op: {
      op: "set-inputs",
      changes: [
        { node, input: passage.input, value: linkTo(source.node, source.output) },
        { node: target.node, input: target.input, value },
      ],
    },
  };
};

/**
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {string} node
 * @param {{ given: string | null, wanted: string | null }} ends
 * @returns {{ input: string, output: string } | null}
 */
const passageThrough = (document, catalog, node, { given, wanted }) => {
  const type = typeOfNode(document, catalog, node);
  const entry = own(document.nodes, node);
  if (!type || !entry || given === null || wanted === null) return null;
  for (const input of type.inputs) {
    const isFree = linksIn(own(entry.inputs, input.name)).length === 0;
    if (!isFree || !catalog.fits(given, input.type).fits) continue;
    const output = outputsGiven(type, input.name, given, supertypesOf(catalog)).find((one) =>
      catalog.fits(one.type, wanted).fits
    );
    if (output) return { input: input.name, output: output.name };
  }
  return null;
};

/**
 * Sets what nodes do in a run, or lets them run again where all of them do that already.
 *
 * @param {WorkflowDocument} document
 * @param {Iterable<string>} ids
 * @param {NonNullable<NodeEntry["mode"]>} mode `bypass` passes an input through, `off` leaves the node out.
 * @returns {{ op: Op }}
 */
export const toggleMode = (document, ids, mode) => {
  const nodes = [...ids].filter((id) => Object.hasOwn(document.nodes, id));
  const fields = { mode: nodes.every((id) => document.nodes[id].mode === mode) ? null : mode };
  return { op: together(...nodes.map((node) => /** @type {Op} */ ({ op: "set-node", node, fields }))) };
};
