/**
 * The document in front as it lies on the plane: where nodes, sockets and wires are, and what is at a point.
 *
 * A box or a wire is made anew only when what it is made of has changed, so that whoever compares two of them
 * by identity knows whether to draw again. Hit tests look at every box or wire: at 2,000 nodes that takes
 * some microseconds, and an index would take longer to keep.
 */

import { computed } from "@preact/signals";
import { linksOf } from "../model/links.js";
import { socketType, typeIn } from "../model/sockets.js";
import { distance, extent, polyline } from "./curves.js";
import { NO_EXTRAS, SIZES } from "./metrics.js";
import { createShapes, NO_NAMES, withName } from "./shapes.js";

/**
 * @import { ReadonlySignal } from "@preact/signals"
 * @import { Bounds, Box, Frame, NodeLook, Note, Plane, Point, Socket, Wire, WorkflowDocument } from "../interfaces.d.ts"
 * @import { FoundLink } from "../model/links.js"
 * @import { Extras } from "./metrics.js"
 * @import { Parts, Shape } from "./shapes.js"
 * @import { Installed } from "../model/sockets.js"
 * @import { WireStyle } from "./curves.js"
 */

/** @typedef {Box & Shape & { extras: Extras }} LaidBox */

/** @type {NodeLook} */
const NOWHERE = Object.freeze({ at: /** @type {Point} */ (Object.freeze([0, 0])) });

/** How far around a node its sockets and what is near them still count as near it. */
const AROUND = 64;

/**
 * Gives the outputs of each node that links start from.
 * @param {WorkflowDocument} document
 * @returns {Map<string, readonly string[]>} The same list for the same outputs.
 */
const mentionedOutputs = (document) => {
  /** @type {Map<string, readonly string[]>} */
  const outputs = new Map();
  for (const { source } of linksOf(document)) {
    const before = outputs.get(source.node) ?? NO_NAMES;
    const names = withName(before, source.output);
    if (names !== before) outputs.set(source.node, names);
  }
  return outputs;
};

/**
 * Makes the box of a node.
 * @param {string} id
 * @param {Omit<Parts, "mentioned">} parts
 * @param {Shape} shape
 * @returns {LaidBox}
 */
export const boxOf = (id, { entry, look, type, extras }, shape) => ({
  ...shape,
  id,
  entry,
  look,
  type,
  extras,
  x: look.at[0],
  y: look.at[1],
});

/**
 * Makes the signal of the boxes.
 * @param {PlaneOptions} options
 * @returns {ReadonlySignal<ReadonlyMap<string, LaidBox>>}
 */
const boxesOf = ({ document, catalog, extras = () => NO_EXTRAS }) => {
  const shapeOf = createShapes();
  /** @type {Map<string, LaidBox>} */
  let last = new Map();
  return computed(() => {
    const { nodes, view } = document.value;
    const outputs = mentionedOutputs(document.value);
    const before = last.values();
    /** @type {Map<string, LaidBox>} */
    const now = new Map();
    let isSame = true;
    for (const id of Object.keys(nodes)) {
      const entry = nodes[id];
      const look = view.nodes[id] ?? NOWHERE;
      const type = typeIn(document.value, catalog, entry.type);
      const mentioned = outputs.get(id) ?? NO_NAMES;
      const more = extras(id);
      const old = last.get(id);
      const isKept = old !== undefined && old.entry === entry && old.look === look && old.type === type &&
        old.mentioned === mentioned && old.extras === more;
      const parts = { entry, look, type, mentioned, extras: more };
      const box = isKept ? old : boxOf(id, parts, shapeOf(parts));
      now.set(id, box);
      isSame &&= before.next().value === box;
    }
    if (!isSame || now.size !== last.size) last = now;
    return last;
  });
};

/** @param {Box} box @param {Point} point @returns {Point} */
const placed = (box, point) => [box.x + point[0], box.y + point[1]];

/**
 * Makes a wire.
 * @param {FoundLink} link
 * @param {LaidBox} from
 * @param {LaidBox} to
 * @param {{ type: string, route: readonly Point[] | undefined }} more Its type and the points it passes.
 * @returns {Wire}
 */
const wireOf = ({ key, source: { output }, target: { input } }, from, to, { type, route }) => {
  const start = placed(from, from.outputs.get(output) ?? [from.width, SIZES.header / 2]);
  const end = placed(to, to.inputs.get(input) ?? [0, SIZES.header / 2]);
  return {
    key,
    source: { node: from.id, side: "output", name: output },
    target: { node: to.id, side: "input", name: input },
    type,
    points: route ? [start, ...route, end] : [start, end],
  };
};

