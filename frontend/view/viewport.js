/**
 * Which part of the graph is seen: pan and zoom.
 */

import { signal } from "@preact/signals";

/** @import { Bounds, Point, Viewport } from "../interfaces.d.ts" */

/** @typedef {{ x: number, y: number, zoom: number }} Place */
/** @typedef {{ width: number, height: number }} Size */

export const LEAST_ZOOM = 0.02;
export const MOST_ZOOM = 4;

/** Below this zoom the canvas draws the nodes too, as they could not be read anyway. */
export const OVERVIEW_ZOOM = 0.35;

/** Milliseconds after the last step of a zoom is seen in which it counts as going on. */
const SETTLE_MS = 120;

/** @param {number} zoom @returns {number} */
const limited = (zoom) => Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom));

/**
 * Zooms so that a point of the canvas stays where it is.
 * @param {Place} place
 * @param {Point} at On the canvas.
 * @param {number} factor
 * @returns {Place}
 */
export const zoomed = (place, at, factor) => {
  const zoom = limited(place.zoom * factor);
  const change = zoom / place.zoom;
  return { zoom, x: at[0] - (at[0] - place.x) * change, y: at[1] - (at[1] - place.y) * change };
};

/**
 * Gives the place from which bounds are seen as a whole and in the middle.
 * @param {Size} size Of the canvas.
 * @param {Bounds} bounds
 * @param {{ padding?: number, most?: number }} [options] Padding in screen pixels; the largest zoom.
 * @returns {Place}
 */
export const fitted = (size, bounds, { padding = 56, most = 1 } = {}) => {
  const room = [Math.max(1, size.width - 2 * padding), Math.max(1, size.height - 2 * padding)];
  const share = Math.min(room[0] / Math.max(1, bounds.width), room[1] / Math.max(1, bounds.height));
  const zoom = limited(Math.min(most, share));
  return {
    zoom,
    x: (size.width - bounds.width * zoom) / 2 - bounds.x * zoom,
    y: (size.height - bounds.height * zoom) / 2 - bounds.y * zoom,
  };
};

/**
 * Gives how far to pan along one axis so that a stretch is seen; its begin where it is longer than the room.
 * @param {number} from
 * @param {number} to
 * @param {number} room
 * @returns {number}
 */
const nudge = (from, to, room) => from < 0 || to - from > room ? -from : Math.min(0, room - to);

/**
 * Gives the place nearest to one from which bounds are wholly seen.
 * @param {Place} place
 * @param {Size} size Of the canvas.
 * @param {Bounds} bounds
 * @param {number} [margin] In screen pixels.
 * @returns {Place}
 */
export const revealed = (place, size, bounds, margin = 24) => {
  const left = bounds.x * place.zoom + place.x - margin;
  const top = bounds.y * place.zoom + place.y - margin;
  const [width, height] = [bounds.width * place.zoom + 2 * margin, bounds.height * place.zoom + 2 * margin];
  return {
    zoom: place.zoom,
    x: place.x + nudge(left, left + width, size.width),
    y: place.y + nudge(top, top + height, size.height),
  };
};

/**
 * Gives the place nearest to one from which bounds do not lie under what covers the lower right corner.
 * @param {Place} place
 * @param {Size} size Of the canvas.
 * @param {Bounds} bounds
 * @param {Size} corner What is covered, in screen pixels.
 * @returns {Place} The same one where the bounds have no room beside it.
 */
export const uncovered = (place, size, bounds, corner) => {
  const across = bounds.x * place.zoom + place.x + bounds.width * place.zoom - (size.width - corner.width);
  const down = bounds.y * place.zoom + place.y + bounds.height * place.zoom - (size.height - corner.height);
  if (across <= 0 || down <= 0) return place;
  const [isWide, isHigh] = [
    bounds.width * place.zoom > size.width - corner.width,
    bounds.height * place.zoom > size.height - corner.height,
  ];
  if (isWide && isHigh) return place;
  return isHigh || (!isWide && across < down)
    ? { ...place, x: place.x - across }
    : { ...place, y: place.y - down };
};

/**
 * Gives the nearest place that lies on whole pixels of the screen: a pointer may move by less than one, and then
 * all that was drawn would have to be drawn anew rather than pushed along.
 * @param {Place} place
 * @returns {Place}
 */
export const onPixels = ({ x, y, zoom }) => {
  const ratio = globalThis.devicePixelRatio || 1;
  return { x: Math.round(x * ratio) / ratio, y: Math.round(y * ratio) / ratio, zoom };
};

/**
 * Makes the viewport of an element.
 * @param {HTMLElement} element
 * @param {() => Size} [covered] Gives what is covered of the lower right corner, in screen pixels.
 * @returns {Viewport & { destroy(): void }}
 */
export const createViewport = (element, covered = () => ({ width: 0, height: 0 })) => {
  const state = signal({ x: 0, y: 0, zoom: 1 });
  const size = signal({ width: element.clientWidth, height: element.clientHeight });
  const isZooming = signal(false);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settling;
  let steps = 0;

  // It also tells of the size that is known already, just after the first frame.
  const observer = new ResizeObserver(() => {
    const [width, height] = [element.clientWidth, element.clientHeight];
    if (size.peek().width !== width || size.peek().height !== height) size.value = { width, height };
  });
  observer.observe(element);

  /** @param {Place} next */
  const set = (next) => {
    const { x, y, zoom } = state.peek();
    if (next.x !== x || next.y !== y || next.zoom !== zoom) {
      state.value = { ...next, zoom: limited(next.zoom) };
    }
  };
  /** @param {Point} client @returns {Point} */
  const onCanvas = ([x, y]) => {
    const box = element.getBoundingClientRect();
    return [x - box.left, y - box.top];
  };
  const noteZoom = () => {
    isZooming.value = true;
    clearTimeout(settling);
    const step = ++steps;
    // On a slow machine a step may be on the screen only after the next one was made.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (step === steps) settling = setTimeout(() => (isZooming.value = false), SETTLE_MS);
      })
    );
  };

  return {
    state,
    size,
    isZooming: () => isZooming.value,
    toGraph: (client) => {
      const [left, top] = onCanvas(client);
      const { x, y, zoom } = state.peek();
      return [(left - x) / zoom, (top - y) / zoom];
    },
    toClient: ([left, top]) => {
      const box = element.getBoundingClientRect();
      const { x, y, zoom } = state.peek();
      return [left * zoom + x + box.left, top * zoom + y + box.top];
    },
    set,
    panBy: (dx, dy) => {
      const { x, y, zoom } = state.peek();
      set({ x: x + dx, y: y + dy, zoom });
    },
    zoomAt: (client, factor) => {
      noteZoom();
      set(zoomed(state.peek(), onCanvas(client), factor));
    },
    fit: (bounds, options) => set(fitted(size.peek(), bounds, options)),
    reveal: (bounds) =>
      set(uncovered(revealed(state.peek(), size.peek(), bounds), size.peek(), bounds, covered())),
    destroy: () => {
      observer.disconnect();
      clearTimeout(settling);
      steps += 1;
    },
  };
};
