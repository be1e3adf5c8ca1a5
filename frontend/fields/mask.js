/** Painting which part of a picture is selected. */

/** @import { Editor, Point } from "../interfaces.d.ts" */
/** @import { Pixels } from "./pixels.js" */
/** @import { Painting, Step } from "./strokes.js" */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { say } from "../ui/texts.js";
import { readPixels } from "./pixels.js";
import { encodePng } from "./png.js";
import { added, EMPTY, MASK_RGB, paintStep, redone, undone } from "./strokes.js";

/**
 * Lets a mask be painted on a picture.
 *
 * @param {Editor} editor
 * @param {Blob} file
 * @returns {Promise<Blob | null>} The picture with the mask as its opacity: 1 where it is selected, which is what
 *   loading a picture gives as its mask. null where it was given up.
 * @throws {Error} The file is no picture, or too large.
 */
export async function paintMask(editor, file) {
  const pixels = await readPixels(file);
  const rgba = await editor.ui.dialog({
    title: { id: "mask.title" },
    wide: true,
    body: (close) => html`<${MaskPainter} pixels=${pixels} close=${close} />`,
  });
  return rgba && encodePng(pixels.width, pixels.height, /** @type {Uint8Array} */ (rgba));
}

/** Gives a canvas with what is selected at first: nothing of a picture that is opaque everywhere. @param {Pixels} pixels */
function firstMask({ width, height, rgba }) {
  const canvas = new OffscreenCanvas(width, height);
  const isOpaque = rgba.every((byte, index) => index % 4 !== 3 || byte === 255);
  const colors = new Uint8ClampedArray(rgba.length);
  for (let at = 0; at < rgba.length; at += 4) colors.set([...MASK_RGB, isOpaque ? 0 : rgba[at + 3]], at);
  canvas.getContext("2d")?.putImageData(new ImageData(colors, width, height), 0, 0);
  return canvas;
}

/** Gives the picture, opaque everywhere. @param {Pixels} pixels */
function opaque({ width, height, rgba }) {
  const colors = new Uint8ClampedArray(rgba);
  for (let at = 3; at < colors.length; at += 4) colors[at] = 255;
  return new ImageData(colors, width, height);
}

/** @param {{ pixels: Pixels, close: (rgba: Uint8Array | null) => void }} props */
function MaskPainter({ pixels, close }) {
  const { width, height } = pixels;
  const [painting, setPainting] = useState(EMPTY);
  const [brush, setBrush] = useState({
    size: Math.max(4, Math.round(Math.min(width, height) / 8)),
    erase: false,
  });
  const [first] = useState(() => firstMask(pixels));
  const mask = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useLayoutEffect(() => repaint(mask.current, first, painting), [painting]);

  const finish = () => {
    const painted = /** @type {HTMLCanvasElement} */ (mask.current).getContext("2d")?.getImageData(
      0,
      0,
      width,
      height,
    );
    if (!painted) return;
    const rgba = pixels.rgba.slice();
    for (let at = 3; at < rgba.length; at += 4) rgba[at] = painted.data[at];
    close(rgba);
  };
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    const isMod = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (isMod && (key === "y" || (key === "z" && event.shiftKey))) setPainting(redone);
    else if (isMod && key === "z") setPainting(undone);
    else if (key === "[" || key === "]") {
      setBrush(({ size, erase }) => ({
        erase,
        size: Math.max(1, Math.round(size * (key === "]" ? 1.25 : 0.8))),
      }));
    } else if (key === "x") setBrush(({ size, erase }) => ({ size, erase: !erase }));
    else return;
    event.preventDefault();
  };
  return html`
    <div class="mask" onKeyDown=${hearKey}>
      <${Tools} ...${{ brush, setBrush, painting, setPainting }} most=${Math.max(width, height)} />
      <${Surface} ...${{ pixels, mask, brush }} paint=${(/** @type {Step} */ step) =>
        setPainting((now) => added(now, step))} />
      <div class="buttons">
        <button type="button" onClick=${() => close(null)}>${say("ui.cancel")}</button>
        <button type="button" class="primary" onClick=${finish}>${say("mask.use")}</button>
      </div>
    </div>
  `;
}

/** @param {HTMLCanvasElement | null} canvas @param {OffscreenCanvas} first @param {Painting} painting */
function repaint(canvas, first, { steps, done }) {
  const context = canvas?.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  context.clearRect(0, 0, first.width, first.height);
  context.drawImage(first, 0, 0);
  for (const step of steps.slice(0, done)) paintStep(context, step);
}

