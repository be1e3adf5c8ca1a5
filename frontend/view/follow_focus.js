/** Brings what the keyboard reaches into sight. */

import { OVERVIEW_ZOOM } from "./viewport.js";

/** @import { Plane, Viewport } from "../interfaces.d.ts" */

/** @param {DOMRect} inner @param {DOMRect} outer */
const isWithin = (inner, outer) =>
  inner.left >= outer.left && inner.top >= outer.top && inner.right <= outer.right &&
  inner.bottom <= outer.bottom;

/**
 * Follows the focus over the nodes: pans to it where it is out of sight, and zooms in where nodes are too small to
 * be on the page. A press of the mouse only ever reaches what is seen, so it moves nothing.
 * @param {HTMLElement} host
 * @param {Viewport} viewport
 * @param {Plane} plane
 * @returns {() => void} Ends it.
 */
export const followFocus = (host, viewport, plane) => {
  /** @param {FocusEvent} event */
  const follow = ({ target }) => {
    const part = /** @type {Element} */ (target);
    const node = part.closest("[data-node]")?.getAttribute("data-node");
    const bounds = node ? plane.bounds([node]) : null;
    if (!bounds) return;
    if (viewport.state.peek().zoom < OVERVIEW_ZOOM) return viewport.fit(bounds);
    const box = part.getBoundingClientRect();
    if (isWithin(box, host.getBoundingClientRect())) return;
    const [x, y] = viewport.toGraph([box.left, box.top]);
    const { zoom } = viewport.state.peek();
    viewport.reveal({ x, y, width: box.width / zoom, height: box.height / zoom });
  };
  host.addEventListener("focusin", follow);
  return () => host.removeEventListener("focusin", follow);
};
