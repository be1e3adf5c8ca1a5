/**
 * Where moved things snap: to the edges and middles of what lies around them, or else to the grid.
 *
 * @import { Bounds, Guide, Point } from "../../interfaces.d.ts"
 */

/**
 * One axis of a rectangle: where it begins, how long it is, and the same across.
 *
 * @typedef {{ start: number, length: number, crossStart: number, crossLength: number }} Span
 */

/** @type {(bounds: Bounds) => Span} */
const spanX = ({ x, y, width, height }) => ({ start: x, length: width, crossStart: y, crossLength: height });

/** @type {(bounds: Bounds) => Span} */
const spanY = ({ x, y, width, height }) => ({ start: y, length: height, crossStart: x, crossLength: width });

/** Start, middle and end: middles align with middles only, edges with both edges. */
const LINES = /** @type {const} */ ([[0, 0], [0, 1], [1, 0], [1, 1], [0.5, 0.5]]);

/** @type {(span: Span, part: number) => number} */
const lineAt = (span, part) => span.start + span.length * part;

/**
 * The smallest correction that brings a line of `moved` onto a line of a neighbour; null where none is near.
 *
 * @param {Span} moved
 * @param {readonly Span[]} neighbours
 * @param {number} within
 */
const correctionToNeighbours = (moved, neighbours, within) => {
  let best = null;
  let least = within;
  for (const other of neighbours) {
    for (const [mine, theirs] of LINES) {
      const correction = lineAt(other, theirs) - lineAt(moved, mine);
      // Not "less or equal": of equally near neighbours the first one given holds, so that a guide does not flicker.
      if (Math.abs(correction) < least) {
        least = Math.abs(correction);
        best = correction;
      }
    }
  }
  return best;
};

/**
 * Guides along every line that `moved` now shares with neighbours, each as long as all that share it.
 *
 * @param {"x" | "y"} axis
 * @param {Span} moved
 * @param {readonly Span[]} neighbours
 * @returns {Guide[]}
 */
const guidesOf = (axis, moved, neighbours) => {
  /** @type {Map<number, Guide>} */
  const guides = new Map();
  for (const other of neighbours) {
    for (const [mine, theirs] of LINES) {
      const at = lineAt(other, theirs);
      if (Math.abs(at - lineAt(moved, mine)) > 0.01) continue;
      const known = guides.get(Math.round(at)) ?? {
        axis,
        at,
        from: moved.crossStart,
        to: moved.crossStart + moved.crossLength,
      };
      guides.set(Math.round(at), {
        ...known,
        from: Math.min(known.from, other.crossStart),
        to: Math.max(known.to, other.crossStart + other.crossLength),
      });
    }
  }
  return [...guides.values()];
};

/**
 * Corrects how far something is moved so that it snaps.
 *
 * @param {Bounds} bounds Where it was.
 * @param {Point} offset How far the pointer moved it.
 * @param {{ neighbours: readonly Bounds[], grid: number | null, within: number }} options Neighbours may be
 *   none; `grid` is the distance of its lines or null for no grid; `within` is how near is near.
 * @returns {{ offset: Point, guides: Guide[] }} The guides show the neighbours it snapped to.
 */
export const snap = (bounds, offset, { neighbours, grid, within }) => {
  const moved = { ...bounds, x: bounds.x + offset[0], y: bounds.y + offset[1] };
  /** @type {(span: (bounds: Bounds) => Span) => number | null} */
  const toNeighbours = (span) => correctionToNeighbours(span(moved), neighbours.map(span), within);
  /** @type {(value: number) => number} */
  const toGrid = (value) => grid === null ? 0 : Math.round(value / grid) * grid - value;

  // Neighbours go before the grid: whoever wants to align two nodes means them and not the paper.
  const byX = toNeighbours(spanX);
  const byY = toNeighbours(spanY);
  const x = byX ?? toGrid(moved.x);
  const y = byY ?? toGrid(moved.y);

  const final = { ...moved, x: moved.x + x, y: moved.y + y };
  const guides = [
    ...(byX === null ? [] : guidesOf("x", spanX(final), neighbours.map(spanX))),
    ...(byY === null ? [] : guidesOf("y", spanY(final), neighbours.map(spanY))),
  ];
  return { offset: [offset[0] + x, offset[1] + y], guides };
};

/**
 * Corrects the size of something whose far corner is dragged, so that the corner lies on the grid.
 *
 * @param {Point} at Its near corner.
 * @param {Point} size The size that the pointer gives it.
 * @param {{ grid: number | null, least: Point }} options `least` is the smallest size it may have.
 * @returns {Point}
 */
export const snapSize = (at, size, { grid, least }) => {
  /** @type {(axis: 0 | 1) => number} */
  const snapped = (axis) => {
    const step = grid ?? 1;
    return Math.max(least[axis], Math.round((at[axis] + size[axis]) / step) * step - at[axis]);
  };
  return [snapped(0), snapped(1)];
};
