/** Making, moving and cutting links. */

/** @import { Catalog, InputValue, Link, JSONValue, Op, Socket, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { FoundLink } from "../links.js" */
/** @import { Refused } from "./outcome.js" */

import { apply } from "../ops.js";
import { linkByKey, linksIn, linkTo, wouldCycle } from "../links.js";
import { equal, own } from "../records.js";
import { isList, socketType, typeOfNode } from "../sockets.js";
import { isRefused, refuse, together } from "./outcome.js";

/**
 * Says why an output may not feed an input; null where it may. What is not installed may be linked: the server knows.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {Socket} output
 * @param {Socket} input
 * @returns {Refused | null}
 */
export const refusalOf = (document, catalog, output, input) => {
  if (output.side === input.side) return refuse(`edit.link.two_${output.side}s`);
  if (output.node === input.node) return refuse("edit.link.self");
  for (const socket of [output, input]) {
    const isKnown = typeOfNode(document, catalog, socket.node) !== undefined;
    if (isKnown && socketType(document, catalog, socket) === null) {
      return refuse("edit.link.noSocket", { node: socket.node, socket: socket.name });
    }
  }
  if (wouldCycle(document, output.node, input.node)) {
    return refuse("edit.link.circle", { from: output.node, to: input.node });
  }
  const [given, taken] = [socketType(document, catalog, output), socketType(document, catalog, input)];
  if (given === null || taken === null) return null;
  const fit = catalog.fits(given, taken);
  return fit.fits ? null : { refusal: fit.reason, conversions: fit.conversions };
};

/**
 * Links two sockets, whichever comes first. On an input of lists the link joins those that are there; on any other it
 * takes the place of what the input was given.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {Socket} source
 * @param {Socket} target
 * @returns {{ op: Op } | Refused}
 */
export const connect = (document, catalog, source, target) => {
  const [output, input] = source.side === "input" ? [target, source] : [source, target];
  const refused = refusalOf(document, catalog, output, input);
  if (refused) return refused;
  const before = own(document.nodes[input.node].inputs, input.name);
  const takesMany = isList(socketType(document, catalog, input));
  const value = withLink(before, linkTo(output.node, output.name), takesMany);
  return { op: { op: "set-inputs", changes: [{ node: input.node, input: input.name, value }] } };
};

/** @type {(before: InputValue | undefined, link: Link, takesMany: boolean) => InputValue} */
const withLink = (before, link, takesMany) => {
  if (!takesMany || linksIn(before).length === 0) return link;
  const items = Array.isArray(before) ? before : [/** @type {Link} */ (before)];
  if (items.some((item) => equal(item, link))) return /** @type {InputValue} */ (before);
  return [...items, link];
};

/**
 * Puts something else in the place of one link; nothing takes it out, and clears an input that it leaves empty.
 *
 * @param {InputValue | undefined} value What the input is given.
 * @param {number | null} index Where in the list the link stands; null where the link is all.
 * @param {readonly (Link | JSONValue)[]} items
 * @returns {InputValue | undefined}
 */
export const replaceLink = (value, index, items) => {
  if (index === null || !Array.isArray(value)) return items.length > 1 ? [...items] : items[0];
  const list = value.toSpliced(index, 1, ...items);
  return list.length ? list : undefined;
};

/**
 * Cuts links.
 *
 * @param {WorkflowDocument} document
 * @param {Iterable<string>} keys Those that do not exist are passed over.
 * @returns {{ op: Op }}
 */
export const disconnect = (document, keys) => {
  const found = [...keys].flatMap((key) => linkByKey(document, key) ?? []);
  const bySocket = Map.groupBy(found, ({ target }) => `${target.node}.${target.input}`);
  const changes = [...bySocket.values()].map((links) => {
    const { node, input } = links[0].target;
    // From the end, so that the places of the others still hold.
    const sorted = links.toSorted((a, b) => (b.target.index ?? 0) - (a.target.index ?? 0));
    const value = sorted.reduce(
      (rest, { target }) => replaceLink(rest, target.index, []),
      /** @type {InputValue | undefined} */ (document.nodes[node].inputs[input]),
    );
    return { node, input, value };
  });
  return { op: { op: "set-inputs", changes } };
};

/**
 * Moves the ends of links to another socket: to an output what feeds them, to an input what they feed. Links that do not
 * fit stay as they are.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {Iterable<string>} keys
 * @param {Socket} to
 * @returns {{ op: Op, stayed: string[] } | Refused} Refused where no link could be moved.
 */
export const moveLinks = (document, catalog, keys, to) => {
  const links = [...keys].flatMap((key) => linkByKey(document, key) ?? []);
  if (to.side === "input" && links.length > 1 && !isList(socketType(document, catalog, to))) {
    return refuse("edit.link.oneOnly", { node: to.node, socket: to.name });
  }
  /** @type {Op[]} */
  const ops = [];
  /** @type {string[]} */
  const stayed = [];
  /** @type {Refused | null} */
  let refused = null;
  let current = document;
  for (const link of links) {
    const moved = to.side === "output"
      ? resource(current, catalog, link, to)
      : retarget(current, catalog, link, to);
    if (isRefused(moved)) {
      refused ??= moved;
      stayed.push(link.key);
      continue;
    }
    ops.push(moved.op);
    current = apply(current, moved.op).document;
  }
  if (refused && ops.length === 0) return refused;
  if (to.side === "output") return { op: together(...ops), stayed };
  // Cut at the end and all at once, as a list loses its order when links leave it one by one.
  const left = links.filter(({ key, target }) =>
    !stayed.includes(key) && (target.node !== to.node || target.input !== to.name)
  );
  return { op: together(disconnect(document, left.map(({ key }) => key)).op, ...ops), stayed };
};

/** @type {(document: WorkflowDocument, catalog: Catalog, link: FoundLink, to: Socket) => { op: Op } | Refused} */
const resource = (document, catalog, { target: { node, input, index } }, to) => {
  const refused = refusalOf(document, catalog, to, { node, side: "input", name: input });
  if (refused) return refused;
  const value = replaceLink(document.nodes[node].inputs[input], index, [linkTo(to.node, to.name)]);
  return { op: { op: "set-inputs", changes: [{ node, input, value }] } };
};

/** @type {(document: WorkflowDocument, catalog: Catalog, link: FoundLink, to: Socket) => { op: Op } | Refused} */
const retarget = (document, catalog, { source }, to) =>
  connect(document, catalog, { node: source.node, side: "output", name: source.output }, to);
