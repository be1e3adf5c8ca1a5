/**
 * Rectangles of the graph, and what they have to do with each other.
 *
 * @import { Bounds, Point } from "../../interfaces.d.ts"
 */

/**
 * The rectangle between two points, in whatever order they are given.
 *
 * @param {Point} from
 * @param {Point} to
 * @returns {Bounds}
 */
export const between = (from, to) => ({
  x: Math.min(from[0], to[0]),
  y: Math.min(from[1], to[1]),
  width: Math.abs(to[0] - from[0]),
  height: Math.abs(to[1] - from[1]),
});

/**
 * Middle of a rectangle.
 *
 * @param {Bounds} bounds
 * @returns {Point}
 */
export const middle = (bounds) => [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];

/**
 * Whether two rectangles share a point.
 *
 * @param {Bounds} a
 * @param {Bounds} b
 */
export const touches = (a, b) =>
  a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;

/**
 * Whether a rectangle lies wholly in another.
 *
 * @param {Bounds} outer
 * @param {Bounds} inner
 */
export const holds = (outer, inner) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/**
 * Whether a point lies in a rectangle.
 *
 * @param {Bounds} bounds
 * @param {Point} at
 */
export const holdsPoint = (bounds, at) =>
  at[0] >= bounds.x && at[0] <= bounds.x + bounds.width && at[1] >= bounds.y &&
  at[1] <= bounds.y + bounds.height;

/**
 * Distance between two points.
 *
 * @param {Point} a
 * @param {Point} b
 */
export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
