/**
 * Keeps a picture of what stands still, a little larger than what is seen. To pan it is only pushed along, and
 * while zooming it is stretched as long as it reaches; so neither that nor moving a few nodes among thousands draws
 * every wire anew. While a graph is opening it is a draft, without what is out of sight and with fewer pixels, that
 * is there in half the time.
 */

import { meets } from "./live.js";
import { drawStill, seenPart } from "./scene.js";
import { OVERVIEW_ZOOM } from "./viewport.js";

/**
 * @import { Scene } from "./scene.js"
 * @import { Place } from "./viewport.js"
 */

/** How far the picture reaches beyond what is seen, in screen pixels. */
const MARGIN = 256;

/**
 * Milliseconds from a picture to the next one while zooming, at least so many times as long as drawing it took, in
 * which the edges may stay without one.
 */
const PATIENCE_MS = 120;
const PATIENCE_SHARE = 5;

/** How far the picture is stretched at most before it is drawn anew. */
const MOST_STRETCH = 1.6;

/**
 * Gives what the picture depends on, beside where it is looked at from.
 * @param {Scene} scene
 * @param {number} ratio
 * @param {boolean} hasNodes Whether nodes are part of it.
 * @returns {readonly unknown[]}
 */
const partsOf = (scene, ratio, hasNodes) => {
  const { ink, boxes, wires, frames, nodes, touched, wireStyle, selectedWire, loaded, size } = scene;
  const always = [ink, wires, wireStyle, selectedWire, frames.all, frames.selected, touched];
  const drawn = hasNodes ? [boxes, nodes.selected, nodes.states, nodes.faulty, loaded] : [];
  return [ratio, size.width, size.height, ...always, ...drawn];
};

/**
 * Tells whether nodes are in sight that only the picture can show.
 * @param {Scene} scene
 * @returns {boolean}
 */
const isWaiting = ({ boxes, nodes, seen, place, isZooming }) =>
  (isZooming || place.zoom < OVERVIEW_ZOOM) &&
  boxes.values().some((box) => !nodes.mounted.has(box.id) && meets(box, seen));

/** @param {readonly unknown[]} one @param {readonly unknown[]} other */
const areSame = (one, other) =>
  one.length === other.length && one.every((part, index) => part === other[index]);

/**
 * Makes the picture.
 * @param {HTMLElement} host
 * @returns {{ update(scene: Scene, ratio: number): void }}
 */
export const createBackdrop = (host) => {
  const canvas = document.createElement("canvas");
  canvas.className = "backdrop";
  canvas.ariaHidden = "true";
  host.append(canvas);
  // A canvas that is drawn on is copied for each frame of the page; one that is given pictures only for a new one.
  // Nothing shines through it, so that it need not be mixed with what is behind.
  const shown =
    /** @type {ImageBitmapRenderingContext} */ (canvas.getContext("bitmaprenderer", { alpha: false }));
  const drawing = new OffscreenCanvas(1, 1);
  const context = /** @type {any} */ (drawing.getContext("2d", { alpha: false }));
  /** @type {readonly unknown[]} */
  let parts = [];
  /** Where it was looked at from when it was drawn. @type {Place} */
  let from = { x: 0, y: 0, zoom: 1 };
  let drawnAt = -Infinity;
  let patience = 0;
  let margin = 0;
  let isDraft = false;
  let isSharp = true;
  let hasNodes = false;

  /** @param {Scene} scene @param {number} full Pixels of the screen in one of the page. */
  const render = (scene, full) => {
    const begin = performance.now();
    const isOverview = scene.place.zoom < OVERVIEW_ZOOM;
    isDraft = scene.isOpening && isOverview;
    // What is soon drawn anew need not be sharp; with half as many pixels wires are as wide as ever.
    isSharp = !isDraft && !scene.isZooming;
    hasNodes = isOverview || scene.isZooming;
    const ratio = isSharp ? full : full / 2;
    margin = isDraft ? 0 : MARGIN;
    const size = { width: scene.size.width + 2 * margin, height: scene.size.height + 2 * margin };
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (drawing.width !== width || drawing.height !== height) {
      [drawing.width, drawing.height] = [canvas.width, canvas.height] = [width, height];
      canvas.style.width = `${size.width}px`;
      canvas.style.height = `${size.height}px`;
    }
    from = scene.place;
    drawnAt = scene.time;
    const place = { ...from, x: from.x + margin, y: from.y + margin };
    drawStill(context, { ...scene, place, size, seen: seenPart(place, size) }, ratio);
    shown.transferFromImageBitmap(drawing.transferToImageBitmap());
    patience = Math.max(PATIENCE_MS, PATIENCE_SHARE * (performance.now() - begin));
  };
  /** Gives how the picture lies on the page when it is looked at from a place. @param {Place} place */
  const layAt = (place) => {
    const stretch = place.zoom / from.zoom;
    return {
      stretch,
      left: place.x - (from.x + margin) * stretch,
      top: place.y - (from.y + margin) * stretch,
    };
  };
  /** Tells whether the picture covers what is seen. @param {Scene} scene */
  const covers = (scene) => {
    const { place, size, isZooming, time } = scene;
    if (!hasNodes && isWaiting(scene)) return false;
    if (isZooming && time - drawnAt < patience) return true;
    if (isDraft) return scene.isOpening;
    const { stretch, left, top } = layAt(place);
    // Nearer, nodes are on the page and no part of a picture that rests.
    const isFinal = stretch === 1 && isSharp && hasNodes === place.zoom < OVERVIEW_ZOOM;
    if (!isZooming && !isFinal) return false;
    if (stretch > MOST_STRETCH || stretch < 1 / MOST_STRETCH) return false;
    const [right, bottom] = [
      left + (size.width + 2 * margin) * stretch,
      top + (size.height + 2 * margin) * stretch,
    ];
    return left <= 0 && top <= 0 && right >= size.width && bottom >= size.height;
  };
  return {
    update: (scene, ratio) => {
      if (!areSame(parts, partsOf(scene, ratio, hasNodes)) || !covers(scene)) render(scene, ratio);
      parts = partsOf(scene, ratio, hasNodes);
      const { stretch, left, top } = layAt(scene.place);
      canvas.style.transform = `translate(${left}px, ${top}px) scale(${stretch})`;
    },
  };
};
