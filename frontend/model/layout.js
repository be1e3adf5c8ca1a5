/**
 * Automatic layout: nodes in columns from left to right, wires short and crossing little.
 *
 * The layered method of Sugiyama, Tagawa and Toda (1981), on heights in place of ranks: every wire pulls at the height
 * of its socket, since sockets have a fixed order in a node, and however long it is. Dummy nodes for long wires were
 * tried: they crossed as often, and made the graph taller for lanes that curved wires do not keep to.
 *
 * @import { Point } from "../interfaces.d.ts"
 */

/**
 * A node to lay out. Sockets are given by their names in the order in which they are shown, or with their points.
 *
 * @typedef {object} LayoutNode
 * @property {string} id
 * @property {number} width In graph pixels, as `height`.
 * @property {number} height
 * @property {readonly string[] | ReadonlyMap<string, Point>} inputs
 * @property {readonly string[] | ReadonlyMap<string, Point>} [outputs]
 * @property {Point} [at] Where it is now: the top left corner of all such nodes stays where it is.
 */
/** @typedef {{ readonly source: { node: string, output: string }, readonly target: { node: string, input: string } }} LayoutLink */

/**
 * @typedef {object} Vertex
 * @property {LayoutNode} node
 * @property {Edge[]} into
 * @property {Edge[]} out
 * @property {number} layer Its column.
 * @property {number} y Height of its top.
 */
/** @typedef {{ from: Vertex, to: Vertex, fromY: number, toY: number }} Edge A wire, with the heights of its ends in their nodes. */
/** @typedef {"into" | "out" | "both"} Side */
/** @typedef {Vertex[][]} Columns From left to right, each from top to bottom. */

/** Between columns; wires need room to turn. */
const COLUMN_GAP = 80;
const ROW_GAP = 40;
/** Rounds in which a column exchanges neighbours, at most. */
const MOST_EXCHANGES = 4;
/** Between parts that nothing connects. */
const PART_GAP = 80;
/** Nodes without any link stand in rows at least this wide. */
const LEAST_ROW = 1200;
/** Places are multiples of this; less than the gaps, so that rounding makes nothing overlap. */
const GRID = 10;
const SORTING_SWEEPS = 8;
/** What pulls in which sweep: the wires from one side, so that order spreads; then all; then those to be straight. */
const SWEEPS = /** @type {Side[]} */ ("into out into out both both both both into out into out".split(" "));

/**
 * Finds a place for each node. Equal graphs give equal places.
 *
 * @param {readonly LayoutNode[]} nodes
 * @param {Iterable<LayoutLink>} links Those from or to other nodes are passed over.
 * @returns {Map<string, Point>} The top left corner of each node, by its id.
 */
export function layout(nodes, links) {
  const vertices = connected(nodes, links);
  const order = sortedFromSources(vertices);
  assignLayers(order);
  const [parts, loose] = separated(order);
  /** @type {Map<Vertex, Point>} */
  const places = new Map();
  let bottom = 0;
  let right = LEAST_ROW;
  for (const part of parts) {
    const size = placePart(part, bottom, places);
    bottom += size.height + PART_GAP;
    right = Math.max(right, size.width);
  }
  placeRows(loose, bottom, right, places);
  return anchored(vertices, places);
}

/**
 * Joins the nodes by their links.
 *
 * @param {readonly LayoutNode[]} nodes
 * @param {Iterable<LayoutLink>} links
 */
function connected(nodes, links) {
  /** @type {Map<string, Vertex>} */
  const vertices = new Map(nodes.map((node) => [node.id, { node, into: [], out: [], layer: 0, y: 0 }]));
  for (const { source, target } of links) {
    const [from, to] = [vertices.get(source.node), vertices.get(target.node)];
    if (!from || !to || from === to) continue;
    const fromY = socketHeight(from.node, from.node.outputs ?? [], source.output);
    const edge = { from, to, fromY, toY: socketHeight(to.node, to.node.inputs, target.input) };
    from.out.push(edge);
    to.into.push(edge);
  }
  for (const { into } of vertices.values()) into.sort((a, b) => a.toY - b.toY);
  return [...vertices.values()];
}

/**
 * @param {LayoutNode} node
 * @param {readonly string[] | ReadonlyMap<string, Point>} sockets
 * @param {string} name
 */
function socketHeight({ height }, sockets, name) {
  if ("get" in sockets) return sockets.get(name)?.[1] ?? height / 2;
  const at = sockets.indexOf(name);
  return at < 0 ? height / 2 : ((at + 1) * height) / (sockets.length + 1);
}

/**
 * Sorts the vertices so that each comes behind all that feed it, and what feeds a higher socket first. Links that close
 * a circle, which no document should have, are taken away.
 *
 * @param {readonly Vertex[]} vertices
 */
