/**
 * The order in which the keyboard goes through the nodes.
 *
 * @import { Bounds } from "../../interfaces.d.ts"
 */

import { middle } from "./bounds.js";

/** @typedef {"left" | "right" | "up" | "down"} Direction */

/** Axis and sign of a direction. @type {Record<Direction, readonly [0 | 1, 1 | -1]>} */
const AXES = { left: [0, -1], right: [0, 1], up: [1, -1], down: [1, 1] };

/** How much worse it is to be beside the way than farther along it. */
const ASIDE = 2;

/**
 * The nearest node in a direction; null at the rim.
 *
 * @param {ReadonlyMap<string, Bounds>} nodes
 * @param {string} from
 * @param {Direction} direction
 * @returns {string | null}
 */
export const neighbourOf = (nodes, from, direction) => {
  const start = nodes.get(from);
  if (start === undefined) return null;
  const [axis, sign] = AXES[direction];
  const across = axis === 0 ? 1 : 0;
  const origin = middle(start);
  let best = null;
  let least = Infinity;
  for (const [id, bounds] of nodes) {
    const point = middle(bounds);
    const ahead = (point[axis] - origin[axis]) * sign;
    if (id === from || ahead < 1) continue;
    const cost = ahead + ASIDE * Math.abs(point[across] - origin[across]);
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
};

/**
 * All nodes in reading order: column by column from left to right, as the data flows, each from top to bottom.
 *
 * @param {ReadonlyMap<string, Bounds>} nodes
 * @returns {string[]}
 */
export const readingOrder = (nodes) => {
  const byLeft = [...nodes].sort(([a, one], [b, other]) => one.x - other.x || (a < b ? -1 : 1));
  /** @type {[string, Bounds][][]} */
  const columns = [];
  for (const item of byLeft) {
    const first = columns.at(-1)?.[0]?.[1];
    // A node is in the column of another when it begins left of that one's middle.
    if (first !== undefined && item[1].x < first.x + first.width / 2) columns.at(-1)?.push(item);
    else columns.push([item]);
  }
  return columns.flatMap((column) =>
    column.sort(([a, one], [b, other]) => one.y - other.y || (a < b ? -1 : 1)).map(([id]) => id)
  );
};
