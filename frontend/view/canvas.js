/** The canvas: everything that shows the graph, drawn again only when something of it has changed. */

import { computed, effect } from "@preact/signals";
import { render } from "preact";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { followFocus } from "./follow_focus.js";
import { followRuns } from "./follow_runs.js";
import { drawGesture, isDrawn } from "./gesture_drawing.js";
import { createBackdrop } from "./backdrop.js";
import { createInk } from "./ink.js";
import { createLayer } from "./layer.js";
import { SIZES } from "./metrics.js";
import { createMinimap } from "./minimap.js";
import { isSameTouched, touchedBy } from "./live.js";

import { createFacts, isPreviewed } from "./node_state.js";
import { createSocketLights, exposedSockets, mountNode } from "./nodes.js";
import { mountNote } from "./notes.js";
import { Outline } from "./outline.js";
import { boundsOf, createPlane } from "./plane.js";
import { drawLive, isLive, seenPart } from "./scene.js";
import { createThumbnails } from "./thumbnails.js";
import { createViewport, onPixels, OVERVIEW_ZOOM } from "./viewport.js";
import { ZoomBar } from "./zoom_bar.js";

/**
 * @import { ReadonlySignal } from "@preact/signals"
 * @import { Editor, Plane, Viewport } from "../interfaces.d.ts"
 * @import { Ink } from "./ink.js"
 * @import { Facts } from "./node_state.js"
 * @import { Scene } from "./scene.js"
 * @import { LaidBox } from "./plane.js"
 */

/** @typedef {Plane & { boxes: ReadonlySignal<ReadonlyMap<string, LaidBox>> }} LaidPlane */
/** @typedef {Omit<Editor, "viewport" | "plane">} Surroundings */

/** What the keys of notes begin with, as those of nodes never contain a slash. */
const NOTE = "note/";

/** What the stylesheet has of the sizes of nodes, by the names it has for them. */
const STYLED_SIZES = {
  row: SIZES.row,
  head: SIZES.header,
  foot: SIZES.foot,
  pad: SIZES.pad,
  gap: SIZES.gap,
  "line-height": SIZES.line,
};

/** Milliseconds after which a place where the viewport rests is remembered. */
const REST_MS = 300;

/** Milliseconds from the first frame to the outline, which is out of sight at first, and to a sharper picture. */
const FOLLOW_MS = 250;

/** How far what stands in a corner is from the edges, in pixels, as the stylesheet has it. */
const CORNER_GAP = 12;

/** Milliseconds between two frames of what flows to a node at work, which may need the processor itself. */
const FLOW_MS = 50;

/**
 * Makes a canvas that fills its host.
 * @param {HTMLElement} host
 * @param {string} name Of its class.
 * @param {ReadonlySignal<{ width: number, height: number }>} size
 */
const createSheet = (host, name, size) => {
  const element = document.createElement("canvas");
  element.className = name;
  element.ariaHidden = "true";
  host.append(element);
  const context = /** @type {CanvasRenderingContext2D} */ (element.getContext("2d"));
  /** Gives it as many pixels as the screen has. @returns {number} Of the screen in one of the page. */
  const fit = () => {
    const ratio = globalThis.devicePixelRatio || 1;
    const { width, height } = size.peek();
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== across || element.height !== down) {
      element.width = across;
      element.height = down;
    }
    return ratio;
  };
  return { element, context, fit };
};

/**
 * Gives the URLs of the pictures that a node shows.
 * @param {Editor} editor
 * @param {Facts} facts
 * @returns {(node: string) => readonly string[]}
 */
const picturesShown = (editor, { gist }) => (node) => {
  const { run, pictures } = gist(editor.tabs.current.peek(), node);
  const [now, all] = [run.peek(), pictures.peek()];
  return isPreviewed(now, all) && now?.preview ? [now.preview] : all.map(({ thumbnail }) => thumbnail);
};

/**
 * Keeps the viewport where each tab had it.
 * @param {Editor} editor
 * @param {() => void} leave Called when another tab comes to the front.
 */
