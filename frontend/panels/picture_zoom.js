/** Zooming and moving a picture with wheel, fingers and double click. */

import { signal } from "@preact/signals";

/** @typedef {{ x: number, y: number, zoom: number }} Place */

const MOST_ZOOM = 32;
/** How much of the stage is left free around a picture that fits. */
const MARGIN = 24;

/**
 * Gives where a picture lies when it is wholly seen; small pictures are enlarged by whole numbers, so that their
 * pixels stay even.
 *
 * @param {{ width: number, height: number }} stage
 * @param {{ width: number, height: number }} picture
 * @returns {Place}
 */
export const fitPicture = (stage, picture) => {
  const room = Math.min(
    (stage.width - 2 * MARGIN) / picture.width,
    (stage.height - 2 * MARGIN) / picture.height,
  );
  const zoom = Math.max(0.01, room > 2 ? Math.min(4, Math.floor(room)) : Math.min(room, 1.5));
  return centered(stage, picture, zoom);
};

/**
 * Zooms about a point of the stage.
 *
 * @param {Place} place
 * @param {readonly [number, number]} at
 * @param {number} factor
 * @returns {Place}
 */
export const zoomPicture = (place, [x, y], factor) => {
  const zoom = Math.min(MOST_ZOOM, Math.max(0.02, place.zoom * factor));
  const scale = zoom / place.zoom;
  return { x: x - (x - place.x) * scale, y: y - (y - place.y) * scale, zoom };
};

/**
 * Makes a picture on a stage movable.
 *
 * @param {HTMLElement} stage
 * @param {{ width: number, height: number }} picture
 */
export const createPictureZoom = (stage, picture) => {
  const size = () => ({ width: stage.clientWidth, height: stage.clientHeight });
  const place = signal(fitPicture(size(), picture));
  /** @type {Map<number, readonly [number, number]>} */
  const fingers = new Map();
  let isFitted = true;
  const toggle = () => {
    const fitted = fitPicture(size(), picture);
    isFitted = !isFitted || fitted.zoom === 1;
    place.value = isFitted ? fitted : centered(size(), picture, 1);
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const was = spread(fingers);
    fingers.set(event.pointerId, pointOf(stage, event));
    const is = spread(fingers);
    const moved = { ...place.peek(), x: place.peek().x + is.x - was.x, y: place.peek().y + is.y - was.y };
    put(was.size && is.size ? zoomPicture(moved, [is.x, is.y], is.size / was.size) : moved);
  };
  // The stage gets its size only once its dialog is open, and another whenever the window does.
  const observer = new ResizeObserver(() => {
    if (isFitted) place.value = fitPicture(size(), picture);
  });
  observer.observe(stage);
  /** @param {Place} next */
  const put = (next) => {
    isFitted = false;
    place.value = next;
  };
  const stop = listen(stage, {
    wheel: (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      put(zoomPicture(place.peek(), pointOf(stage, event), Math.exp(-event.deltaY / 400)));
    },
    pointerdown: (/** @type {PointerEvent} */ event) => {
      stage.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, pointOf(stage, event));
    },
    pointermove: move,
    lostpointercapture: (/** @type {PointerEvent} */ event) => fingers.delete(event.pointerId),
    dblclick: toggle,
  });
  const destroy = () => {
    observer.disconnect();
    stop();
  };
  return { place, toggle, destroy };
};

/** @type {(stage: { width: number, height: number }, picture: { width: number, height: number }, zoom: number) => Place} */
const centered = (stage, picture, zoom) => ({
  x: (stage.width - picture.width * zoom) / 2,
  y: (stage.height - picture.height * zoom) / 2,
  zoom,
});

/**
 * Gives the middle of all fingers, and how far the first two are from each other.
 *
 * @param {ReadonlyMap<number, readonly [number, number]>} fingers
 */
const spread = (fingers) => {
  const points = [...fingers.values()];
  const [first, second] = points;
  return {
    x: points.reduce((sum, [x]) => sum + x, 0) / points.length,
    y: points.reduce((sum, [, y]) => sum + y, 0) / points.length,
    size: second ? Math.hypot(first[0] - second[0], first[1] - second[1]) : 0,
  };
};

/** @type {(stage: HTMLElement, event: MouseEvent) => readonly [number, number]} */
const pointOf = (stage, event) => {
  const { left, top } = stage.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
};

/**
 * @param {HTMLElement} element
 * @param {Record<string, (event: any) => void>} hears
 */
const listen = (element, hears) => {
  for (const [name, hear] of Object.entries(hears)) element.addEventListener(name, hear, { passive: false });
  return () => {
    for (const [name, hear] of Object.entries(hears)) element.removeEventListener(name, hear);
  };
};
