/** Draws the wires: few strokes, one for each colour. */

import { extent, trace } from "./curves.js";
import { hasTouched, isTouched, livePoints } from "./live.js";
import { OVERVIEW_ZOOM } from "./viewport.js";

/**
 * @import { Point, Wire } from "../interfaces.d.ts"
 * @import { Part, Scene } from "./scene.js"
 */

/** Below this zoom curves cannot be told from lines. */
const LINES_ZOOM = 0.2;

const WIDTH = 2.25;

/** Width of a wire that carries a list. */
const LIST_WIDTH = 4;

/** Dashes of a wire whose node is running: length, gap, and how far they go in a second. */
const DASH = { on: 6, off: 14, speed: 60 };

/** How much is seen of a wire of a node that is bypassed or off. */
const FADED = 0.4;

/** Radius of the point of a route. */
const DOT = 5;

/** @param {Wire} wire @returns {boolean} */
const carriesList = ({ type }) => type.startsWith("list[");

/**
 * @typedef {object} Strands Wires that are drawn with one stroke.
 * @property {Path2D} path
 * @property {string} color
 * @property {number} width
 * @property {number} alpha
 */

/**
 * Gives the wires of a part of the scene that can be seen, with their points as hands move them.
 * @param {Scene} scene
 * @param {Part} part
 * @returns {{ wire: Wire, points: readonly Point[] }[]}
 */
const seenWires = ({ wires, boxes, gesture, seen, touched }, part) => {
  const found = [];
  const boxOf = (/** @type {string} */ node) => boxes.get(node);
  const isLive = part === "live";
  const isAnyTouched = hasTouched(touched);
  for (const wire of wires) {
    if ((isAnyTouched && isTouched(touched, wire)) !== isLive) continue;
    const points = isLive ? livePoints(wire, gesture, boxOf) : wire.points;
    const { left, top, right, bottom } = extent(points);
    if (right >= seen.left && left <= seen.right && bottom >= seen.top && top <= seen.bottom) {
      found.push({ wire, points });
    }
  }
  return found;
};

/**
 * Gives where the wires of one look are drawn.
 * @param {Scene} scene
 * @param {boolean} isFine
 */
const createStrands = ({ ink, boxes, place, selectedWire }, isFine) => {
  /** @type {Map<string, Strands>} */
  const strands = new Map();
  const isSwitched = (/** @type {string} */ node) => boxes.get(node)?.entry.mode !== undefined;
  const areSwitched = boxes.values().some(({ entry }) => entry.mode !== undefined);
  /** @param {Wire} wire */
  const of = (wire) => {
    const isSelected = wire.key === selectedWire;
    const isFaded = areSwitched && (isSwitched(wire.source.node) || isSwitched(wire.target.node));
    const key = isSelected || isFaded ? `${wire.type} ${isSelected} ${isFaded}` : wire.type;
    const known = strands.get(key);
    if (known) return known;
    const made = {
      path: new Path2D(),
      color: isSelected ? ink.wireSelected : ink.ofType(wire.type),
      width: widthAt(carriesList(wire) ? LIST_WIDTH : WIDTH, place.zoom, isFine),
      alpha: isFaded ? FADED : 1,
    };
    strands.set(key, made);
    return made;
  };
  return { of, all: () => strands.values() };
};

/**
 * Draws the points of routes.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {{ wire: Wire, points: readonly Point[] }[]} found
 */
const drawRoutes = (context, { ink, place }, found) => {
  for (const { wire, points } of found) {
    if (points.length < 3) continue;
    context.fillStyle = ink.ofType(wire.type);
    context.strokeStyle = ink.casing;
    context.lineWidth = 1.5;
    for (const [x, y] of points.slice(1, -1)) {
      context.beginPath();
      context.arc(x, y, Math.max(DOT, 2.5 / place.zoom), 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }
};

/**
 * Draws the dashes that run along the wires of nodes that are at work.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export const drawFlow = (context, { wires, touched, running, ink, wireStyle, place, time, hasMotion }) => {
  if (running.size === 0 || place.zoom < LINES_ZOOM || wireStyle === "hidden") return;
  const path = new Path2D();
  for (const wire of wires) {
    if (running.has(wire.target.node) && !isTouched(touched, wire)) trace(path, wire.points, wireStyle);
  }
  context.save();
  context.setLineDash([DASH.on, DASH.off]);
  context.lineDashOffset = hasMotion ? -(time / 1000 * DASH.speed) % (DASH.on + DASH.off) : 0;
  context.lineCap = "round";
  context.lineWidth = WIDTH;
  context.strokeStyle = ink.text;
  context.globalAlpha = 0.6;
  context.stroke(path);
  context.restore();
};

/**
 * Gives how wide wires are drawn. From afar and while zooming they are as wide as a pixel and no wider: such lines
 * are drawn without being outlined first, which takes a quarter of the time.
 * @param {number} usual
 * @param {number} zoom
 * @param {boolean} isFine
 * @returns {number}
 */
const widthAt = (usual, zoom, isFine) => isFine ? Math.max(usual, 1.25 / zoom) : 1 / zoom;

/**
 * Draws the wires of a part of the scene that can be seen.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Part} part
 */
export const drawWires = (context, scene, part) => {
  const { ink, place, wireStyle } = scene;
  if (wireStyle === "hidden" || (part === "live" && !hasTouched(scene.touched))) return;
  const style = place.zoom < LINES_ZOOM ? "straight" : wireStyle;
  const found = seenWires(scene, part);
  const isFine = place.zoom >= OVERVIEW_ZOOM && !scene.isZooming;
  const strands = createStrands(scene, isFine);
  const casing = new Path2D();
  for (const { wire, points } of found) {
    trace(strands.of(wire).path, points, style);
    if (isFine) trace(casing, points, style);
  }
  context.lineJoin = "round";
  if (isFine) {
    context.strokeStyle = ink.casing;
    context.lineWidth = LIST_WIDTH + 2.5;
    context.stroke(casing);
  }
  for (const { path, color, width, alpha } of strands.all()) {
    context.globalAlpha = alpha;
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke(path);
  }
  context.globalAlpha = 1;
  drawRoutes(context, scene, found);
};
