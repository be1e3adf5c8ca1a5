/**
 * Keeps a picture of what stands still, a little larger than what is seen. To pan it is only pushed along, and
 * while zooming it is stretched for some frames; so neither that nor moving a few nodes among thousands draws
 * every wire anew. The first one of a large graph is a draft, without what is out of sight and with fewer pixels,
 * that is there in half the time.
 */

import { drawStill, seenPart } from "./scene.js";
import { OVERVIEW_ZOOM } from "./viewport.js";

/**
 * @import { Scene } from "./scene.js"
 * @import { Place } from "./viewport.js"
 */

/** How far the picture reaches beyond what is seen, in screen pixels. */
const MARGIN = 256;

/** Milliseconds between two pictures while zooming, in which the edges may stay without one. */
const PATIENCE_MS = 120;

/** Milliseconds for which the first picture of a large graph may stay the draft that it is. */
const DRAFT_MS = 100;

/** How far the picture is stretched at most before it is drawn anew. */
const MOST_STRETCH = 1.6;

/**
 * Gives what the picture depends on, beside where it is looked at from.
 * @param {Scene} scene
 * @param {number} ratio
 * @returns {readonly unknown[]}
 */
const partsOf = (scene, ratio) => {
  const {
    ink,
    boxes,
    wires,
    frames,
    nodes,
    touched,
    wireStyle,
    selectedWire,
    loaded,
    size,
    place,
    isZooming,
  } = scene;
  const always = [
    ratio,
    ink,
    wires,
    wireStyle,
    selectedWire,
    frames.all,
    frames.selected,
    size.width,
    size.height,
  ];
  const isOverview = place.zoom < OVERVIEW_ZOOM;
  // Nearer, nodes are on the page and no part of it, save for those that a zoom keeps waiting.
  const drawn = isOverview || isZooming ? [boxes, nodes.selected, nodes.states, nodes.faulty, loaded] : [];
  const waiting = isZooming && !isOverview ? [nodes.mounted] : [];
  return [isOverview, isZooming && !isOverview, touched, ...always, ...drawn, ...waiting];
};

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
  let margin = 0;
  let isDraft = true;

  /** @param {Scene} scene @param {number} full Pixels of the screen in one of the page. */
  const render = (scene, full) => {
    const isOverview = scene.place.zoom < OVERVIEW_ZOOM;
    isDraft = drawnAt === -Infinity && isOverview;
    // What is drawn anew at once need not be sharp; with half as many pixels wires are as wide as ever.
    const ratio = isDraft || (scene.isZooming && !isOverview) ? full / 2 : full;
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
  const covers = ({ place, size, isZooming, time }) => {
    if (isDraft && time - drawnAt > DRAFT_MS) return false;
    if (isZooming && time - drawnAt < PATIENCE_MS) return true;
    const { stretch, left, top } = layAt(place);
    if (stretch !== 1 && (!isZooming || stretch > MOST_STRETCH || stretch < 1 / MOST_STRETCH)) return false;
    const [right, bottom] = [
      left + (size.width + 2 * margin) * stretch,
      top + (size.height + 2 * margin) * stretch,
    ];
    return left <= 0 && top <= 0 && right >= size.width && bottom >= size.height;
  };
  return {
    update: (scene, ratio) => {
      const next = partsOf(scene, ratio);
      if (!areSame(parts, next) || !covers(scene)) render(scene, ratio);
      parts = next;
      const { stretch, left, top } = layAt(scene.place);
      canvas.style.transform = `translate(${left}px, ${top}px) scale(${stretch})`;
    },
  };
};
