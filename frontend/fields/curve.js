/** A list of numbers, drawn as a line whose points are dragged. */

/** @import { ControlProps } from "./field.js" */

import { useRef, useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { nudged, rangeOf } from "./numbers.js";
import { grainOfKeys } from "./scrub.js";

const WIDTH = 240;
const HEIGHT = 96;
const EDGE = 8;

/** Numbers at the lower and the upper edge. @typedef {{ low: number, high: number }} Extent */

/**
 * Gives the numbers at the edges: the range where it has ends, else what the numbers need.
 *
 * @param {readonly number[]} numbers
 * @param {{ min: number, max: number }} range
 * @returns {Extent}
 */
export function extentOf(numbers, { min, max }) {
  const low = Number.isFinite(min) ? min : Math.min(0, ...numbers);
  const high = Number.isFinite(max) ? max : Math.max(0, ...numbers);
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** Gives the place of a number in the drawing. @param {number} index @param {number} count @param {number} value @param {Extent} extent */
export function pointOf(index, count, value, { low, high }) {
  const x = count < 2 ? WIDTH / 2 : EDGE + (index / (count - 1)) * (WIDTH - 2 * EDGE);
  return { x, y: EDGE + (1 - (value - low) / (high - low)) * (HEIGHT - 2 * EDGE) };
}

/** Gives the number at a height of the drawing, from 0 at its top to 1, to three digits. @param {number} share @param {Extent} extent */
export function numberAt(share, { low, high }) {
  const edge = EDGE / HEIGHT;
  const up = 1 - Math.min(1, Math.max(0, (share - edge) / (1 - 2 * edge)));
  return Number((low + up * (high - low)).toPrecision(3));
}

/**
 * Shows numbers as a curve.
 *
 * @param {ControlProps} props
 */
export function CurveField({ label, widget, value, onChange }) {
  const drawing = useRef(/** @type {SVGSVGElement | null} */ (null));
  const [drag, setDrag] = useState(
    /** @type {{ index: number, value: number, extent: Extent } | null} */ (null),
  );
  const range = rangeOf(/** @type {any} */ (widget)?.item ?? null);
  const kept = (Array.isArray(value) ? value : []).map((one) => typeof one === "number" ? one : 0);
  const numbers = drag ? kept.with(drag.index, drag.value) : kept;
  const extent = drag?.extent ?? extentOf(kept, range);
  const points = numbers.map((number, index) => pointOf(index, numbers.length, number, extent));

  /** @param {PointerEvent} event @param {number} index */
  const grab = (event, index) => {
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    setDrag({ index, value: kept[index], extent });
  };
  /** @param {PointerEvent} event */
  const pull = (event) => {
    const box = drawing.current?.getBoundingClientRect();
    if (!drag || !box) return;
    const at = numberAt((event.clientY - box.top) / box.height, drag.extent);
    setDrag({ ...drag, value: range.isWhole ? Math.round(at) : at });
  };
  const drop = () => {
    if (drag && drag.value !== kept[drag.index]) onChange(numbers);
    setDrag(null);
  };
  /** @param {KeyboardEvent} event @param {number} index */
  const hearKey = (event, index) => {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Delete") onChange(kept.filter((_, at) => at !== index));
    else if (direction) {
      onChange(
        kept.with(index, nudged(kept[index], /** @type {1 | -1} */ (direction), range, grainOfKeys(event))),
      );
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`
    <svg ref=${drawing} class="curve" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="group"
      aria-label=${label} data-own-pointer onPointerMove=${pull} onPointerUp=${drop}
      onPointerCancel=${() => setDrag(null)}>
        <polyline points=${points.map(({ x, y }) => `${x},${y}`).join(" ")} />
        ${points.map(({ x, y }, index) =>
          html`
            <circle key=${index} cx=${x} cy=${y} r="5" tabindex="0" role="slider"
              aria-label=${say("field.item", { label, place: index + 1 })} aria-valuenow=${numbers[index]}
              aria-orientation="vertical" data-own-pointer data-tip=${numbers[index]}
              onPointerDown=${(/** @type {PointerEvent} */ event) => grab(event, index)}
              onKeyDown=${(/** @type {KeyboardEvent} */ event) => hearKey(event, index)} />
          `
        )}
      </svg>
  `;
}
