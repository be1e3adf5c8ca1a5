/** The edge between a panel and the middle, which is dragged or moved with the arrow keys. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { NARROWEST, panelWidth, WIDEST } from "./desk.js";

/** @import { Desk } from "../interfaces.d.ts" */

/** Pixels that a press of an arrow key moves it. */
const STEP = 16;

/**
 * The edge of a panel.
 *
 * @param {{ desk: Desk, side: "left" | "right" }} props
 */
export const Splitter = ({ desk, side }) => {
  const width = desk.widths.value[side];
  // The panel at the right grows as its edge moves to the left.
  const sign = side === "left" ? 1 : -1;
  /** @param {number} wanted */
  const set = (wanted) => desk.widths.value = { ...desk.widths.value, [side]: panelWidth(wanted) };
  return html`
    <div
      class=${`splitter ${side}`}
      role="separator"
      tabindex="0"
      aria-orientation="vertical"
      aria-label=${say("panels.splitter")}
      aria-valuenow=${width}
      aria-valuemin=${NARROWEST}
      aria-valuemax=${WIDEST}
      onPointerDown=${(/** @type {PointerEvent} */ event) =>
        follow(event, (moved) => set(width + sign * moved))}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        const steps = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (steps !== 0) set(width + sign * steps * STEP);
      }}
    ></div>
  `;
};

/**
 * Calls back with how far the pointer is from where it was pressed, until it is let go.
 *
 * @param {PointerEvent} start
 * @param {(moved: number) => void} move
 */
const follow = (start, move) => {
  start.preventDefault();
  const edge = /** @type {HTMLElement} */ (start.currentTarget);
  edge.setPointerCapture(start.pointerId);
  const onMove = (/** @type {PointerEvent} */ event) => move(event.clientX - start.clientX);
  const onEnd = () => {
    edge.removeEventListener("pointermove", onMove);
    edge.removeEventListener("lostpointercapture", onEnd);
  };
  edge.addEventListener("pointermove", onMove);
  edge.addEventListener("lostpointercapture", onEnd);
};
