/** Draws frames, and notes where they are too small to be read. */

import { liveItem, meets } from "./live.js";
import { SIZES } from "./metrics.js";
import { boundsOf } from "./plane.js";

/**
 * @import { Frame, Note } from "../interfaces.d.ts"
 * @import { Part, Scene } from "./scene.js"
 */

const RADIUS = 10;

/** Titles are at least so large on the screen, so that frames name their parts of the graph from afar. */
const LEAST_TITLE = 12;

/**
 * Draws one frame.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Frame} frame
 */
const drawFrame = (context, { ink, place, frames: { selected } }, frame) => {
  const { x, y, width, height } = boundsOf(frame);
  const color = ink.colors[frame.color ?? "gray"] ?? ink.colors.gray;
  const isSelected = selected.has(frame.id);
  context.globalAlpha = 0.38;
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(x, y, width, height, RADIUS);
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  context.roundRect(x, y, width, SIZES.frameTitle, [RADIUS, RADIUS, 0, 0]);
  context.fill();
  context.beginPath();
  context.roundRect(x, y, width, height, RADIUS);
  context.lineWidth = (isSelected ? 2 : 1) / Math.min(1, place.zoom);
  context.strokeStyle = isSelected ? ink.accent : color;
  context.stroke();
  const letter = Math.max(13, Math.min(LEAST_TITLE / place.zoom, height / 3));
  context.fillStyle = ink.text;
  context.font = `600 ${letter}px ${ink.font}`;
  context.textBaseline = "middle";
  context.save();
  context.clip();
  context.fillText(frame.title, x + SIZES.side, y + Math.max(SIZES.frameTitle, letter * 1.6) / 2);
  context.restore();
  drawCorner(context, ink.line, frame);
};

/**
 * Draws the corner by which a frame or a note is resized.
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {Frame | Note} item
 */
const drawCorner = (context, color, { at, size }) => {
  const [right, bottom] = [at[0] + size[0] - 5, at[1] + size[1] - 5];
  context.strokeStyle = color;
  context.lineWidth = 1.25;
  context.beginPath();
  for (const length of [4, 8]) {
    context.moveTo(right - length, bottom);
    context.lineTo(right, bottom - length);
  }
  context.stroke();
};

/**
 * Draws the frames of a part of the scene that can be seen.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Part} part
 */
export const drawFrames = (context, scene, part) => {
  const { frames, touched, gesture, seen } = scene;
  for (const frame of frames.all) {
    if (touched.frames.has(frame.id) !== (part === "live")) continue;
    const shown = liveItem(frame, "frame", gesture);
    if (meets(boundsOf(shown), seen)) drawFrame(context, scene, shown);
  }
};

/**
 * Draws the notes that are not on the page.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export const drawNotes = (context, { notes, gesture, seen, ink, place }) => {
  for (const note of notes.all) {
    const shown = liveItem(note, "note", gesture);
    if (notes.mounted.has(note.id) || !meets(boundsOf(shown), seen)) continue;
    const { x, y, width, height } = boundsOf(shown);
    context.fillStyle = ink.colors[note.color ?? "yellow"] ?? ink.colors.yellow;
    context.beginPath();
    context.roundRect(x, y, width, height, RADIUS);
    context.fill();
    context.lineWidth = 1 / Math.min(1, place.zoom);
    context.strokeStyle = notes.selected.has(note.id) ? ink.accent : ink.nodeLine;
    context.stroke();
  }
};
