/** Places for nodes that a document says no place for. */

/** @import { Point, WorkflowDocument } from "../interfaces.d.ts" */

import { layout } from "./layout.js";
import { linksOf } from "./links.js";

/** Room that is kept between what has a place and what gets one, in graph pixels. */
const GAP = 80;

/**
 * Lays out the nodes that have no place, under those that have one.
 *
 * @param {WorkflowDocument["nodes"]} nodes
 * @param {ReadonlyMap<string, Point>} known
 * @returns {Map<string, Point>} The place of every node.
 */
export const placesFor = (nodes, known) => {
  const lost = new Set(Object.keys(nodes).filter((id) => !known.has(id)));
  const sizes = [...lost].map((id) => ({
    id,
    ...usualSize(nodes[id]),
    inputs: Object.keys(nodes[id].inputs),
  }));
  const links = linksOf({ nodes }).filter(({ source, target }) =>
    lost.has(source.node) && lost.has(target.node)
  );
  const places = layout(sizes, links);
  const left = Math.min(...[...known.values()].map(([x]) => x), Infinity);
  const bottom = Math.max(
    ...[...known].map(([id, [, y]]) => y + usualSize(nodes[id]).height + GAP),
    -Infinity,
  );
  const corner = known.size ? [left, bottom] : [0, 0];
  const laid = [...places].map((
    [id, [x, y]],
  ) => /** @type {[string, Point]} */ ([id, [x + corner[0], y + corner[1]]]));
  return new Map([...known, ...laid]);
};

/**
 * Guesses the size of a node that was never drawn.
 *
 * @param {WorkflowDocument["nodes"][string]} entry
 */
const usualSize = (entry) => ({ width: 260, height: 70 + 34 * Object.keys(entry.inputs).length });
