/** What the canvas behind the nodes shows, drawn as a whole. */

import { drawFrames, drawNotes } from "./frames.js";
import { drawGrid } from "./grid.js";
import { hasTouched } from "./live.js";
import { drawNodes, nodesOf } from "./overview.js";
import { drawFlow, drawWires } from "./wires.js";

/**
 * @import { Frame, Gesture, NodeState, Note, Wire } from "../interfaces.d.ts"
 * @import { Ink } from "./ink.js"
 * @import { LaidBox } from "./plane.js"
 * @import { Place, Size } from "./viewport.js"
 * @import { WireStyle } from "./curves.js"
 * @import { Touched } from "./live.js"
 */

/** What stands still while hands move, and what is drawn anew in each frame. @typedef {"still" | "live"} Part */

/**
 * @typedef {object} Scene Everything that is drawn.
 * @property {Place} place
 * @property {Size} size In pixels of the page.
 * @property {{ left: number, top: number, right: number, bottom: number }} seen What can be seen of the graph.
 * @property {Ink} ink
 * @property {ReadonlyMap<string, LaidBox>} boxes
 * @property {readonly Wire[]} wires
 * @property {{ all: readonly Frame[], selected: ReadonlySet<string> }} frames
 * @property {{ all: readonly Note[], selected: ReadonlySet<string>, mounted: ReadonlySet<string> }} notes
 * @property {{ selected: ReadonlySet<string>, mounted: ReadonlySet<string>, faulty: ReadonlySet<string>, states: ReadonlyMap<string, NodeState> }} nodes
 * Those that are mounted are on the page and not drawn.
 * @property {ReadonlySet<string>} running
 * @property {string | null} selectedWire
 * @property {WireStyle} wireStyle
 * @property {Gesture} gesture
 * @property {Touched} touched What the gesture moves.
 * @property {(node: string) => readonly string[]} pictures URLs of what a node shows.
 * @property {(url: string) => CanvasImageSource | null} thumbnail The picture, as soon as it is loaded.
 * @property {number} loaded Counts the pictures that were loaded.
 * @property {boolean} isOpening Whether what is seen may yet be a draft.
 * @property {boolean} isZooming
 * @property {number} time Milliseconds, for what moves.
 * @property {boolean} hasMotion
 */

/**
 * Gives the part of the graph that can be seen.
 * @param {Place} place
 * @param {Size} size
 * @returns {Scene["seen"]}
 */
export const seenPart = ({ x, y, zoom }, { width, height }) => ({
  left: -x / zoom,
  top: -y / zoom,
  right: (width - x) / zoom,
  bottom: (height - y) / zoom,
});

/**
 * Turns a context to the pixels of the graph.
 * @param {CanvasRenderingContext2D} context
 * @param {Place} place
 * @param {number} ratio Pixels of the screen in one of the page.
 */
export const turnTo = (context, { x, y, zoom }, ratio) =>
  context.setTransform(zoom * ratio, 0, 0, zoom * ratio, x * ratio, y * ratio);

/**
 * Draws what stands still.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} ratio Pixels of the screen in one of the page.
 */
export const drawStill = (context, scene, ratio) => {
  const { width, height } = scene.size;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = scene.ink.ground;
  context.fillRect(0, 0, width, height);
  drawGrid(context, scene);
  turnTo(context, scene.place, ratio);
  drawFrames(context, scene, "still");
  drawWires(context, scene, "still");
  drawNodes(context, scene, "still");
};

/**
 * Draws what is drawn anew in each frame.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} ratio Pixels of the screen in one of the page.
 */
export const drawLive = (context, scene, ratio) => {
  const { place, size } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  turnTo(context, place, ratio);
  drawFrames(context, scene, "live");
  drawWires(context, scene, "live");
  drawFlow(context, scene);
  drawNodes(context, scene, "live");
  drawNotes(context, scene);
};

/**
 * Tells whether anything is drawn anew in each frame.
 * @param {Scene} scene
 * @returns {boolean}
 */
export const isLive = (scene) =>
  hasTouched(scene.touched) || scene.running.size > 0 || nodesOf(scene, "live").length > 0 ||
  scene.notes.all.some(({ id }) => !scene.notes.mounted.has(id));
