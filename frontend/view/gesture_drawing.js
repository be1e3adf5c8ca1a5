/** Draws what hands do right now, above the nodes: a link on its way, a marquee, a cut, the lines things snap to. */

import { trace } from "./curves.js";

/**
 * @import { Gesture, Plane, Point, Socket, Wire } from "../interfaces.d.ts"
 * @import { Scene } from "./scene.js"
 */

/**
 * Gives the ends of the links that a hand holds: where each is fixed and the side of that end.
 * @param {Extract<Gesture, { kind: "link" }>} gesture
 * @param {readonly Wire[]} wires
 * @returns {Socket[]}
 */
const fixedEnds = ({ from, moving }, wires) => {
  if (moving.length === 0) return [from];
  const keys = new Set(moving);
  return wires.filter(({ key }) => keys.has(key)).map((wire) =>
    from.side === "output" ? wire.source : wire.target
  );
};

/**
 * Draws a ring around a socket.
 * @param {CanvasRenderingContext2D} context
 * @param {Point} at
 * @param {string} color
 * @param {number} zoom
 */
const drawRing = (context, [x, y], color, zoom) => {
  context.beginPath();
  context.arc(x, y, Math.max(9, 6 / zoom), 0, 2 * Math.PI);
  context.strokeStyle = color;
  context.lineWidth = Math.max(2.5, 1.5 / zoom);
  context.stroke();
};

/**
 * Draws the links that a hand holds.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Pick<Plane, "socketPoint" | "socketType">} plane
 * @param {Extract<Gesture, { kind: "link" }>} gesture
 */
const drawLink = (context, { ink, place, wires, wireStyle }, plane, gesture) => {
  const refused = gesture.fit !== null && !gesture.fit.fits;
  const target = gesture.candidate && !refused ? plane.socketPoint(gesture.candidate) : null;
  const loose = target ?? gesture.to;
  const style = wireStyle === "hidden" ? "curved" : wireStyle;
  for (const socket of fixedEnds(gesture, wires)) {
    const fixed = plane.socketPoint(socket);
    if (!fixed) continue;
    const color = refused ? ink.wireRefused : ink.ofType(plane.socketType(socket) ?? "");
    const path = new Path2D();
    trace(path, socket.side === "output" ? [fixed, loose] : [loose, fixed], style);
    context.strokeStyle = ink.casing;
    context.lineWidth = 5.5;
    context.stroke(path);
    context.strokeStyle = color;
    context.lineWidth = Math.max(2.5, 1.5 / place.zoom);
    context.setLineDash(target ? [] : [8, 6]);
    context.stroke(path);
    context.setLineDash([]);
    if (target) drawRing(context, target, color, place.zoom);
  }
  if (!target) {
    context.beginPath();
    context.arc(loose[0], loose[1], Math.max(4, 3 / place.zoom), 0, 2 * Math.PI);
    context.fillStyle = refused ? ink.wireRefused : ink.ofType(plane.socketType(gesture.from) ?? "");
    context.fill();
  }
};

/**
 * Draws a rectangle that selects.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Extract<Gesture, { kind: "marquee" }>} gesture
 */
const drawMarquee = (context, { ink, place }, { from, to }) => {
  context.beginPath();
  context.rect(from[0], from[1], to[0] - from[0], to[1] - from[1]);
  context.globalAlpha = 0.14;
  context.fillStyle = ink.accent;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = ink.accent;
  context.lineWidth = 1.25 / place.zoom;
  context.stroke();
};

/**
 * Draws the way of a knife.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {readonly Point[]} points
 */
const drawCut = (context, { ink, place }, points) => {
  context.beginPath();
  points.forEach(([x, y], index) => index === 0 ? context.moveTo(x, y) : context.lineTo(x, y));
  context.strokeStyle = ink.danger;
  context.lineWidth = 2 / place.zoom;
  context.lineCap = "round";
  context.setLineDash([6 / place.zoom, 5 / place.zoom]);
  context.stroke();
  context.setLineDash([]);
};

/**
 * Draws the lines that what moves is in line with, and the wire that it would be put into.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Extract<Gesture, { kind: "move" }>} gesture
 */
const drawMove = (context, { ink, place, wires, wireStyle }, { guides, over }) => {
  context.beginPath();
  for (const { axis, at, from, to } of guides) {
    context.moveTo(axis === "x" ? at : from, axis === "x" ? from : at);
    context.lineTo(axis === "x" ? at : to, axis === "x" ? to : at);
  }
  context.strokeStyle = ink.accent;
  context.lineWidth = 1 / place.zoom;
  context.setLineDash([4 / place.zoom, 3 / place.zoom]);
  context.stroke();
  context.setLineDash([]);
  const wire = over === null ? undefined : wires.find(({ key }) => key === over);
  if (!wire) return;
  const path = new Path2D();
  trace(path, wire.points, wireStyle);
  context.strokeStyle = ink.accent;
  context.lineWidth = 5;
  context.stroke(path);
};

/**
 * Tells whether a gesture is drawn above the nodes.
 * @param {Gesture} gesture
 * @returns {boolean}
 */
export const isDrawn = ({ kind }) =>
  kind === "link" || kind === "marquee" || kind === "cut" || kind === "move";

/**
 * Draws the gesture.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Pick<Plane, "socketPoint" | "socketType">} plane
 * @param {number} ratio Pixels of the screen in one of the page.
 */
export const drawGesture = (context, scene, plane, ratio) => {
  const { place, size, gesture } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  const scale = place.zoom * ratio;
  context.setTransform(scale, 0, 0, scale, place.x * ratio, place.y * ratio);
  if (gesture.kind === "link") drawLink(context, scene, plane, gesture);
  if (gesture.kind === "marquee") drawMarquee(context, scene, gesture);
  if (gesture.kind === "cut") drawCut(context, scene, gesture.points);
  if (gesture.kind === "move") drawMove(context, scene, gesture);
};
