/**
 * Keeps a picture of what stands still, a little larger than what is seen, so that panning, and moving a few
 * nodes among thousands, need not draw every wire in every frame. While zooming the picture is stretched.
 */

import { drawStill, seenPart, turnTo } from "./scene.js";
import { OVERVIEW_ZOOM } from "./viewport.js";

/**
 * @import { Scene } from "./scene.js"
 * @import { Place } from "./viewport.js"
 */

/** How far the picture reaches beyond what is seen, in screen pixels. */
const MARGIN = 256;

/** How far the picture is stretched at most before it is drawn anew. */
const MOST_STRETCH = 1.6;

/**
 * Gives what the picture depends on, beside where it is looked at from.
 * @param {Scene} scene
 * @returns {readonly unknown[]}
 */
const partsOf = (
  { ink, boxes, wires, frames, nodes, touched, wireStyle, selectedWire, loaded, size, place },
) => {
  const always = [ink, wires, wireStyle, selectedWire, frames.all, frames.selected, size.width, size.height];
  const moved = [touched.nodes, touched.frames, touched.wires];
  const isOverview = place.zoom < OVERVIEW_ZOOM;
  // Nearer, nodes are on the page and no part of it.
  const overview = isOverview ? [boxes, nodes.selected, nodes.states, nodes.faulty, loaded] : [];
  return [isOverview, ...always, ...moved, ...overview];
};

/** @param {readonly unknown[]} one @param {readonly unknown[]} other */
const areSame = (one, other) =>
  one.length === other.length && one.every((part, index) => part === other[index]);

/**
 * @typedef {object} Backdrop
 * @property {(context: CanvasRenderingContext2D, scene: Scene, ratio: number) => void} draw
 */

/**
 * Makes the keeper of the picture.
 * @returns {Backdrop}
 */
export const createBackdrop = () => {
  const canvas = document.createElement("canvas");
  const own = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {readonly unknown[]} */
  let parts = [];
  /** Where it was looked at from when it was drawn. @type {Place} */
  let from = { x: 0, y: 0, zoom: 1 };

  /** @param {Scene} scene @param {number} ratio */
  const render = (scene, ratio) => {
    const size = { width: scene.size.width + 2 * MARGIN, height: scene.size.height + 2 * MARGIN };
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    own.setTransform(1, 0, 0, 1, 0, 0);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    else own.clearRect(0, 0, width, height);
    from = scene.place;
    const place = { ...from, x: from.x + MARGIN, y: from.y + MARGIN };
    turnTo(own, place, ratio);
    drawStill(own, { ...scene, place, seen: seenPart(place, size) });
  };
  /** Tells whether the picture covers what is seen from a place. @param {Scene} scene */
  const covers = ({ place, size, isZooming }) => {
    const stretch = place.zoom / from.zoom;
    if (stretch !== 1 && (!isZooming || stretch > MOST_STRETCH || stretch < 1 / MOST_STRETCH)) return false;
    const left = place.x - (from.x + MARGIN) * stretch;
    const top = place.y - (from.y + MARGIN) * stretch;
    return left <= 0 && top <= 0 && left + (size.width + 2 * MARGIN) * stretch >= size.width &&
      top + (size.height + 2 * MARGIN) * stretch >= size.height;
  };
  return {
    draw: (context, scene, ratio) => {
      const next = [...partsOf(scene), ratio];
      if (!areSame(parts, next) || !covers(scene)) render(scene, ratio);
      parts = next;
      const { place, size } = scene;
      const stretch = place.zoom / from.zoom;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.drawImage(
        canvas,
        place.x - (from.x + MARGIN) * stretch,
        place.y - (from.y + MARGIN) * stretch,
        (size.width + 2 * MARGIN) * stretch,
        (size.height + 2 * MARGIN) * stretch,
      );
    },
  };
};