const followTabs = ({ tabs, viewport, plane }, leave) => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;
  let isPlaced = false;
  const keep = () => {
    clearTimeout(resting);
    if (isPlaced) shown.place.value = viewport.state.peek();
  };
  let shown = tabs.current.peek();
  const place = () => {
    const { width, height } = viewport.size.peek();
    if (width === 0 || height === 0) return;
    const bounds = plane.bounds();
    const before = shown.place.peek();
    if (before) viewport.set(before);
    else if (bounds) viewport.fit(bounds);
    else viewport.set({ x: width / 2, y: height / 2, zoom: 1 });
    isPlaced = true;
  };
  const stops = [
    effect(() => {
      const next = tabs.current.value;
      if (next === shown) return;
      keep();
      shown = next;
      leave();
      place();
    }),
    effect(() => {
      viewport.size.value;
      if (!isPlaced) place();
    }),
    effect(() => {
      viewport.state.value;
      clearTimeout(resting);
      resting = setTimeout(keep, REST_MS);
    }),
  ];
  return () => {
    clearTimeout(resting);
    for (const stop of stops) stop();
  };
};

/**
 * Gathers what is drawn.
 * @param {object} of
 * @param {Editor & { plane: LaidPlane }} of.editor
 * @param {ReadonlySignal<Ink>} of.ink
 * @param {ReturnType<typeof followRuns>} of.runs
 * @param {Scene["pictures"]} of.pictures
 * @param {Scene["thumbnail"]} of.thumbnail
 * @param {MediaQueryList} of.stillness
 */
const sceneOf = ({ editor, ink, runs, pictures, thumbnail, stillness }) => {
  const { viewport, plane, gesture, settings } = editor;
  let last = touchedBy(gesture.peek());
  const touched = computed(() => {
    const next = touchedBy(gesture.value);
    // It stays the same from the begin of a gesture to its end.
    if (!isSameTouched(last, next)) last = next;
    return last;
  });
  /** Reads every signal that the scene is made of, so that an effect hears of each. */
  const read = () => {
    const { view } = editor.document.value;
    const { nodes, frames, notes, wire } = editor.selection.value;
    const [place, size] = [onPixels(viewport.state.value), viewport.size.value];
    return {
      place,
      size,
      seen: seenPart(place, size),
      ink: ink.value,
      boxes: plane.boxes.value,
      wires: plane.wires.value,
      frames: { all: view.frames, selected: frames.value },
      notes: { all: view.notes, selected: notes.value },
      nodes: { selected: nodes.value, states: runs.states.value, faulty: runs.faulty.value },
      running: runs.running.value,
      selectedWire: wire.value,
      wireStyle: settings.wireStyle.value,
      gesture: gesture.value,
      touched: touched.value,
      isZooming: viewport.isZooming(),
      hasMotion: !stillness.matches,
      pictures,
      thumbnail,
    };
  };
  return { read };
};

/**
 * Gives how much an element covers of the corner it stands in.
 * @param {Element | null} element
 */
const coveredBy = (element) => ({
  width: element ? element.clientWidth + 2 * CORNER_GAP : 0,
  height: element ? element.clientHeight + 2 * CORNER_GAP : 0,
});

/**
 * Makes the canvas.
 * @param {HTMLElement} host
 * @param {Surroundings} surroundings
 * @returns {{ viewport: Viewport, plane: Plane, destroy(): void }}
 */
export const createCanvas = (host, surroundings) => {
  host.classList.add("canvas");
  for (const [name, pixels] of Object.entries(STYLED_SIZES)) {
    host.style.setProperty(`--node-${name}`, `${pixels}px`);
  }
  const facts = createFacts(surroundings);
  const { tabs, catalog, settings, document } = surroundings;
  const viewport = createViewport(host, () => coveredBy(host.querySelector(":scope > .corner")));
  const plane = createPlane({
    document,
    catalog,
    wireStyle: settings.wireStyle,
    extras: (node) => facts.gist(tabs.current.value, node).extras.value,
  });
  const editor = { ...surroundings, viewport, plane };
  const shown = createPicture(host, editor, facts);
  return {
    viewport,
    plane,
    destroy: () => {
      shown.destroy();
      viewport.destroy();
    },
  };
};

/**
 * Makes what is seen of the graph, and keeps it up to date.
 * @param {HTMLElement} host
 * @param {Editor & { plane: LaidPlane }} editor
 * @param {Facts} facts
 * @returns {{ destroy(): void }}
 */