/** @typedef {{ size: number, erase: boolean }} Brush */
/** @template T @typedef {(value: T | ((now: T) => T)) => void} Setter */

/** @param {{ brush: Brush, setBrush: Setter<Brush>, painting: Painting, setPainting: Setter<Painting>, most: number }} props */
function Tools({ brush, setBrush, painting, setPainting, most }) {
  /** @type {(icon: string, id: string, onClick: () => void, more?: object) => unknown} */
  const tool = (icon, id, onClick, more = {}) =>
    html`
      <button type="button" class="quiet" aria-label=${say(id)} data-tip=${say(id)} onClick=${onClick}
        ...${more}>
        <${Icon} name=${icon} />
      </button>
    `;
  const pressed = (/** @type {boolean} */ is) => ({ "aria-pressed": String(is) });
  const step = (/** @type {"fill" | "clear" | "invert"} */ kind) => () =>
    setPainting(added(painting, { kind }));
  const resize = (/** @type {Event} */ event) =>
    setBrush({ ...brush, size: /** @type {HTMLInputElement} */ (event.currentTarget).valueAsNumber });
  return html`<div class="mask-tools" role="toolbar" aria-label=${say("mask.tools")}>
    ${tool("brush", "mask.brush", () => setBrush({ ...brush, erase: false }), pressed(!brush.erase))}
    ${tool("eraser", "mask.eraser", () => setBrush({ ...brush, erase: true }), pressed(brush.erase))}
    <label>${
    say("mask.size")
  } <input type="range" min="1" max=${most} value=${brush.size} onInput=${resize} /></label>
    ${tool("undo", "mask.undo", () => setPainting(undone(painting)), { disabled: painting.done === 0 })}
    ${
    tool("redo", "mask.redo", () => setPainting(redone(painting)), {
      disabled: painting.done === painting.steps.length,
    })
  }
    ${tool("layers", "mask.fill", step("fill"))} ${tool("invert", "mask.invert", step("invert"))}
    ${tool("trash", "mask.clear", step("clear"))}
  </div>`;
}

/**
 * @param {{ pixels: Pixels, mask: import("preact").RefObject<HTMLCanvasElement>, brush: Brush, paint: (step: Step) => void }} props
 */
function Surface({ pixels, mask, brush, paint }) {
  const { width, height } = pixels;
  const picture = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const stroke = useRef(/** @type {Point[] | null} */ (null));
  const [at, setAt] = useState(/** @type {Point | null} */ (null));
  useLayoutEffect(() => picture.current?.getContext("2d")?.putImageData(opaque(pixels), 0, 0), [pixels]);

  /** @param {PointerEvent} event @returns {Point} */
  const pointOf = (event) => {
    const box = /** @type {HTMLCanvasElement} */ (mask.current).getBoundingClientRect();
    return [(event.clientX - box.left) * width / box.width, (event.clientY - box.top) * height / box.height];
  };
  /** @param {readonly Point[]} points */
  const draw = (points) => {
    const context = mask.current?.getContext("2d");
    if (context) paintStep(context, { kind: "stroke", ...brush, points });
  };
  /** @param {PointerEvent} event */
  const down = (event) => {
    if (event.button !== 0) return;
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    stroke.current = [pointOf(event)];
    draw(stroke.current);
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    const point = pointOf(event);
    setAt(point);
    const last = stroke.current?.at(-1);
    if (!stroke.current || !last) return;
    // Browsers report several moves at once; all of them belong to the line.
    const points = [...(event.getCoalescedEvents?.() ?? []).map(pointOf), point];
    stroke.current.push(...points);
    draw([last, ...points]);
  };
  const up = () => {
    if (stroke.current) paint({ kind: "stroke", ...brush, points: stroke.current });
    stroke.current = null;
  };
  return html`<div class="mask-surface" style=${{ "--width": width, "--height": height }}>
    <canvas ref=${picture} width=${width} height=${height} aria-hidden="true"></canvas>
    <canvas ref=${mask} class="mask-layer" width=${width} height=${height} role="img" aria-label=${
    say("mask.surface")
  }
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} onPointerLeave=${() =>
    setAt(null)}></canvas>
    ${
    at && html`
      <svg class="mask-cursor" viewBox=${`0 0 ${width} ${height}`} aria-hidden="true">
        <circle cx=${at[0]} cy=${at[1]} r=${brush.size / 2} />
      </svg>
    `
  }
  </div>`;
}
