/**
 * The cursor over the canvas: what a press would do.
 *
 * @import { Target } from "./aim.js"
 */

/** @type {Partial<Record<Target["kind"], string>>} */
const CURSORS = {
  "node-edge": "ew-resize",
  corner: "nwse-resize",
  sheet: "move",
  route: "move",
  input: "crosshair",
  "linked-input": "crosshair",
  output: "crosshair",
};

/**
 * Shows the cursor for what lies under the pointer.
 *
 * @param {HTMLElement} host
 * @param {Target} target
 */
export const showCursor = (host, { kind, wire }) => {
  const cursor = CURSORS[kind] ?? (wire !== undefined && kind === "empty" ? "pointer" : "");
  // Writing a style costs a layout even where it is the same.
  if (host.style.cursor !== cursor) host.style.cursor = cursor;
};
