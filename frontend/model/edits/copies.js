/** Putting copies of nodes into a document: beside the originals, from another document, or out of a workflow. */

/** @import { Frame, InputValue, NodeEntry, NodeLook, Note, Op, Point, WorkflowDocument } from "../../interfaces.d.ts" */

import { linkKey, linksOf } from "../links.js";
import { freshName, namesIn } from "../names.js";
import { own } from "../records.js";
import { renamedLinks, withoutLinks } from "../references.js";
import { together } from "./outcome.js";

/**
 * What is copied: nodes with how they look, and frames and notes.
 *
 * @typedef {object} Group
 * @property {Record<string, NodeEntry>} nodes
 * @property {Record<string, NodeLook>} looks
 * @property {Record<string, Point[]>} routes
 * @property {Frame[]} frames
 * @property {Note[]} notes
 */
/** @typedef {{ nodes?: Iterable<string>, frames?: Iterable<string>, notes?: Iterable<string> }} Chosen */
/** @typedef {{ nodes: string[], frames: string[], notes: string[] }} Made */

/**
 * Takes a part of a document.
 *
 * @param {WorkflowDocument} document
 * @param {Chosen} chosen
 * @returns {Group}
 */
export const groupOf = (document, { nodes = [], frames = [], notes = [] }) => {
  const { view } = document;
  const [ofFrames, ofNotes] = [new Set(frames), new Set(notes)];
  const chosen = new Set(nodes);
  // In the order of the document, whatever the order of the choice.
  const ids = Object.keys(document.nodes).filter((id) => chosen.has(id));
  const keys = linksOf(document).filter(({ source, target }) =>
    chosen.has(source.node) && chosen.has(target.node)
  );
  return {
    nodes: Object.fromEntries(ids.map((id) => [id, document.nodes[id]])),
    looks: Object.fromEntries(ids.map((id) => [id, view.nodes[id]])),
    routes: Object.fromEntries(keys.flatMap(({ key }) => {
      const points = own(view.routes, key);
      return points ? [[key, points]] : [];
    })),
    frames: view.frames.filter(({ id }) => ofFrames.has(id)),
    notes: view.notes.filter(({ id }) => ofNotes.has(id)),
  };
};

/**
 * Gives the top left corner of a group.
 *
 * @param {Group} group
 * @returns {Point}
 */
export const cornerOf = ({ looks, frames, notes }) => {
  const places = [...Object.values(looks), ...frames, ...notes].map(({ at }) => at);
  return places.length
    ? [Math.min(...places.map(([x]) => x)), Math.min(...places.map(([, y]) => y))]
    : [0, 0];
};

/** @type {(at: Point, by: Point) => Point} */
const shifted = ([x, y], [dx, dy]) => [x + dx, y + dy];

/**
 * Puts a group into a document under fresh names. Links among the group follow the names; all others stay as they are.
 *
 * @param {WorkflowDocument} document
 * @param {Group} group
 * @param {Point} by How far it moves.
 * @returns {{ op: Op, made: Made, names: Map<string, string> }} With the name that each node of the group got.
 */
export const graft = (document, group, by) => {
  const taken = namesIn(document.nodes);
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const id of Object.keys(group.nodes)) {
    names.set(id, freshName(taken, id));
    taken.add(/** @type {string} */ (names.get(id)));
  }
  /** @param {string} id */
  const rename = (id) => names.get(id) ?? id;
  const nodes = Object.entries(group.nodes).map(([id, entry]) => [
    rename(id),
    {
      ...entry,
      inputs: Object.fromEntries(
        Object.entries(entry.inputs).map(([input, value]) => [input, renamedLinks(value, rename)]),
      ),
    },
  ]);
  const looks = Object.entries(group.looks).map((
    [id, look],
  ) => [rename(id), { ...look, at: shifted(look.at, by) }]);
  const routes = linksOf(group).flatMap(({ key, target: { node, input, index } }) => {
    const points = own(group.routes, key);
    return points ? [[linkKey(rename(node), input, index), points.map((point) => shifted(point, by))]] : [];
  });
  const frames = renewed(document.view.frames, group.frames, by);
  const notes = renewed(document.view.notes, group.notes, by);
  return {
    op: together(
      { op: "add-nodes", nodes: Object.fromEntries(nodes), looks: Object.fromEntries(looks) },
      routes.length > 0 && { op: "set-routes", routes: Object.fromEntries(routes) },
      frames.length > 0 && { op: "set-frames", frames: [...document.view.frames, ...frames] },
      notes.length > 0 && { op: "set-notes", notes: [...document.view.notes, ...notes] },
    ),
    made: {
      nodes: [...names.values()],
      frames: frames.map(({ id }) => id),
      notes: notes.map(({ id }) => id),
    },
    names,
  };
};

/**
 * @template {{ id: string, at: Point }} T
 * @param {readonly T[]} there
 * @param {readonly T[]} added
 * @param {Point} by
 * @returns {T[]}
 */
const renewed = (there, added, by) => {
  const taken = new Set(there.map(({ id }) => id));
  return added.map((item) => {
    const id = freshName(taken, item.id);
    taken.add(id);
    return { ...item, id, at: shifted(item.at, by) };
  });
};

/**
 * Takes the links from outside out of a group.
 *
 * @param {Group} group
 * @returns {{ group: Group, outside: Record<string, Record<string, InputValue>> }} With what those inputs were given.
 */
export const cutOff = (group) => {
  const stranger = { has: (/** @type {string} */ id) => !Object.hasOwn(group.nodes, id) };
  /** @type {[string, Record<string, InputValue>][]} */
  const outside = [];
  const nodes = Object.entries(group.nodes).map(([id, entry]) => {
    const pairs = Object.entries(entry.inputs).map(([input, value]) => ({
      input,
      value,
      kept: withoutLinks(value, stranger),
    }));
    const cut = pairs.filter(({ value, kept }) => value !== kept);
    if (cut.length === 0) return [id, entry];
    outside.push([id, Object.fromEntries(cut.map(({ input, value }) => [input, value]))]);
    const inputs = pairs.flatMap(({ input, kept }) => kept === undefined ? [] : [[input, kept]]);
    return [id, { ...entry, inputs: Object.fromEntries(inputs) }];
  });
  return { group: { ...group, nodes: Object.fromEntries(nodes) }, outside: Object.fromEntries(outside) };
};

/**
 * Copies a part of a document beside itself.
 *
 * @param {WorkflowDocument} document
 * @param {Chosen} chosen
 * @param {{ by?: Point, withLinks?: boolean }} [options] How far the copies lie from the originals, and whether links
 * from other nodes are kept.
 * @returns {{ op: Op, made: Made, names: Map<string, string> }}
 */
export const duplicate = (document, chosen, { by = [40, 40], withLinks = true } = {}) => {
  const group = groupOf(document, chosen);
  return graft(document, withLinks ? group : cutOff(group).group, by);
};