/**
 * Makes the signal of the wires.
 * @param {PlaneOptions} options
 * @param {ReadonlySignal<ReadonlyMap<string, LaidBox>>} boxes
 * @returns {ReadonlySignal<readonly Wire[]>}
 */
const wiresOf = ({ document, catalog }, boxes) => {
  /** @typedef {{ wire: Wire, from: LaidBox, to: LaidBox, link: FoundLink, route: readonly Point[] | undefined }} Kept */
  /** @type {Map<string, Kept>} */
  let before = new Map();
  /** @type {readonly Wire[]} */
  let last = [];
  /** @param {FoundLink} link @param {LaidBox} from */
  const typeOf = ({ source }, from) => {
    const declared = from.type?.outputs.find(({ name }) => name === source.output)?.type ?? "";
    if (!declared.includes("$")) return declared;
    const socket = /** @type {Socket} */ ({ node: from.id, side: "output", name: source.output });
    return socketType(document.value, catalog, socket) ?? declared;
  };
  return computed(() => {
    const found = boxes.value;
    const { routes } = document.value.view;
    /** @type {typeof before} */
    const now = new Map();
    const wires = [];
    let isSame = true;
    for (const link of linksOf(document.value)) {
      const from = found.get(link.source.node);
      const to = found.get(link.target.node);
      // A link to a node that is not there is a problem that the check reports; there is nothing to draw.
      if (!from || !to) continue;
      const type = typeOf(link, from);
      const route = routes?.[link.key];
      const old = before.get(link.key);
      const isKept = old !== undefined && old.link === link && old.from === from && old.to === to &&
        old.wire.type === type && old.route === route;
      const kept = isKept ? old : { wire: wireOf(link, from, to, { type, route }), from, to, link, route };
      now.set(link.key, kept);
      isSame &&= last[wires.length] === kept.wire;
      wires.push(kept.wire);
    }
    before = now;
    if (!isSame || wires.length !== last.length) last = wires;
    return last;
  });
};

/** @param {Bounds} bounds @param {Point} at @param {number} [margin] @returns {boolean} */
const contains = ({ x, y, width, height }, at, margin = 0) =>
  at[0] >= x - margin && at[0] <= x + width + margin && at[1] >= y - margin && at[1] <= y + height + margin;

/**
 * Gives what is last in a list and satisfies a test: what is drawn last lies on top.
 * @template T
 * @param {Iterable<T>} list
 * @param {(item: T) => boolean} accept
 * @returns {T | null}
 */
const topmost = (list, accept) => [...list].findLast(accept) ?? null;

/**
 * Gives the bounds of a frame or a note.
 * @param {Frame | Note} item
 * @returns {Bounds}
 */
export const boundsOf = ({ at, size }) => ({ x: at[0], y: at[1], width: size[0], height: size[1] });

/**
 * Tells whether a point is at the corner by which a thing is resized.
 * @param {Frame | Note} item
 * @param {Point} at
 * @returns {boolean}
 */
const isCorner = (item, at) =>
  at[0] > item.at[0] + item.size[0] - SIZES.corner && at[1] > item.at[1] + item.size[1] - SIZES.corner;

/**
 * Gives the bounds that hold all of a list.
 * @param {readonly Bounds[]} all
 * @returns {Bounds | null}
 */
export const union = (all) => {
  if (all.length === 0) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of all) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
};

/**
 * Finds what is near a point.
 * @param {ReadonlySignal<ReadonlyMap<string, LaidBox>>} boxes
 * @returns {Plane["socketNear"]}
 */
const socketFinder = (boxes) => (at, within, accept = () => true) => {
  /** @type {Socket | null} */
  let nearest = null;
  let least = within;
  for (const box of boxes.value.values()) {
    if (!contains(box, at, Math.max(within, AROUND))) continue;
    for (const side of /** @type {const} */ (["input", "output"])) {
      for (const [name, point] of side === "input" ? box.inputs : box.outputs) {
        const away = Math.hypot(box.x + point[0] - at[0], box.y + point[1] - at[1]);
        const socket = { node: box.id, side, name };
        if (away > least || !accept(socket)) continue;
        least = away;
        nearest = socket;
      }
    }
  }
  return nearest;
};

