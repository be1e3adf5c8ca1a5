/**
 * The way of a wire between its points, the same for drawing and for hitting.
 *
 * When a large graph opens, what runs for each of its wires runs before a browser has made it fast. So points are
 * taken apart by index there and not as lists, for which a browser then walks through an iterator.
 */

/** @import { Point, Settings } from "../interfaces.d.ts" */

/** @typedef {Settings["wireStyle"]["value"]} WireStyle */

/** What a path and a canvas have in common. @typedef {Pick<Path2D, "moveTo" | "lineTo" | "bezierCurveTo">} Pen */

/** Straight pieces that stand for one curve where distances are measured. */
const PIECES = 20;

/** How far an angled wire goes straight before it turns. */
const STUB = 16;

/**
 * Gives how far the handles of a curve reach from its ends: far enough that a wire that runs backwards
 * leaves its socket forwards.
 * @param {Point} from
 * @param {Point} to
 * @returns {number}
 */
export const reach = (from, to) => {
  const dx = to[0] - from[0];
  const dy = Math.abs(to[1] - from[1]);
  return dx >= 0 ? Math.max(Math.min(40, (dx + dy) / 2), dx / 2) : Math.min(220, 40 + -dx / 3 + dy / 8);
};

/**
 * Gives the corners of an angled wire between two points.
 * @param {Point} from
 * @param {Point} to
 * @returns {Point[]}
 */
const corners = (from, to) => {
  if (to[0] - from[0] >= 2 * STUB) {
    const middle = (from[0] + to[0]) / 2;
    return [from, [middle, from[1]], [middle, to[1]], to];
  }
  const middle = (from[1] + to[1]) / 2;
  const [right, left] = [from[0] + STUB, to[0] - STUB];
  return [from, [right, from[1]], [right, middle], [left, middle], [left, to[1]], to];
};

/**
 * Draws a wire into a path.
 * @param {Pen} pen
 * @param {readonly Point[]} points
 * @param {WireStyle} style
 */
export const trace = (pen, points, style) => {
  pen.moveTo(points[0][0], points[0][1]);
  for (let index = 1; index < points.length; index++) {
    const from = points[index - 1];
    const to = points[index];
    if (style === "curved") {
      const handle = reach(from, to);
      pen.bezierCurveTo(from[0] + handle, from[1], to[0] - handle, to[1], to[0], to[1]);
    } else if (style === "angled") {
      for (const [x, y] of corners(from, to).slice(1)) pen.lineTo(x, y);
    } else {
      pen.lineTo(to[0], to[1]);
    }
  }
};

/**
 * Gives the point of a curve at a share of its way.
 * @param {Point} from
 * @param {Point} to
 * @param {number} t From 0 to 1.
 * @returns {Point}
 */
const along = (from, to, t) => {
  const handle = reach(from, to);
  const s = 1 - t;
  const x = s * s * s * from[0] + 3 * s * s * t * (from[0] + handle) + 3 * s * t * t * (to[0] - handle) +
    t * t * t * to[0];
  const y = (s * s * s + 3 * s * s * t) * from[1] + (3 * s * t * t + t * t * t) * to[1];
  return [x, y];
};

/**
 * Gives straight pieces that follow a wire.
 * @param {readonly Point[]} points
 * @param {WireStyle} style
 * @returns {Point[]}
 */
export const polyline = (points, style) => {
  /** @type {Point[]} */
  const line = [points[0]];
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1], points[index]];
    if (style === "curved") {
      for (let piece = 1; piece <= PIECES; piece++) line.push(along(from, to, piece / PIECES));
    } else if (style === "angled") {
      line.push(...corners(from, to).slice(1));
    } else {
      line.push(to);
    }
  }
  return line;
};

/**
 * Gives how far a point is from a piece of a line.
 * @param {Point} at
 * @param {Point} from
 * @param {Point} to
 * @returns {number}
 */
const distanceToPiece = (at, from, to) => {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : ((at[0] - from[0]) * dx + (at[1] - from[1]) * dy) / length;
  const t = Math.min(1, Math.max(0, share));
  return Math.hypot(at[0] - from[0] - t * dx, at[1] - from[1] - t * dy);
};

/**
 * Gives how far a point is from a line of straight pieces.
 * @param {readonly Point[]} line
 * @param {Point} at
 * @returns {number}
 */
export const distance = (line, at) => {
  let least = Infinity;
  for (let index = 1; index < line.length; index++) {
    least = Math.min(least, distanceToPiece(at, line[index - 1], line[index]));
  }
  return least;
};

/**
 * Gives the box that a wire stays within, whatever its style.
 * @param {readonly Point[]} points
 * @returns {{ left: number, top: number, right: number, bottom: number }}
 */
export const extent = (points) => {
  let [left, right] = [points[0][0], points[0][0]];
  let [top, bottom] = [points[0][1], points[0][1]];
  for (let index = 1; index < points.length; index++) {
    const from = points[index - 1];
    const to = points[index];
    // Handles may pull a wire out of the box of its points.
    const handle = Math.max(STUB, reach(from, to));
    left = Math.min(left, from[0], to[0] - handle);
    right = Math.max(right, from[0] + handle, to[0]);
    top = Math.min(top, to[1]);
    bottom = Math.max(bottom, to[1]);
  }
  return { left, top, right, bottom };
};
