/**
 * The gesture that is going on: at most one, told of every move, and followed where it leaves the canvas.
 *
 * @import { Editor, Point } from "../../interfaces.d.ts"
 * @import { Drag, Pointer } from "./drags.js"
 */

/** So near to the rim of the canvas the view goes along, in screen pixels, and so fast at most, per frame. */
const RIM_PX = 28;
const MOST_STEP_PX = 18;

/** @type {(value: number, low: number, high: number) => number} */
const beyond = (value, low, high) => {
  const over = value < low + RIM_PX ? value - low - RIM_PX : Math.max(0, value - high + RIM_PX);
  return Math.max(-1, Math.min(1, over / RIM_PX)) * MOST_STEP_PX;
};

/**
 * @typedef {object} Dragging
 * @property {(drag: Drag | null) => void} begin
 * @property {(pointer: Pointer) => void} move
 * @property {(pointer: Pointer) => void} drop
 * @property {() => boolean} cancel Whether there was anything to cancel.
 * @property {() => boolean} isActive
 */

/**
 * Keeps the gesture that is going on.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @returns {Dragging}
 */
export const createDragging = (host, editor) => {
  /** @type {Drag | null} */
  let drag = null;
  /** @type {Pointer | null} */
  let last = null;
  let frame = 0;

  /** @type {(next: Drag | null) => Drag | null} */
  const take = (next) => {
    const before = drag;
    drag = next;
    last = null;
    cancelAnimationFrame(frame);
    frame = 0;
    host.toggleAttribute("data-dragging", drag !== null);
    return before;
  };
  const goAlong = () => {
    frame = 0;
    if (drag === null || last === null || drag.staysPut) return;
    const { left, top, right, bottom } = host.getBoundingClientRect();
    const by =
      /** @type {Point} */ ([beyond(last.client[0], left, right), beyond(last.client[1], top, bottom)]);
    if (by[0] === 0 && by[1] === 0) return;
    editor.viewport.panBy(-by[0], -by[1]);
    drag.move({ ...last, at: editor.viewport.toGraph(last.client) });
    frame = requestAnimationFrame(goAlong);
  };
  return {
    begin: (next) => void take(next),
    move: (pointer) => {
      last = pointer;
      drag?.move(pointer);
      if (frame === 0) frame = requestAnimationFrame(goAlong);
    },
    drop: (pointer) => take(null)?.drop(pointer),
    cancel: () => {
      const given = take(null);
      given?.cancel();
      return given !== null;
    },
    isActive: () => drag !== null,
  };
};