function sortedFromSources(vertices) {
  /** @type {Vertex[]} */
  const order = [];
  /** @type {Map<Vertex, "open" | "done">} */
  const state = new Map();
  const ends = vertices.filter((vertex) => !vertex.out.length);
  for (const root of [...ends, ...vertices]) {
    const path = state.has(root) ? [] : [{ vertex: root, next: 0 }];
    while (path.length) {
      const step = path[path.length - 1];
      state.set(step.vertex, "open");
      const edge = step.vertex.into[step.next++];
      if (!edge) {
        state.set(step.vertex, "done");
        order.push(step.vertex);
        path.pop();
      } else if (state.get(edge.from) === "open") {
        step.next--;
        remove(edge);
      } else if (!state.has(edge.from)) path.push({ vertex: edge.from, next: 0 });
    }
  }
  return order;
}

/** @param {Edge} edge */
function remove(edge) {
  edge.to.into.splice(edge.to.into.indexOf(edge), 1);
  edge.from.out.splice(edge.from.out.indexOf(edge), 1);
}

/**
 * Gives each vertex its column: behind all that feed it, then as far right as that shortens more wires than it
 * stretches, so that a loader stands beside what needs it.
 *
 * @param {readonly Vertex[]} order
 */
function assignLayers(order) {
  for (const vertex of order) vertex.layer = most(vertex.into, ({ from }) => from.layer + 1, 0);
  for (const vertex of order.toReversed()) {
    if (vertex.out.length > vertex.into.length) {
      vertex.layer = -most(vertex.out, ({ to }) => 1 - to.layer, -Infinity);
    }
  }
}

/**
 * Gives the largest of some numbers of edges.
 *
 * @param {readonly Edge[]} edges
 * @param {(edge: Edge) => number} number
 * @param {number} least
 */
function most(edges, number, least) {
  return edges.reduce((found, edge) => Math.max(found, number(edge)), least);
}

/**
 * Separates the parts that nothing connects, as columns, from the vertices without any link.
 *
 * @param {readonly Vertex[]} order
 * @returns {[Columns[], Vertex[]]}
 */
function separated(order) {
  /** @type {Map<Vertex, Vertex[]>} */
  const partOf = new Map();
  /** @type {Set<Vertex[]>} */
  const parts = new Set();
  for (const root of order) {
    if (partOf.has(root) || !(root.into.length || root.out.length)) continue;
    /** @type {Vertex[]} */
    const part = [];
    parts.add(part);
    partOf.set(root, part);
    const waiting = [root];
    for (let vertex = waiting.pop(); vertex; vertex = waiting.pop()) {
      for (const one of [...vertex.into.map((edge) => edge.from), ...vertex.out.map((edge) => edge.to)]) {
        if (partOf.has(one)) continue;
        partOf.set(one, part);
        waiting.push(one);
      }
    }
  }
  for (const vertex of order) partOf.get(vertex)?.push(vertex);
  return [Array.from(parts, columnsOf), order.filter((vertex) => !partOf.has(vertex))];
}

/**
 * @param {readonly Vertex[]} part
 * @returns {Columns}
 */
function columnsOf(part) {
  const byLayer = Map.groupBy(part, (vertex) => vertex.layer);
  return [...byLayer].sort(([a], [b]) => a - b).map(([, column]) => column);
}

/**
 * Finds the places of a connected part.
 *
 * @param {Columns} columns
 * @param {number} top Where it begins.
 * @param {Map<Vertex, Point>} places Takes the places.
 */
function placePart(columns, top, places) {
  for (const column of columns) stack(column, column.map(() => 0));
  sweep(columns);
  const highest = Math.min(...columns.map(([first]) => first.y));
  let x = 0;
  let height = 0;
  for (const column of columns) {
    for (const vertex of column) places.set(vertex, [x, top + vertex.y - highest]);
    const last = column[column.length - 1];
    height = Math.max(height, last.y + last.node.height - highest);
    x += Math.max(...column.map(({ node }) => node.width)) + COLUMN_GAP;
  }
  return { width: x - COLUMN_GAP, height };
}

/**
 * Sorts the columns and sets their heights, there and back again: each vertex goes to where its wires pull it. The last
 * sweeps only exchange neighbours whose wires cross less the other way round.
 *
 * @param {Columns} columns
 */
function sweep(columns) {
  for (const [round, side] of SWEEPS.entries()) {
    for (const column of round % 2 === 0 ? columns : columns.toReversed()) {
      if (round < SORTING_SWEEPS) sortByPull(column, side);
      else exchangeNeighbours(column);
      stack(column, column.map((vertex) => pull(vertex, side, 1) ?? vertex.y));
    }
  }
}