/**
 * Keeps the box that each wire stays within, and the straight pieces of those that something came near to.
 */
const createWays = () => {
  /** @type {WeakMap<Wire, ReturnType<typeof extent>>} */
  const boxes = new WeakMap();
  /** @type {WeakMap<Wire, { style: WireStyle, line: Point[] }>} */
  const lines = new WeakMap();
  return {
    /** @param {Wire} wire */
    within: (wire) => {
      const box = boxes.get(wire) ?? extent(wire.points);
      boxes.set(wire, box);
      return box;
    },
    /** @param {Wire} wire @param {WireStyle} style */
    line: (wire, style) => {
      const known = lines.get(wire);
      if (known?.style === style) return known.line;
      const line = polyline(wire.points, style);
      lines.set(wire, { style, line });
      return line;
    },
  };
};

/**
 * Finds the nearest wire to a point.
 * @param {ReadonlySignal<readonly Wire[]>} wires
 * @param {ReadonlySignal<WireStyle>} style
 * @returns {Plane["wireNear"]}
 */
const wireFinder = (wires, style) => {
  const ways = createWays();
  return (at, within) => {
    // Wires that are not drawn cannot be aimed at.
    if (style.value === "hidden") return null;
    /** @type {Wire | null} */
    let nearest = null;
    let least = within;
    for (const wire of wires.value) {
      const { left, top, right, bottom } = ways.within(wire);
      if (at[0] < left - least || at[0] > right + least || at[1] < top - least || at[1] > bottom + least) {
        continue;
      }
      const away = distance(ways.line(wire, style.value), at);
      if (away > least) continue;
      least = away;
      nearest = wire;
    }
    return nearest;
  };
};

/**
 * @typedef {object} PlaneOptions
 * @property {ReadonlySignal<WorkflowDocument>} document
 * @property {Installed} catalog
 * @property {ReadonlySignal<WireStyle>} wireStyle
 * @property {(node: string) => Extras} [extras] What a node shows beside what the document says; the same
 * object as long as nothing of it changed. May read signals.
 */

/**
 * Finds frames, notes and the points of routes.
 * @param {ReadonlySignal<WorkflowDocument>} document
 * @returns {Pick<Plane, "frameAt" | "noteAt" | "routeNear">}
 */
const viewFinders = (document) => ({
  frameAt: (at) => {
    const frame = topmost(document.value.view.frames, (item) => contains(boundsOf(item), at));
    if (!frame) return null;
    const part = isCorner(frame, at) ? "corner" : at[1] < frame.at[1] + SIZES.frameTitle ? "title" : "body";
    return { frame, part };
  },
  noteAt: (at) => {
    const note = topmost(document.value.view.notes, (item) => contains(boundsOf(item), at));
    return note && { note, part: isCorner(note, at) ? "corner" : "body" };
  },
  routeNear: (at, within) => {
    for (const [key, points] of Object.entries(document.value.view.routes ?? {})) {
      const index = points.findIndex((point) => Math.hypot(point[0] - at[0], point[1] - at[1]) <= within);
      if (index !== -1) return { key, index };
    }
    return null;
  },
});

/**
 * Makes the plane of the document in front.
 * @param {PlaneOptions} options
 * @returns {Plane & { boxes: ReadonlySignal<ReadonlyMap<string, LaidBox>> }}
 */
export const createPlane = (options) => {
  const { document, catalog, wireStyle } = options;
  const boxes = boxesOf(options);
  const wires = wiresOf(options, boxes);
  return {
    boxes,
    wires,
    boxAt: (at) => topmost(boxes.value.values(), (box) => contains(box, at)),
    socketNear: socketFinder(boxes),
    wireNear: wireFinder(wires, wireStyle),
    ...viewFinders(document),
    socketPoint: ({ node, side, name }) => {
      const box = boxes.value.get(node);
      const point = (side === "input" ? box?.inputs : box?.outputs)?.get(name);
      return box && point ? placed(box, point) : null;
    },
    socketType: (socket) => socketType(document.value, catalog, socket),
    bounds: (nodes) => {
      const ids = nodes === undefined ? [...boxes.value.keys()] : [...nodes];
      const found = ids.flatMap((id) => boxes.value.get(id) ?? []);
      const { frames, notes } = document.value.view;
      return union(nodes === undefined ? [...found, ...frames.map(boundsOf), ...notes.map(boundsOf)] : found);
    },
  };
};
