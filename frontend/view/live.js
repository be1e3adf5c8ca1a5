/**
 * What hands are just moving, as it is shown before it is in the document.
 */

import { layOut, nodeWidth } from "./metrics.js";

/**
 * @import { Bounds, Frame, Gesture, Note, Point, Wire } from "../interfaces.d.ts"
 * @import { LaidBox } from "./plane.js"
 */

/** @param {Point} point @param {Point} by @returns {Point} */
const shifted = (point, by) => [point[0] + by[0], point[1] + by[1]];

/**
 * Gives a box as it is shown.
 * @param {LaidBox} box
 * @param {Gesture} gesture
 * @returns {LaidBox} The same one where no hand moves it.
 */
export const liveBox = (box, gesture) => {
  if (gesture.kind === "move" && gesture.nodes.has(box.id)) {
    return { ...box, x: box.x + gesture.offset[0], y: box.y + gesture.offset[1] };
  }
  if (gesture.kind === "resize" && gesture.what === "node" && gesture.id === box.id) {
    const look = { ...box.look, width: gesture.size[0] };
    const { entry, type, extras, mentioned } = box;
    return { ...box, look, ...layOut({ entry, type, look, extras, mentioned }) };
  }
  return box;
};

/**
 * Gives a frame or a note as it is shown.
 * @template {Frame | Note} T
 * @param {T} item
 * @param {"frame" | "note"} what
 * @param {Gesture} gesture
 * @returns {T}
 */
export const liveItem = (item, what, gesture) => {
  if (gesture.kind === "move" && gesture[what === "frame" ? "frames" : "notes"].has(item.id)) {
    return { ...item, at: shifted(item.at, gesture.offset) };
  }
  if (gesture.kind === "resize" && gesture.what === what && gesture.id === item.id) {
    return { ...item, size: gesture.size };
  }
  return item;
};

/**
 * Gives the points of a wire as it is shown: its ends move with their nodes, all of it with both.
 * @param {Wire} wire
 * @param {Gesture} gesture
 * @param {(node: string) => LaidBox | undefined} boxOf
 * @returns {readonly Point[]}
 */
export const livePoints = (wire, gesture, boxOf) => {
  const { points, source, target } = wire;
  if (gesture.kind === "move") {
    const [from, to] = [gesture.nodes.has(source.node), gesture.nodes.has(target.node)];
    if (!from && !to) return points;
    const last = points.length - 1;
    return points.map((point, index) =>
      (from && to) || (from && index === 0) || (to && index === last) ? shifted(point, gesture.offset) : point
    );
  }
  if (gesture.kind === "route" && gesture.key === wire.key) {
    return points.with(gesture.index + 1, gesture.at);
  }
  if (gesture.kind === "resize" && gesture.what === "node" && gesture.id === source.node) {
    const box = boxOf(source.node);
    return box
      ? points.with(0, [box.x + nodeWidth({ ...box.look, width: gesture.size[0] }), points[0][1]])
      : points;
  }
  return points;
};

/**
 * Tells whether two bounds share a point.
 * @param {Bounds} one
 * @param {{ left: number, top: number, right: number, bottom: number }} other
 * @returns {boolean}
 */
export const meets = ({ x, y, width, height }, { left, top, right, bottom }) =>
  x <= right && x + width >= left && y <= bottom && y + height >= top;

/**
 * @typedef {object} Touched What hands are moving; all else stands still as long as they do.
 * @property {ReadonlySet<string>} nodes
 * @property {ReadonlySet<string>} frames
 * @property {ReadonlySet<string>} notes
 * @property {ReadonlySet<string>} wires Those that change by themselves, beside those of nodes.
 */

/** @type {ReadonlySet<string>} */
const NOBODY = new Set();

/** @type {Touched} */
const NOTHING = Object.freeze({ nodes: NOBODY, frames: NOBODY, notes: NOBODY, wires: NOBODY });

/**
 * Gives what a gesture moves.
 * @param {Gesture} gesture
 * @returns {Touched}
 */
export const touchedBy = (gesture) => {
  switch (gesture.kind) {
    case "move":
      return { ...NOTHING, nodes: gesture.nodes, frames: gesture.frames, notes: gesture.notes };
    case "resize":
      return { ...NOTHING, [`${gesture.what}s`]: new Set([gesture.id]) };
    case "route":
      return { ...NOTHING, wires: new Set([gesture.key]) };
    case "link":
      return gesture.moving.length === 0 ? NOTHING : { ...NOTHING, wires: new Set(gesture.moving) };
    default:
      return NOTHING;
  }
};

/**
 * Tells whether a wire is moved.
 * @param {Touched} touched
 * @param {Wire} wire
 * @returns {boolean}
 */
export const isTouched = ({ nodes, wires }, { key, source, target }) =>
  nodes.has(source.node) || nodes.has(target.node) || wires.has(key);

/**
 * Tells whether hands move anything.
 * @param {Touched} touched
 * @returns {boolean}
 */
export const hasTouched = ({ nodes, frames, notes, wires }) =>
  nodes.size + frames.size + notes.size + wires.size > 0;

/** @param {ReadonlySet<string>} one @param {ReadonlySet<string>} other */
const isSameSet = (one, other) => one === other || (one.size === other.size && one.isSubsetOf(other));

/**
 * Tells whether hands move the same things.
 * @param {Touched} one
 * @param {Touched} other
 * @returns {boolean}
 */
export const isSameTouched = (one, other) =>
  isSameSet(one.nodes, other.nodes) && isSameSet(one.frames, other.frames) &&
  isSameSet(one.notes, other.notes) &&
  isSameSet(one.wires, other.wires);