const createPicture = (host, editor, facts) => {
  const { viewport, plane, tabs } = editor;
  const { ink, destroy: forgetInk } = createInk(host, editor.catalog);
  const backdrop = createBackdrop(host);
  const back = createSheet(host, "sheet", viewport.size);
  const exposed = exposedSockets(editor.document);
  const layer = createLayer(host, {
    all: function* () {
      yield* plane.boxes.peek();
      for (const note of editor.document.peek().view.notes) yield [NOTE + note.id, boundsOf(note)];
    },
    mount: (key) =>
      key.startsWith(NOTE) ? mountNote(editor, key.slice(NOTE.length)) : mountNode({
        editor,
        id: key,
        facts: facts.facts(tabs.current.peek(), key),
        boxes: plane.boxes,
        exposed,
      }),
  });
  const front = createSheet(host, "sheet gesture", viewport.size);
  const lights = createSocketLights(editor, layer.element);
  const runs = followRuns(editor, facts);
  let loaded = 0;
  const thumbnails = createThumbnails(() => {
    loaded += 1;
    invalidate();
  });
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  const pictures = picturesShown(editor, facts);
  const { read } = sceneOf({ editor, ink, runs, pictures, thumbnail: thumbnails.get, stillness });
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let flowing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let following;
  let count = 0;
  let isOpening = true;

  /** @param {number} time */
  const draw = (time) => {
    asked = 0;
    const now = read();
    const isMore = layer.update(now);
    const mounted = layer.mounted();
    if (mounted.size !== count) lights.refresh();
    count = mounted.size;
    const notes = new Set(
      [...mounted].filter((key) => key.startsWith(NOTE)).map((key) => key.slice(NOTE.length)),
    );
    const scene = {
      ...now,
      nodes: { ...now.nodes, mounted },
      notes: { ...now.notes, mounted: notes },
      time,
      loaded,
      isOpening,
    };
    const ratio = back.fit();
    backdrop.update(scene, ratio);
    const isNeeded = isLive(scene);
    back.element.hidden = !isNeeded;
    if (isNeeded) drawLive(back.context, scene, ratio);
    front.element.hidden = !isDrawn(scene.gesture);
    if (!front.element.hidden) drawGesture(front.context, scene, plane, front.fit());
    following ??= setTimeout(follow, FOLLOW_MS);
    const moves = scene.running.size > 0 && scene.hasMotion && scene.place.zoom >= OVERVIEW_ZOOM;
    clearTimeout(flowing);
    if (isMore) invalidate();
    else if (moves) flowing = setTimeout(invalidate, FLOW_MS);
  };
  const follow = () => {
    isOpening = false;
    render(html`<${OutlinePanel} editor=${editor} />`, outline);
    invalidate();
  };
  const invalidate = () => {
    if (asked === 0) asked = requestAnimationFrame(draw);
  };
  const outline = globalThis.document.createElement("nav");
  outline.className = "outline-panel";
  outline.dataset.ownPointer = "";
  host.append(outline);
  const corner = globalThis.document.createElement("div");
  corner.className = "corner";
  host.append(corner);
  const minimap = createMinimap(corner, editor, ink);
  const bar = globalThis.document.createElement("div");
  bar.className = "zoom-bar";
  corner.append(bar);
  render(html`<${ZoomBar} editor=${editor} />`, bar);
  const stops = [
    effect(() => {
      read();
      invalidate();
    }),
    followTabs(editor, layer.clear),
    followFocus(host, viewport, plane),
  ];
  return {
    destroy: () => {
      cancelAnimationFrame(asked);
      clearTimeout(flowing);
      clearTimeout(following);
      for (const stop of stops) stop();
      lights.destroy();
      layer.destroy();
      minimap.destroy();
      thumbnails.destroy();
      forgetInk();
      render(null, outline);
      render(null, bar);
      host.replaceChildren();
    },
  };
};

/**
 * Holds the outline, out of sight until the keyboard or a screen reader comes to it.
 * @param {{ editor: Editor }} props
 */
const OutlinePanel = ({ editor }) =>
  html`
    <h2>${say("outline.title")}</h2>
    <${Outline} editor=${editor} />
  `;
