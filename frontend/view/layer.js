/**
 * The page elements on the plane: only those near the eye, few new ones a frame, and none while zooming.
 *
 * These rules keep long frames away, at any number of nodes:
 * - what is not on the page yet is drawn by the canvas, so that mounting can take its time;
 * - what went out of sight stays on the page, as the browser skips it anyway, until too much is there;
 * - in the overview the layer is made transparent rather than taken away, which costs the least;
 * - to pan, the layer is moved by whole pixels, for which the browser pushes along what it has drawn;
 * - to zoom, what it has drawn is stretched, and drawn sharp when the zoom rests or has gone far.
 */

import { meets } from "./live.js";
import { OVERVIEW_ZOOM } from "./viewport.js";

/** @import { Bounds } from "../interfaces.d.ts" */
/** @import { Scene } from "./scene.js" */

/** New elements in one frame, and milliseconds after which no other one is begun in it. */
const MOST_MOUNTS = 4;
const MOST_MS = 5;

/** Elements that are kept at most, those out of sight among them. */
const MOST_KEPT = 160;

/** How far around what is seen elements are mounted, in screen pixels. */
const MARGIN_PX = 120;

/** How far what is drawn is stretched while zooming: less than to a blur, and not so that much of it comes into sight. */
const MOST_STRETCH = 2;
const LEAST_STRETCH = 1 / 3;

/**
 * @typedef {object} Mounted
 * @property {HTMLElement} element
 * @property {() => void} unmount
 */

/**
 * Makes the layer.
 * @param {HTMLElement} host
 * @param {object} of
 * @param {() => Iterable<readonly [string, Bounds]>} of.all What there is, by keys, in the order of the page.
 * @param {(key: string) => Mounted} of.mount
 */
export const createLayer = (host, { all, mount }) => {
  const element = document.createElement("div");
  element.className = "layer";
  const scaled = document.createElement("div");
  scaled.className = "scaled";
  element.append(scaled);
  host.append(element);
  /** In the order in which they were last seen. @type {Map<string, Mounted>} */
  const mounted = new Map();
  /** @type {ReadonlySet<string>} */
  let shown = new Set();
  let isShown = true;
  /** The zoom for which it was drawn. */
  let sharpAt = 0;

  /** @param {Pick<Scene, "place" | "isZooming">} scene */
  const place = ({ place: { x, y, zoom }, isZooming }) => {
    const isFar = zoom > sharpAt * MOST_STRETCH || zoom < sharpAt * LEAST_STRETCH;
    if (zoom !== sharpAt && (!isZooming || isFar)) {
      sharpAt = zoom;
      scaled.style.transform = `scale(${zoom})`;
    }
    element.style.transform = `translate(${x}px, ${y}px) scale(${zoom / sharpAt})`;
  };
  /** @param {string} key */
  const remove = (key) => {
    const item = mounted.get(key);
    mounted.delete(key);
    item?.unmount();
    item?.element.remove();
  };
  const clear = () => mounted.forEach((_, key) => remove(key));
  /**
   * Puts an element where the keyboard reaches it in the order of the document.
   * @param {string} key
   * @param {readonly string[]} order
   */
  const insert = (key, order) => {
    const item = mount(key);
    const after = order.slice(order.indexOf(key) + 1).find((other) => mounted.has(other));
    scaled.insertBefore(item.element, after === undefined ? null : mounted.get(after)?.element ?? null);
    mounted.set(key, item);
  };
  /** @param {ReadonlySet<string>} inSight */
  const evict = (inSight) => {
    for (const [key, item] of mounted) {
      if (mounted.size <= MOST_KEPT) return;
      if (!inSight.has(key) && !item.element.contains(document.activeElement)) remove(key);
    }
  };
  /**
   * Mounts what has come into sight.
   * @param {readonly (readonly [string, Bounds])[]} items
   * @param {Scene["seen"]} near
   * @returns {boolean} Whether some are left for the next frame.
   */
  const fill = (items, near) => {
    /** @type {Set<string>} */
    const inSight = new Set();
    const waiting = [];
    for (const [key, bounds] of items) {
      if (!meets(bounds, near)) continue;
      inSight.add(key);
      const item = mounted.get(key);
      if (!item) waiting.push(key);
      else if (mounted.size > MOST_KEPT / 2) {
        mounted.delete(key);
        mounted.set(key, item);
      }
    }
    const order = waiting.length === 0 ? [] : items.map(([key]) => key);
    const begin = performance.now();
    let count = 0;
    while (count < Math.min(waiting.length, MOST_MOUNTS) && performance.now() - begin < MOST_MS) {
      insert(waiting[count++], order);
    }
    if (count > 0) evict(inSight);
    return count < waiting.length;
  };

  return {
    element,
    /** What is on the page and seen there, so that the canvas leaves it out. */
    mounted: () => isShown ? shown : new Set(),
    /**
     * Brings the layer up to date with what is seen.
     * @param {Pick<Scene, "place" | "seen" | "isZooming">} scene
     * @returns {boolean} Whether there is more to do in the next frame.
     */
    update: (scene) => {
      const { place: { zoom }, seen, isZooming } = scene;
      isShown = zoom >= OVERVIEW_ZOOM;
      element.classList.toggle("hidden", !isShown);
      if (!isShown && mounted.size === 0) return false;
      const items = [...all()];
      const keys = new Set(items.map(([key]) => key));
      for (const key of mounted.keys()) if (!keys.has(key)) remove(key);
      let isMore = false;
      if (isShown) {
        place(scene);
        const margin = MARGIN_PX / zoom;
        const { left, top, right, bottom } = seen;
        const near = {
          left: left - margin,
          top: top - margin,
          right: right + margin,
          bottom: bottom + margin,
        };
        if (!isZooming) isMore = fill(items, near);
      }
      if (shown.size !== mounted.size || !shown.isSubsetOf(mounted)) shown = new Set(mounted.keys());
      return isMore;
    },
    clear,
    destroy: () => {
      clear();
      element.remove();
    },
  };
};
