/** What is painted of a mask: steps that are done, undone and done again. */

/** @import { Point } from "../interfaces.d.ts" */

/**
 * @typedef {{ kind: "stroke", erase: boolean, size: number, points: readonly Point[] }
 *   | { kind: "fill" } | { kind: "clear" } | { kind: "invert" }} Step In pixels of the picture.
 */
/** @typedef {{ steps: readonly Step[], done: number }} Painting Steps after `done` were undone. */

/** @type {Painting} */
export const EMPTY = Object.freeze({ steps: [], done: 0 });

/** Red, green and blue of what is selected. */
export const MASK_RGB = Object.freeze([255, 43, 214]);
const MASK_COLOR = `rgb(${MASK_RGB.join(" ")})`;

/** Adds a step in place of those that were undone. @param {Painting} painting @param {Step} step @returns {Painting} */
export const added = ({ steps, done }, step) => ({ steps: [...steps.slice(0, done), step], done: done + 1 });

/** Takes the last step back. @param {Painting} painting @returns {Painting} */
export const undone = ({ steps, done }) => ({ steps, done: Math.max(0, done - 1) });

/** Does the next step again. @param {Painting} painting @returns {Painting} */
export const redone = ({ steps, done }) => ({ steps, done: Math.min(steps.length, done + 1) });

/**
 * Paints a step: what is selected is opaque, in a colour that few pictures have.
 *
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {Step} step
 */
export function paintStep(context, step) {
  const { width, height } = context.canvas;
  context.save();
  context.fillStyle = context.strokeStyle = MASK_COLOR;
  if (step.kind === "clear") context.clearRect(0, 0, width, height);
  else if (step.kind === "stroke") paintStroke(context, step);
  else {
    // "xor" with what covers everything leaves exactly what was not covered.
    if (step.kind === "invert") context.globalCompositeOperation = "xor";
    context.fillRect(0, 0, width, height);
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {Extract<Step, { kind: "stroke" }>} stroke
 */
function paintStroke(context, { erase, size, points }) {
  if (erase) context.globalCompositeOperation = "destination-out";
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = size;
  context.beginPath();
  context.moveTo(...points[0]);
  // A line to where it begins draws a dot.
  for (const point of points) context.lineTo(...point);
  context.stroke();
}
