/**
 * Which wires a stroke of the knife goes through.
 *
 * @import { Point } from "../../interfaces.d.ts"
 */

/** Twice the signed area of a triangle: on which side of a line a point lies. @type {(a: Point, b: Point, c: Point) => number} */
const side = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** @type {(a: Point, b: Point, c: Point) => boolean} */
const isLeft = (a, b, c) => side(a, b, c) > 0;

/**
 * Whether two segments cross. A point on a line counts as right of it, so that a stroke through the joint of two segments
 * crosses one of them.
 *
 * @type {(a: Point, b: Point, c: Point, d: Point) => boolean}
 */
const cross = (a, b, c, d) => isLeft(a, b, c) !== isLeft(a, b, d) && isLeft(c, d, a) !== isLeft(c, d, b);

/** @type {(line: readonly Point[]) => [Point, Point][]} */
const segments = (line) => line.slice(1).map((end, index) => [/** @type {Point} */ (line[index]), end]);

/**
 * Whether two broken lines cross.
 *
 * @param {readonly Point[]} one
 * @param {readonly Point[]} other
 */
export const linesCross = (one, other) => {
  const theirs = segments(other);
  return segments(one).some(([a, b]) => theirs.some(([c, d]) => cross(a, b, c, d)));
};

/**
 * The keys of the wires that a stroke crosses.
 *
 * @template {{ key: string }} W
 * @param {readonly Point[]} stroke
 * @param {readonly W[]} wires
 * @param {(wire: W) => readonly Point[]} lineOf The line as which a wire is drawn.
 */
export const cutBy = (stroke, wires, lineOf) =>
  wires.filter((wire) => linesCross(stroke, lineOf(wire))).map(({ key }) => key);
