/**
 * Tooltips: any element with a `data-tip` shows that text when the pointer rests on it or the keyboard reaches it.
 *
 * They add to what is on the page and replace nothing: what must be known stands in a label or a description.
 */

import { placeBeside } from "./popover.js";

const DELAY_MS = 500;

/**
 * Shows tooltips for all elements of the page.
 *
 * @param {HTMLElement} host Where the tooltip is put.
 */
export function createTooltip(host) {
  const box = document.createElement("div");
  box.className = "tooltip";
  box.popover = "manual";
  box.setAttribute("role", "tooltip");
  host.append(box);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Element | null} */
  let over = null;

  const hide = () => {
    clearTimeout(timer);
    over = null;
    if (box.matches(":popover-open")) box.hidePopover();
  };
  /** @param {Element} element */
  const show = (element) => {
    box.textContent = element.getAttribute("data-tip");
    if (!element.isConnected || !box.textContent) return hide();
    // Closing and opening it brings it above a dialog that came since.
    if (box.matches(":popover-open")) box.hidePopover();
    box.showPopover();
    const { width, height } = box.getBoundingClientRect();
    const page = { width: innerWidth, height: innerHeight };
    const { left, top } = placeBeside(element.getBoundingClientRect(), { width, height }, page);
    Object.assign(box.style, { left: `${left}px`, top: `${top}px` });
  };
  /** @param {PointerEvent} event */
  const hover = (event) => {
    const element = event.pointerType === "touch" ? null : tipped(event);
    if (element === over) return;
    const wasOpen = box.matches(":popover-open");
    hide();
    over = element;
    if (element) timer = setTimeout(() => show(element), wasOpen ? DELAY_MS / 5 : DELAY_MS);
  };
  /** @param {Event} event */
  const focus = (event) => {
    const element = tipped(event);
    hide();
    if (element && /** @type {Element} */ (event.target).matches(":focus-visible")) show(over = element);
  };
  const events = /** @type {const} */ ([
    ["pointerover", hover],
    ["pointerdown", hide],
    ["focusin", focus],
    ["focusout", hide],
    ["wheel", hide],
    ["keydown", hide],
  ]);
  for (const [name, hear] of events) {
    document.addEventListener(name, /** @type {EventListener} */ (hear), { passive: true });
  }
  return {
    destroy() {
      for (const [name, hear] of events) {
        document.removeEventListener(name, /** @type {EventListener} */ (hear));
      }
      hide();
      box.remove();
    },
  };
}

/** @param {Event} event @returns {Element | null} */
const tipped = ({ target }) => target instanceof Element ? target.closest("[data-tip]") : null;
