/** A number: typed, calculated, dragged, or changed with arrow keys and, while it has the focus, the wheel. */

/** @import { Words } from "../interfaces.d.ts" */
/** @import { ControlProps } from "./field.js" */
/** @import { Grain } from "./numbers.js" */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { dragged, nudged, rangeOf, shareOf } from "./numbers.js";
import { attachScrub, grainOfKeys } from "./scrub.js";
import { undoes } from "./undoing.js";
import { calculate } from "../model/arithmetic.js";

/**
 * Shows a number.
 *
 * @param {ControlProps} props
 */
export function NumberField(
  { editor, id, widget, value, fallback, label, describedBy, isWrong, complain, onChange },
) {
  const element = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  const [preview, setPreview] = useState(/** @type {number | null} */ (null));
  const range = rangeOf(widget);
  const given = preview ?? value ?? fallback;
  const number = typeof given === "number" ? given : null;

  // The listeners outlive a rendering, so they read what the newest one knew.
  const now = useRef({ number, range, onChange });
  now.current = { number, range, onChange };
  useEffect(() => {
    const options = {
      read: () => now.current.number,
      reach: (
        /** @type {number} */ start,
        /** @type {number} */ pixels,
        /** @type {Grain} */ grain,
      ) => dragged(start, pixels, now.current.range, grain),
      preview: setPreview,
      choose: (/** @type {number} */ chosen) => now.current.onChange(chosen),
    };
    const input = /** @type {HTMLInputElement} */ (element.current);
    const labels = [...input.labels ?? []];
    for (const label of labels) label.dataset.ownPointer = "";
    const stops = [input, ...labels].map((place) => attachScrub(place, options));
    return () => stops.forEach((stop) => stop());
  }, []);

  const commit = () => {
    if (draft === null) return;
    const read = readNumber(draft, fallback !== undefined);
    if ("fault" in read) return complain(read.fault);
    leave();
    if (read.value !== value) onChange(read.value);
  };
  const leave = () => {
    setDraft(null);
    complain(null);
  };
  /** @param {1 | -1} direction @param {Grain} grain */
  const nudge = (direction, grain) => {
    const typed = draft === null ? null : calculate(draft);
    const from = typed && "value" in typed ? typed.value : number ?? Math.max(0, range.min);
    leave();
    onChange(nudged(from, direction, range, grain));
  };
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    if (draft === null && undoes(editor, event)) return;
    const direction = { ArrowUp: 1, ArrowDown: -1, PageUp: 1, PageDown: -1 }[event.key];
    if (direction !== undefined) {
      event.preventDefault();
      nudge(/** @type {1 | -1} */ (direction), event.key.startsWith("Page") ? "coarse" : grainOfKeys(event));
    } else if (event.key === "Enter") {
      commit();
      element.current?.select();
    } else if (event.key === "Escape" && draft !== null) {
      event.stopPropagation();
      leave();
    }
  };
  /** @param {WheelEvent} event */
  const hearWheel = (event) => {
    if (document.activeElement !== element.current || event.deltaY === 0) return;
    event.preventDefault();
    event.stopPropagation();
    nudge(event.deltaY < 0 ? 1 : -1, grainOfKeys(event));
  };
  const share = number === null ? null : shareOf(number, range);
  return html`
    <input ref=${element} id=${id} class="number" type="text" role="spinbutton" inputmode=${range.isWhole &&
        range.min >= 0
      ? "numeric"
      : "text"}
      autocomplete="off" spellcheck=${false} aria-label=${label} aria-describedby=${describedBy}
      aria-invalid=${isWrong ? "true" : null} aria-valuenow=${number} aria-valuemin=${finite(range.min)}
      aria-valuemax=${finite(range.max)}
      style=${share === null ? null : { "--share": share }} value=${draft ?? number ??
        (typeof given === "bigint" ? String(given) : "")}
      onInput=${() => setDraft(element.current?.value ?? null)} onBlur=${commit} onKeyDown=${hearKey}
      onClick=${() => draft === null && select(element.current)} onWheel=${hearWheel} />
  `;
}

/** @param {HTMLInputElement | null} element */
function select(element) {
  if (element === null || document.activeElement === element) return;
  element.focus();
  element.select();
}

/** @param {number} limit */
const finite = (limit) => Number.isFinite(limit) ? limit : null;

/**
 * Reads what was typed: a number or a calculation; nothing stands for the default.
 *
 * @param {string} text
 * @param {boolean} mayBeEmpty
 * @returns {{ value: number | undefined } | { fault: Words }}
 */
const readNumber = (text, mayBeEmpty) =>
  mayBeEmpty && text.trim() === "" ? { value: undefined } : calculate(text);
