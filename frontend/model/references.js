/**
 * Where a document names its nodes beside the list of them: in links, in the points of wires, and in the inputs and
 * outputs of the workflow.
 */

/** @import { DocumentView, InputValue, Op, Point, WorkflowDocument } from "../interfaces.d.ts" */
/** @typedef {Pick<WorkflowDocument, "inputs" | "outputs">} Signature */
/** @typedef {Record<string, Point[] | null>} RouteChanges */

import { linkKey, linksIn, linksOf, linkTo, readLink, splitSocket } from "./links.js";
import { changed, own } from "./records.js";

/**
 * Takes the links from some nodes out of what an input is given.
 *
 * @param {InputValue} value
 * @param {{ has(node: string): boolean }} gone
 * @returns {InputValue | undefined} Undefined where nothing is left of it.
 */
export const withoutLinks = (value, gone) => {
  /** @param {unknown} item */
  const isGone = (item) => {
    const source = readLink(item);
    return source !== null && gone.has(source.node);
  };
  if (!Array.isArray(value)) return isGone(value) ? undefined : value;
  const kept = value.filter((item) => !isGone(item));
  if (kept.length === value.length) return value;
  return kept.length ? kept : undefined;
};

/**
 * Names the sources of links anew in what an input is given.
 *
 * @param {InputValue} value
 * @param {(node: string) => string} rename
 * @returns {InputValue} The same value where no name changes.
 */
export const renamedLinks = (value, rename) => {
  /** @type {(item: any) => any} */
  const renamed = (item) => {
    const source = readLink(item);
    if (!source) return item;
    const name = rename(source.node);
    return name === source.node ? item : linkTo(name, source.output);
  };
  if (!Array.isArray(value)) return renamed(value);
  return value.some((item) => renamed(item) !== item) ? value.map(renamed) : value;
};

/**
 * Takes some nodes out of a signature; an input that feeds nothing any more goes too.
 *
 * @param {Signature} signature
 * @param {ReadonlySet<string>} gone
 * @returns {Signature} With the same parts where they do not name the nodes.
 */
export const signatureWithout = (signature, gone) => {
  /** @param {string} socket */
  const isGone = (socket) => gone.has(splitSocket(socket)[0]);
  const { inputs, outputs } = signature;
  const isTouched = Object.values(inputs).some((port) => port.to.some(isGone)) ||
    Object.values(outputs).some((port) => isGone(port.from));
  if (!isTouched) return { inputs, outputs };
  return {
    inputs: Object.fromEntries(
      Object.entries(inputs).flatMap(([name, port]) => {
        const to = port.to.filter((socket) => !isGone(socket));
        return to.length ? [[name, to.length === port.to.length ? port : { ...port, to }]] : [];
      }),
    ),
    outputs: Object.fromEntries(Object.entries(outputs).filter(([, port]) => !isGone(port.from))),
  };
};

/**
 * Puts other sockets in the place of those a signature names.
 *
 * @param {Signature} signature
 * @param {(socket: string, side: "input" | "output") => string} place
 * @returns {Signature} With the same parts where no socket changes.
 */
export const signatureMoved = ({ inputs, outputs }, place) => ({
  inputs: mapped(inputs, (port) => {
    const to = port.to.map((socket) => place(socket, "input"));
    return to.every((socket, index) => socket === port.to[index]) ? port : { ...port, to };
  }),
  outputs: mapped(outputs, (port) => {
    const from = place(port.from, "output");
    return from === port.from ? port : { ...port, from };
  }),
});

/**
 * @template T
 * @param {Record<string, T>} record
 * @param {(value: T) => T} change
 */
const mapped = (record, change) => {
  const entries = Object.entries(record).map(([key, value]) => /** @type {const} */ ([key, change(value)]));
  return entries.every(([key, value]) => record[key] === value) ? record : Object.fromEntries(entries);
};

