/** Changing a number by dragging sideways. */

/** @import { Grain } from "./numbers.js" */

/** Pixels that a press may move and still be a click. */
const SLOP = 3;

/**
 * @typedef {object} ScrubOptions
 * @property {() => number | null} read The number now; null where there is none to drag.
 * @property {(start: number, pixels: number, grain: Grain) => number} reach
 * @property {(value: number | null) => void} preview Shows a number that is not chosen yet; null shows the chosen one.
 * @property {(value: number) => void} choose
 */

/** @param {{ shiftKey: boolean, ctrlKey: boolean, metaKey: boolean }} event @returns {Grain} */
export const grainOfKeys = ({ shiftKey, ctrlKey, metaKey }) =>
  shiftKey ? "fine" : ctrlKey || metaKey ? "coarse" : "usual";

/**
 * Lets a number be dragged on an element: Shift is finer, Ctrl goes in steps, Escape takes it back. The whole drag is
 * one change. An input that has the focus keeps the pointer for its text.
 *
 * @param {HTMLElement} element
 * @param {ScrubOptions} options
 * @returns {() => void} Stops it.
 */
export function attachScrub(element, { read, reach, preview, choose }) {
  /** @type {{ x: number, start: number, id: number, value: number | null } | null} */
  let drag = null;
  const end = () => {
    const value = drag?.value ?? null;
    drag = null;
    removeEventListener("keydown", escape, true);
    preview(null);
    return value;
  };
  /** @param {PointerEvent} event */
  const down = (event) => {
    const start = event.button === 0 && document.activeElement !== element ? read() : null;
    if (start !== null) drag = { x: event.clientX, start, id: event.pointerId, value: null };
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const pixels = event.clientX - drag.x;
    if (drag.value === null) {
      if (Math.abs(pixels) <= SLOP) return;
      element.setPointerCapture(drag.id);
      addEventListener("keydown", escape, true);
    }
    drag.value = reach(drag.start, pixels, grainOfKeys(event));
    preview(drag.value);
  };
  const up = () => {
    const value = end();
    if (value === null) return;
    // The click that ends a drag must not begin typing.
    element.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => element.removeEventListener("click", swallow, true));
    choose(value);
  };
  /** @param {KeyboardEvent} event */
  const escape = (event) => {
    if (event.key !== "Escape") return;
    swallow(event);
    end();
  };
  /** @param {MouseEvent} event */
  const keepFocus = (event) => {
    // A press may become a drag; only a click begins typing.
    if (document.activeElement !== element && event.button === 0) event.preventDefault();
  };
  const events = /** @type {const} */ ([
    ["pointerdown", down],
    ["pointermove", move],
    ["pointerup", up],
    ["pointercancel", end],
    ["mousedown", keepFocus],
  ]);
  for (const [name, hear] of events) element.addEventListener(name, /** @type {EventListener} */ (hear));
  return () => {
    for (const [name, hear] of events) element.removeEventListener(name, /** @type {EventListener} */ (hear));
    removeEventListener("keydown", escape, true);
  };
}

/** @param {Event} event */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}
