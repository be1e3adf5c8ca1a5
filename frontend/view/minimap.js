/** The whole graph in a corner, with a window that shows and moves what is seen. */

import { effect } from "@preact/signals";
import { say } from "../ui/texts.js";

/**
 * @import { ReadonlySignal } from "@preact/signals"
 * @import { Bounds, Editor, Plane, Viewport } from "../interfaces.d.ts"
 * @import { Ink } from "./ink.js"
 */

const SIZE = { width: 208, height: 136 };
const PADDING = 8;

/** Milliseconds from a frame that shows a change to the map that shows it. */
const FOLLOW_MS = 100;

/**
 * Gives how the graph is laid into the map.
 * @param {Bounds} bounds
 * @returns {{ scale: number, x: number, y: number }} `map = graph * scale + (x, y)`
 */
export const mapPlace = (bounds) => {
  const scale = Math.min(
    (SIZE.width - 2 * PADDING) / Math.max(1, bounds.width),
    (SIZE.height - 2 * PADDING) / Math.max(1, bounds.height),
    0.12,
  );
  return {
    scale,
    x: (SIZE.width - bounds.width * scale) / 2 - bounds.x * scale,
    y: (SIZE.height - bounds.height * scale) / 2 - bounds.y * scale,
  };
};

/**
 * Draws the map.
 * @param {CanvasRenderingContext2D} context
 * @param {object} of
 * @param {Plane} of.plane
 * @param {Editor["document"]["value"]} of.document
 * @param {ReadonlySet<string>} of.selected
 * @param {Ink} of.ink
 * @param {{ scale: number, x: number, y: number }} of.place
 */
export const drawMap = (context, { plane, document, selected, ink, place: { scale, x, y } }) => {
  context.clearRect(0, 0, SIZE.width, SIZE.height);
  for (const { at, size, color } of document.view.frames) {
    context.fillStyle = ink.colors[color ?? "gray"] ?? ink.colors.gray;
    context.fillRect(at[0] * scale + x, at[1] * scale + y, size[0] * scale, size[1] * scale);
  }
  for (const box of plane.boxes.value.values()) {
    const made = box.type?.outputs[0]?.type;
    context.globalAlpha = selected.has(box.id) ? 1 : 0.55;
    context.fillStyle = selected.has(box.id) ? ink.accent : made ? ink.ofType(made) : ink.muted;
    const [width, height] = [Math.max(2, box.width * scale), Math.max(2, box.height * scale)];
    context.fillRect(box.x * scale + x, box.y * scale + y, width, height);
  }
  context.globalAlpha = 1;
};

/**
 * Lets the window be dragged.
 * @param {HTMLElement} element
 * @param {(x: number, y: number) => void} look Called with the point of the map that is to be in the middle.
 */
const hearDrags = (element, look) => {
  /** @param {PointerEvent} event */
  const follow = (event) => {
    const { left, top } = element.getBoundingClientRect();
    look(event.clientX - left, event.clientY - top);
  };
  element.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    element.setPointerCapture(event.pointerId);
    follow(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) follow(event);
  });
};

/**
 * Makes the map.
 * @param {HTMLElement} host
 * @param {Pick<Editor, "settings" | "document" | "selection"> & { viewport: Viewport, plane: Plane }} editor
 * @param {ReadonlySignal<Ink>} ink
 * @returns {{ destroy(): void }}
 */
export const createMinimap = (host, { settings, document, selection, viewport, plane }, ink) => {
  const element = globalThis.document.createElement("div");
  const canvas = globalThis.document.createElement("canvas");
  const frame = globalThis.document.createElement("div");
  element.className = "minimap";
  element.role = "img";
  element.dataset.ownPointer = "";
  frame.className = "window";
  element.append(canvas, frame);
  host.append(element);
  const ratio = globalThis.devicePixelRatio || 1;
  canvas.width = SIZE.width * ratio;
  canvas.height = SIZE.height * ratio;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  let place = { scale: 1, x: 0, y: 0 };

  const showWindow = () => {
    const { x, y, zoom } = viewport.state.value;
    const { width, height } = viewport.size.value;
    const share = place.scale / zoom;
    frame.style.transform = `translate(${place.x - x * share}px, ${place.y - y * share}px)`;
    frame.style.width = `${width * share}px`;
    frame.style.height = `${height * share}px`;
  };
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let following;
  const draw = () => {
    asked = 0;
    place = mapPlace(plane.bounds() ?? { x: 0, y: 0, width: 1, height: 1 });
    const selected = selection.peek().nodes.peek();
    drawMap(context, { plane, document: document.peek(), selected, ink: ink.peek(), place });
    showWindow();
  };
  const stops = [
    effect(() => {
      element.hidden = !settings.minimap.value;
      element.ariaLabel = say("canvas.minimap");
    }),
    effect(() => {
      plane.boxes.value;
      ink.value;
      selection.value.nodes.value;
      // It follows a little after the frame that shows the graph: what is under the hand comes first.
      if (settings.minimap.value && asked === 0) {
        asked = requestAnimationFrame(() => (following = setTimeout(draw, FOLLOW_MS)));
      }
    }),
    effect(() => {
      if (settings.minimap.value) showWindow();
    }),
  ];
  hearDrags(element, (x, y) => {
    const { zoom } = viewport.state.peek();
    const { width, height } = viewport.size.peek();
    viewport.set({
      zoom,
      x: width / 2 - ((x - place.x) / place.scale) * zoom,
      y: height / 2 - ((y - place.y) / place.scale) * zoom,
    });
  });
  return {
    destroy: () => {
      cancelAnimationFrame(asked);
      clearTimeout(following);
      for (const stop of stops) stop();
      element.remove();
    },
  };
};