/**
 * Changes the points of some wires.
 *
 * @param {DocumentView} view
 * @param {RouteChanges} changes
 * @returns {DocumentView}
 */
export const withRoutes = (view, changes) => {
  if (Object.keys(changes).length === 0) return view;
  const { routes = {}, ...others } = view;
  const next = changed(routes, changes);
  return Object.keys(next).length ? { ...others, routes: next } : /** @type {DocumentView} */ (others);
};

/**
 * Says how the points of wires follow when an input is given something else: a link that only moved within its list
 * keeps them, one that took another's place takes them over, and those of links that are gone go.
 *
 * @param {DocumentView} view
 * @param {{ node: string, input: string }} socket
 * @param {InputValue | undefined} before
 * @param {InputValue | undefined} after
 * @returns {RouteChanges}
 */
export const routesAfter = (view, { node, input }, before, after) => {
  const free = linksIn(after);
  const old = linksIn(before).filter(({ index }) => own(view.routes, linkKey(node, input, index)));
  /** @type {RouteChanges} */
  const changes = {};
  /** @param {typeof free[number]} link @param {(other: typeof free[number]) => boolean} accept */
  const take = (link, accept) => {
    const found = free.findIndex(accept);
    if (found < 0) return false;
    const [taken] = free.splice(found, 1);
    const key = linkKey(node, input, link.index);
    const next = linkKey(node, input, taken.index);
    if (next !== key) {
      changes[key] ??= null;
      changes[next] = own(view.routes, key) ?? null;
    }
    return true;
  };
  /** @param {typeof free[number]} a @param {typeof free[number]} b */
  const isAlike = (a, b) => a.source.node === b.source.node && a.source.output === b.source.output;
  const moved = old
    .filter((link) => !take(link, (other) => other.index === link.index && isAlike(other, link)))
    .filter((link) => !take(link, (other) => isAlike(other, link)));
  for (const link of moved) {
    if (!take(link, (other) => other.index === link.index)) {
      changes[linkKey(node, input, link.index)] ??= null;
    }
  }
  return changes;
};

/**
 * Says which points the wires of an input have, also those that have none, so that they can be put back whatever
 * became of them.
 *
 * @param {DocumentView} view
 * @param {{ node: string, input: string }} socket
 * @param {...(InputValue | undefined)} values What the input is given, now and later.
 * @returns {RouteChanges} Empty where no wire has points.
 */
export const routesAt = (view, { node, input }, ...values) => {
  const keys = values.flatMap((value) => linksIn(value).map(({ index }) => linkKey(node, input, index)));
  const points = keys.map((key) => /** @type {const} */ ([key, own(view.routes, key) ?? null]));
  return points.some(([, found]) => found) ? Object.fromEntries(points) : {};
};

/**
 * Gives the ops that put back what a document says of some nodes, once it was taken away and the nodes are there
 * again: links from them, points of wires at them, and the workflow's inputs and outputs.
 *
 * @param {WorkflowDocument} document
 * @param {Iterable<string>} ids
 * @returns {Op[]}
 */
export const referencesTo = (document, ids) => {
  const named = new Set(ids);
  /** @type {Op[]} */
  const ops = [];
  const links = linksOf(document).filter(({ source, target }) =>
    named.has(source.node) || named.has(target.node)
  );
  const changes = links.filter(({ target }) => !named.has(target.node)).map((
    { target: { node, input } },
  ) => ({
    node,
    input,
    value: document.nodes[node].inputs[input],
  }));
  if (changes.length) ops.push({ op: "set-inputs", changes });
  const routes = Object.assign(
    {},
    ...links.map(({ target: { node, input } }) =>
      routesAt(document.view, { node, input }, document.nodes[node].inputs[input])
    ),
  );
  if (Object.keys(routes).length) ops.push({ op: "set-routes", routes });
  if (signatureWithout(document, named).inputs !== document.inputs) {
    ops.push({ op: "set-signature", inputs: document.inputs, outputs: document.outputs });
  }
  return ops;
};
