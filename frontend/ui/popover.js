/** Boxes that float over the page beside what they belong to, and close when something else is touched. */

/** @import { ComponentChildren } from "preact" */
/** @import { Bounds, Point } from "../interfaces.d.ts" */

import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "./html.js";

/** Pixels between a box and its anchor, and between a box and the edge of the page. */
const GAP = 4;

/**
 * Gives the place of a box beside an anchor: below it, above it where there is more room, and always on the page.
 *
 * @param {Bounds} anchor
 * @param {{ width: number, height: number }} box
 * @param {{ width: number, height: number }} page
 * @returns {{ left: number, top: number, height: number }} With the greatest height that has room.
 */
export function placeBeside(anchor, box, page) {
  const below = page.height - (anchor.y + anchor.height) - 2 * GAP;
  const above = anchor.y - 2 * GAP;
  const isBelow = box.height <= below || below >= above;
  const height = Math.max(0, Math.min(box.height, isBelow ? below : above));
  return {
    left: Math.max(GAP, Math.min(anchor.x, page.width - box.width - GAP)),
    top: isBelow ? anchor.y + anchor.height + GAP : anchor.y - GAP - height,
    height,
  };
}

/** @param {Element | Point} anchor @returns {Bounds} */
const boundsOf = (anchor) =>
  anchor instanceof Element
    ? anchor.getBoundingClientRect()
    : { x: anchor[0], y: anchor[1] - GAP, width: 0, height: 0 };

/** @param {HTMLElement} element @param {Element | Point} anchor */
function place(element, anchor) {
  element.style.maxHeight = "";
  const { width, height } = element.getBoundingClientRect();
  const placed = placeBeside(boundsOf(anchor), { width, height }, { width: innerWidth, height: innerHeight });
  Object.assign(element.style, {
    left: `${placed.left}px`,
    top: `${placed.top}px`,
    maxHeight: `${placed.height}px`,
  });
}

/** @param {Event} event */
const keep = (event) => event.stopPropagation();

/**
 * Shows a floating box. It lies in the browser's top layer, so that no transform and no clipping around it matters;
 * what happens in it stays in it, so that the canvas below does not pan.
 *
 * @param {{ anchor: Element | Point, onClose: () => void, children?: ComponentChildren, class?: string, role?: string, label?: string, onKeyDown?: (event: KeyboardEvent) => void }} props
 */
export function Popover({ anchor, onClose, children, class: name = "", role, label, onKeyDown }) {
  const element = useRef(/** @type {HTMLDivElement | null} */ (null));
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const box = /** @type {HTMLDivElement} */ (element.current);
    const opener = anchor instanceof HTMLButtonElement ? anchor : null;
    box.showPopover();
    place(box, anchor);
    // As its opener's target, a click on the opener closes it for good instead of closing and opening it again; but
    // the click that has just opened it still has to pass.
    const timer = setTimeout(() => opener && (opener.popoverTargetElement = box));
    const follow = new ResizeObserver(() => place(box, anchor));
    follow.observe(box);
    const hear = (/** @type {Event} */ event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "closed") close.current();
    };
    box.addEventListener("toggle", hear);
    return () => {
      clearTimeout(timer);
      follow.disconnect();
      box.removeEventListener("toggle", hear);
      if (opener) opener.popoverTargetElement = null;
    };
  }, [anchor]);
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    onKeyDown?.(event);
    event.stopPropagation();
  };
  return html`
    <div ref=${element} popover="auto" class=${`popover ${name}`} role=${role} aria-label=${label}
      onPointerDown=${keep} onWheel=${keep} onDblClick=${keep} onContextMenu=${keep}
      onPaste=${keep}
      onKeyDown=${hearKey}>${children}</div>
  `;
}
