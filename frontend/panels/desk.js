/** What lies around the canvas: which face is shown, which pictures are open, how wide the panels are. */

import { effect, signal } from "@preact/signals";

/** @import { Desk } from "../interfaces.d.ts" */

const KEY = "weft.desk";
/** Bounds of a panel's width, in pixels. */
export const NARROWEST = 220;
export const WIDEST = 640;

const USUAL = { inspector: true, widths: { left: 300, right: 320 } };

/**
 * Makes the desk of a page; what a person arranged is kept in this browser.
 *
 * @param {Pick<Storage, "getItem" | "setItem">} [storage]
 * @returns {Desk}
 */
export const createDesk = (storage = localStorage) => {
  const kept = read(storage);
  /** @type {Desk} */
  const desk = {
    face: signal("graph"),
    viewer: signal(null),
    comparison: signal(null),
    inspector: signal(kept.inspector),
    widths: signal(kept.widths),
    begun: signal(new Set()),
  };
  effect(() => write(storage, { inspector: desk.inspector.value, widths: desk.widths.value }));
  return desk;
};

/** Gives a width that a panel may have. @param {number} width */
export const panelWidth = (width) => Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));

/** @type {(kept: unknown, usual: number) => number} */
const widthOr = (kept, usual) => panelWidth(Number(kept) || usual);

/** @param {Pick<Storage, "getItem">} storage */
const read = (storage) => {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "{}");
    const { left, right } = { ...USUAL.widths, ...kept.widths };
    return {
      inspector: kept.inspector !== false,
      widths: { left: widthOr(left, USUAL.widths.left), right: widthOr(right, USUAL.widths.right) },
    };
  } catch {
    // Whatever lies there was not written by this page.
    return USUAL;
  }
};

/**
 * @param {Pick<Storage, "setItem">} storage
 * @param {typeof USUAL} arranged
 */
const write = (storage, arranged) => {
  try {
    storage.setItem(KEY, JSON.stringify(arranged));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
};