/**
 * Sorts a column by the mean height of the sockets at the other ends of its wires; equals keep their order.
 *
 * @param {Vertex[]} column
 * @param {Side} side
 */
function sortByPull(column, side) {
  const pulls = new Map(
    column.map((vertex) => [vertex, pull(vertex, side, 0) ?? vertex.y + vertex.node.height / 2]),
  );
  column.sort((a, b) => /** @type {number} */ (pulls.get(a)) - /** @type {number} */ (pulls.get(b)));
}

/**
 * Gives the mean height of the sockets that a vertex is linked with; null where there are none.
 *
 * @param {Vertex} vertex
 * @param {Side} side Whose wires pull.
 * @param {0 | 1} own How much the heights of its own sockets are taken away: 1 gives where the wires are straight.
 */
function pull({ into, out }, side, own) {
  const count = (side === "out" ? 0 : into.length) + (side === "into" ? 0 : out.length);
  if (!count) return null;
  let sum = 0;
  if (side !== "out") { for (const { from, fromY, toY } of into) sum += from.y + fromY - own * toY; }
  if (side !== "into") { for (const { to, fromY, toY } of out) sum += to.y + toY - own * fromY; }
  return sum / count;
}

/**
 * Exchanges vertices that stand above each other where their wires cross less afterwards.
 *
 * @param {Vertex[]} column
 */
function exchangeNeighbours(column) {
  for (let round = 0, isChanging = true; isChanging && round < MOST_EXCHANGES; round++) {
    isChanging = false;
    for (let at = 1; at < column.length; at++) {
      const [above, below] = [column[at - 1], column[at]];
      if (crossings(below, above) >= crossings(above, below)) continue;
      [column[at - 1], column[at]] = [below, above];
      isChanging = true;
    }
  }
}

/**
 * Counts the crossings between the wires of a vertex and those of the one below it.
 *
 * @param {Vertex} above
 * @param {Vertex} below
 */
function crossings(above, below) {
  let count = 0;
  for (const a of above.into) {
    for (const b of below.into) if (a.from.y + a.fromY > b.from.y + b.fromY) count++;
  }
  for (const a of above.out) {
    for (const b of below.out) if (a.to.y + a.toY > b.to.y + b.toY) count++;
  }
  return count;
}

/**
 * Stacks a column in its order as near to the wanted heights as can be, in the sense of least squares: where vertices
 * would overlap they form a block, which goes to the mean of what its members want (pool adjacent violators).
 *
 * @param {readonly Vertex[]} column
 * @param {readonly number[]} wanted
 */
function stack(column, wanted) {
  /** @type {{ mean: number, count: number }[]} */
  const blocks = [];
  const offsets = [];
  let offset = 0;
  for (const [at, { node }] of column.entries()) {
    offsets.push(offset);
    let block = { mean: wanted[at] - offset, count: 1 };
    for (let above = blocks.at(-1); above && above.mean >= block.mean; above = blocks.at(-1)) {
      const count = above.count + block.count;
      block = { mean: (above.mean * above.count + block.mean * block.count) / count, count };
      blocks.pop();
    }
    blocks.push(block);
    offset += node.height + ROW_GAP;
  }
  let at = 0;
  for (const { mean, count } of blocks) {
    for (const end = at + count; at < end; at++) column[at].y = mean + offsets[at];
  }
}

/**
 * Puts vertices without links into rows.
 *
 * @param {readonly Vertex[]} vertices
 * @param {number} top
 * @param {number} width Of a row, at most.
 * @param {Map<Vertex, Point>} places Takes the places.
 */
function placeRows(vertices, top, width, places) {
  let [x, y, height] = [0, top, 0];
  for (const vertex of vertices) {
    if (x > 0 && x + vertex.node.width > width) [x, y, height] = [0, y + height + ROW_GAP, 0];
    places.set(vertex, [x, y]);
    x += vertex.node.width + ROW_GAP;
    height = Math.max(height, vertex.node.height);
  }
}

/**
 * Rounds the places, and moves all of them to where the nodes are now.
 *
 * @param {readonly Vertex[]} vertices
 * @param {ReadonlyMap<Vertex, Point>} places
 * @returns {Map<string, Point>}
 */
function anchored(vertices, places) {
  const now = vertices.flatMap(({ node }) => node.at ? [node.at] : []);
  const corner = [0, 1].map((axis) =>
    now.reduce((least, at) => Math.min(least, at[axis]), now.length ? Infinity : 0)
  );
  return new Map(vertices.map((vertex) => {
    const [x, y] = places.get(vertex) ?? [0, 0];
    return [vertex.node.id, [corner[0] + rounded(x), corner[1] + rounded(y)]];
  }));
}

/** @param {number} length */
function rounded(length) {
  return Math.round(length / GRID) * GRID;
}
