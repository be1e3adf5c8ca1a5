/**
 * What moving does to a document.
 *
 * @import { Op, Point, WorkflowDocument } from "../../interfaces.d.ts"
 */

import { linksOf } from "../../model/links.js";

/** What is moved, by id. @typedef {{ nodes: ReadonlySet<string>, frames: ReadonlySet<string>, notes: ReadonlySet<string> }} Moved */

/** @type {(at: Point, offset: Point) => Point} */
const shifted = (at, offset) => [Math.round(at[0] + offset[0]), Math.round(at[1] + offset[1])];

/**
 * Moves every sheet of a list whose id is among some.
 *
 * @template {{ id: string, at: Point }} S
 * @param {readonly S[]} sheets
 * @param {ReadonlySet<string>} ids
 * @param {Point} offset
 */
const shiftedSheets = (sheets, ids, offset) =>
  sheets.map((sheet) => ids.has(sheet.id) ? { ...sheet, at: shifted(sheet.at, offset) } : sheet);

/** Dots move when both ends of their wire do. @type {(document: WorkflowDocument, nodes: ReadonlySet<string>, offset: Point) => Op[]} */
const routeOps = (document, nodes, offset) => {
  const { routes = {} } = document.view;
  const moved = linksOf(document).filter(({ key, source, target }) =>
    Object.hasOwn(routes, key) && nodes.has(source.node) && nodes.has(target.node)
  );
  if (moved.length === 0) return [];
  const points = moved.map(({ key }) => [key, routes[key].map((point) => shifted(point, offset))]);
  return [{ op: "set-routes", routes: Object.fromEntries(points) }];
};

/**
 * The op that moves things.
 *
 * @param {WorkflowDocument} document
 * @param {Moved} moved
 * @param {Point} offset In graph pixels.
 * @returns {Op}
 */
export const moveOp = (document, { nodes, frames, notes }, offset) => {
  const { view } = document;
  const looks = Object.fromEntries(
    [...nodes].filter((id) => Object.hasOwn(view.nodes, id)).map((
      id,
    ) => [id, { at: shifted(view.nodes[id].at, offset) }]),
  );
  /** @type {Op[]} */
  const ops = [];
  if (nodes.size > 0) ops.push({ op: "set-looks", looks }, ...routeOps(document, nodes, offset));
  if (frames.size > 0) ops.push({ op: "set-frames", frames: shiftedSheets(view.frames, frames, offset) });
  if (notes.size > 0) ops.push({ op: "set-notes", notes: shiftedSheets(view.notes, notes, offset) });
  return ops.length === 1 ? ops[0] : { op: "together", ops };
};
