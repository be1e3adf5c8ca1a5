/**
 * Graphs for the tests of the layout, and what one can say of how they are drawn.
 *
 * @import { Point } from "../../../frontend/interfaces.d.ts"
 * @import { LayoutLink, LayoutNode } from "../../../frontend/model/layout.js"
 */

/** @typedef {{ from: Point, to: Point }} DrawnLink */
/** @typedef {LayoutNode & { inputs: string[], outputs: string[] }} ToyNode */

/** Less than lies between two columns. */
export const GAP = 60;

/**
 * @param {string} id
 * @param {string[]} inputs
 * @param {Partial<LayoutNode>} [more]
 * @returns {ToyNode}
 */
export function node(id, inputs, more = {}) {
  return { id, width: 200, height: 120, ...more, inputs, outputs: ["out"] };
}

/**
 * @param {string} from
 * @param {string} to
 * @param {string} input
 * @returns {LayoutLink}
 */
export function link(from, to, input) {
  return { source: { node: from, output: "out" }, target: { node: to, input } };
}

/**
 * Makes a graph whose nodes are fed by some of the thirty before them.
 *
 * @param {number} count
 * @param {number} seed
 */
export function randomGraph(count, seed) {
  const random = generator(seed);
  /** @type {LayoutLink[]} */
  const links = [];
  const nodes = Array.from({ length: count }, (_, at) => {
    const inputs = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, input) => `in${input}`);
    for (const input of inputs) {
      const before = at - 1 - Math.floor(random() * 30);
      if (before >= 0 && random() < 0.7) links.push(link(`n${before}`, `n${at}`, input));
    }
    return node(`n${at}`, inputs, { width: 180 + random() * 100, height: 60 + random() * 240 });
  });
  return { nodes, links };
}

/**
 * Makes a function that gives numbers in 0..1, the same for each seed (mulberry32).
 *
 * @param {number} seed
 */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Gives the pairs of nodes that overlap.
 *
 * @param {readonly LayoutNode[]} nodes
 * @param {ReadonlyMap<string, Point>} places
 */
export function overlaps(nodes, places) {
  const boxes = nodes.map(({ id, width, height }) => {
    const [x, y] = /** @type {Point} */ (places.get(id));
    return { id, x, y, right: x + width, bottom: y + height };
  }).sort((a, b) => a.x - b.x);
  return boxes.flatMap((box, at) => {
    const found = [];
    for (let other = at + 1; other < boxes.length && boxes[other].x < box.right; other++) {
      if (boxes[other].y < box.bottom && box.y < boxes[other].bottom) found.push([box.id, boxes[other].id]);
    }
    return found;
  });
}

/**
 * Gives the links as straight lines between their sockets.
 *
 * @param {readonly ToyNode[]} nodes
 * @param {readonly LayoutLink[]} links
 * @param {ReadonlyMap<string, Point>} places
 * @returns {DrawnLink[]}
 */
export function drawnLinks(nodes, links, places) {
  const known = new Map(nodes.map((one) => [one.id, one]));
  return links.map(({ source, target }) => {
    const [from, to] = [source, target].map((end) => /** @type {ToyNode} */ (known.get(end.node)));
    const [[fromX, fromY], [toX, toY]] = [from, to].map((one) => /** @type {Point} */ (places.get(one.id)));
    const input = (to.inputs.indexOf(target.input) + 1) / (to.inputs.length + 1);
    return { from: [fromX + from.width, fromY + from.height / 2], to: [toX, toY + input * to.height] };
  });
}

/**
 * Counts the crossings.
 *
 * @param {readonly DrawnLink[]} links
 */
export function crossings(links) {
  let count = 0;
  for (const [at, one] of links.entries()) {
    for (const other of links.slice(at + 1)) {
      const isCut = isBetween(one, other.from, other.to) && isBetween(other, one.from, one.to);
      if (isCut) count++;
    }
  }
  return count;
}

/**
 * Tells whether a line lies between two points, on neither of them.
 *
 * @param {DrawnLink} line
 * @param {Point} first
 * @param {Point} second
 */
function isBetween({ from, to }, first, second) {
  const [a, b] = [first, second].map(([x, y]) =>
    (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0])
  );
  return a * b < 0;
}
