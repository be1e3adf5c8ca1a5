/**
 * Draws nodes on the canvas: all of them where they are too small to be read, and those that have not come to
 * the page yet. Nodes that look alike are drawn together, as two thousand fills of their own would take too long.
 */

import { nodeTitle } from "./labels.js";
import { liveBox, meets } from "./live.js";
import { pictureGrid, SIZES } from "./metrics.js";
import { OVERVIEW_ZOOM } from "./viewport.js";

/**
 * @import { Part, Scene } from "./scene.js"
 * @import { LaidBox } from "./plane.js"
 */

const RADIUS = 8;

/** Below this zoom corners are not rounded and nothing is written. */
const ROUGH_ZOOM = 0.17;

/** Letters of a title in the overview, in pixels of the screen. */
const LETTER = 11;

/** Letters of the title of a node and where it begins, as the stylesheet has them. */
const TITLE = 13;
const TITLE_INDENT = 34;

/** Titles are cut to their first letters rather than measured. */
const LETTER_SHARE = 0.64;

/** How much is seen of a node that is bypassed or off. */
const FADED = 0.45;

/**
 * Collects shapes by how they are drawn.
 * @returns {{ path(style: string): Path2D, each(draw: (path: Path2D, style: string) => void): void }}
 */
const collect = () => {
  /** @type {Map<string, Path2D>} */
  const paths = new Map();
  return {
    path: (style) => {
      const known = paths.get(style);
      if (known) return known;
      const made = new Path2D();
      paths.set(style, made);
      return made;
    },
    each: (draw) => paths.forEach(draw),
  };
};

/**
 * Gives the colour of the border of a node.
 * @param {Scene} scene
 * @param {string} id
 * @returns {string}
 */
const borderOf = ({ ink, nodes }, id) => {
  if (nodes.faulty.has(id)) return ink.danger;
  if (nodes.selected.has(id)) return ink.accent;
  return nodes.states.get(id) === "running" ? ink.accent : ink.nodeLine;
};

/**
 * Draws the bodies, headers and borders of nodes.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {readonly LaidBox[]} boxes
 */
const drawBodies = (context, scene, boxes) => {
  const { ink, place } = scene;
  const isRough = place.zoom < ROUGH_ZOOM;
  const [bodies, headers, borders] = [collect(), collect(), collect()];
  const [fadedBodies, fadedHeaders] = [collect(), collect()];
  for (const { id, x, y, width, height, look, entry, type } of boxes) {
    const isFaded = entry.mode !== undefined;
    const body = (isFaded ? fadedBodies : bodies).path(ink.node);
    const made = type?.outputs[0]?.type;
    const tint = (look.color && ink.colors[look.color]) || (made ? ink.headerOf(made) : ink.nodeHeader);
    const header = (isFaded ? fadedHeaders : headers).path(tint);
    const border = borderOf(scene, id);
    if (isRough) {
      body.rect(x, y, width, height);
      header.rect(x, y, width, SIZES.header);
      if (border !== ink.nodeLine) borders.path(border).rect(x, y, width, height);
    } else {
      body.roundRect(x, y, width, height, RADIUS);
      header.roundRect(x, y, width, SIZES.header, look.collapsed ? RADIUS : [RADIUS, RADIUS, 0, 0]);
      borders.path(border).roundRect(x, y, width, height, RADIUS);
    }
  }
  /** @type {(path: Path2D, color: string) => void} */
  const fill = (path, color) => {
    context.fillStyle = color;
    context.fill(path);
  };
  for (const kinds of [[bodies, fadedBodies], [headers, fadedHeaders]]) {
    kinds.forEach((kind, isFaded) => {
      context.globalAlpha = isFaded ? FADED : 1;
      kind.each(fill);
    });
  }
  context.globalAlpha = 1;
  borders.each((path, color) => {
    context.lineWidth = (color === ink.nodeLine ? 1 : 2) / Math.min(1, place.zoom);
    context.strokeStyle = color;
    context.stroke(path);
  });
};

/**
 * Draws the titles of nodes, at least so large that they can be read. They are written in pixels of the screen, as
 * letters of a size that changes with each step of a zoom would be made anew at each step.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {readonly LaidBox[]} boxes
 */
const drawTitles = (context, { ink, place: { zoom } }, boxes) => {
  const isOverview = zoom < OVERVIEW_ZOOM;
  const letter = isOverview ? LETTER : Math.round(TITLE * zoom);
  const indent = (isOverview ? SIZES.side : TITLE_INDENT) * zoom;
  context.save();
  context.scale(1 / zoom, 1 / zoom);
  context.font = `600 ${letter}px ${ink.font}`;
  context.textBaseline = "middle";
  context.fillStyle = ink.nodeText;
  for (const box of boxes) {
    const letters = Math.floor((box.width * zoom - indent - SIZES.side * zoom) / (letter * LETTER_SHARE));
    const title = nodeTitle(box);
    const text = title.length <= letters ? title : `${title.slice(0, Math.max(1, letters - 1))}…`;
    // A title that is larger than its header from afar stands under it.
    const y = isOverview && !box.look.collapsed
      ? SIZES.header * zoom + letter * 0.9
      : SIZES.header / 2 * zoom;
    context.fillText(text, box.x * zoom + indent, box.y * zoom + y);
  }
  context.restore();
};

/**
 * Draws the pictures of nodes.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {readonly LaidBox[]} boxes
 */
const drawPictures = (context, { thumbnail, pictures }, boxes) => {
  for (const { id, x, y, width, pictures: area } of boxes) {
    if (!area) continue;
    const urls = pictures(id);
    const { columns, rows, shown } = pictureGrid(urls.length);
    const cell = [
      (width - SIZES.gap * (columns - 1)) / columns,
      (area.height - SIZES.gap * (rows - 1)) / rows,
    ];
    for (let index = 0; index < shown; index++) {
      const image = thumbnail(urls[index]);
      if (!image) continue;
      const left = x + (index % columns) * (cell[0] + SIZES.gap);
      const top = y + area.y + Math.floor(index / columns) * (cell[1] + SIZES.gap);
      context.drawImage(image, left, top, cell[0], cell[1]);
    }
  }
};

/**
 * Gives the nodes of a part of the scene that can be seen and are not on the page.
 * @param {Scene} scene
 * @param {Part} part
 * @returns {LaidBox[]}
 */
export const nodesOf = ({ boxes, gesture, seen, nodes, place, touched, isZooming }, part) => {
  // What waits for its place on the page changes from frame to frame, save while a zoom lets nothing come to it.
  const mayStand = place.zoom < OVERVIEW_ZOOM || isZooming;
  if (!mayStand && part === "still") return [];
  // A zoom may go far before the picture is drawn anew; those on the page hide what is drawn beneath them.
  const isHidden = (/** @type {LaidBox} */ { id, entry }) =>
    nodes.mounted.has(id) && (part === "live" || !isZooming || entry.mode !== undefined);
  /** @type {LaidBox[]} */
  const found = [];
  for (const box of boxes.values()) {
    if (isHidden(box)) continue;
    if (mayStand && touched.nodes.has(box.id) !== (part === "live")) continue;
    const shown = part === "live" ? liveBox(box, gesture) : box;
    if (meets(shown, seen)) found.push(shown);
  }
  return found;
};

/**
 * Draws the nodes of a part of the scene that can be seen and are not on the page.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Part} part
 */
export const drawNodes = (context, scene, part) => {
  const found = nodesOf(scene, part);
  if (found.length === 0) return;
  drawBodies(context, scene, found);
  drawPictures(context, scene, found);
  if (scene.place.zoom >= ROUGH_ZOOM) drawTitles(context, scene, found);
};
