/** A number: typed, calculated, dragged, or changed with arrow keys and, while it has the focus, the wheel. */

/** @import { JSONValue, Words } from "../interfaces.d.ts" */
/** @import { ControlProps } from "./field.js" */
/** @import { Grain, Range } from "./numbers.js" */
/** @import { ScrubOptions } from "./scrub.js" */
/** @import { RefObject } from "preact" */

import { useEffect, useRef, useState } from "preact/hooks";
import { calculate } from "../model/arithmetic.js";
import { html } from "../ui/html.js";
import { useDraft } from "./draft.js";
import { dragged, nudged, rangeOf, shareOf } from "./numbers.js";
import { attachScrub, grainOfKeys } from "./scrub.js";
import { undoes } from "./undoing.js";

/** @type {Readonly<Record<string, 1 | -1>>} */
const DIRECTIONS = { ArrowUp: 1, ArrowDown: -1, PageUp: 1, PageDown: -1 };

/**
 * Lets a number be dragged on its input and on the labels of it. The whole drag is one change.
 *
 * @param {RefObject<HTMLInputElement | null>} element
 * @param {{ value: JSONValue | undefined, range: Range, onChange: (value: number) => void }} latest What holds now.
 * @returns {number | null} The number that is dragged to; null where none is.
 */
function useDragging(element, latest) {
  const [preview, setPreview] = useState(/** @type {number | null} */ (null));
  // The listeners outlive a rendering, so they read what the newest one knew.
  const now = useRef(latest);
  now.current = latest;
  useEffect(() => {
    /** @type {ScrubOptions} */
    const options = {
      read: () => typeof now.current.value === "number" ? now.current.value : null,
      reach: (start, pixels, grain) => dragged(start, pixels, now.current.range, grain),
      preview: setPreview,
      choose: (chosen) => now.current.onChange(chosen),
    };
    const input = /** @type {HTMLInputElement} */ (element.current);
    const labels = [...input.labels ?? []];
    for (const label of labels) label.dataset.ownPointer = "";
    const stops = [input, ...labels].map((place) => attachScrub(place, options));
    return () => stops.forEach((stop) => stop());
  }, []);
  return preview;
}

/**
 * Keeps what is typed until it is a number.
 *
 * @param {ControlProps} props
 */
function useTyping({ value, fallback, complain, onChange }) {
  const { typed, setDraft } = useDraft();
  const leave = () => {
    setDraft(null);
    complain(null);
  };
  const commit = () => {
    if (typed.current === null) return;
    const read = readNumber(typed.current, fallback !== undefined);
    if ("fault" in read) return complain(read.fault);
    leave();
    if (read.value !== value) onChange(read.value);
  };
  return { typed, setDraft, leave, commit };
}

/**
 * Shows a number.
 *
 * @param {ControlProps} props
 */
export function NumberField(props) {
  const { editor, id, widget, value, fallback, label, describedBy, isWrong, onChange } = props;
  const element = useRef(/** @type {HTMLInputElement | null} */ (null));
  const range = rangeOf(widget);
  const { typed, setDraft, leave, commit } = useTyping(props);
  const given = useDragging(element, { value: value ?? fallback, range, onChange }) ?? value ?? fallback;
  const number = typeof given === "number" ? given : null;

  /** @param {1 | -1} direction @param {Grain} grain */
  const nudge = (direction, grain) => {
    // A whole number that is too large for a number of JavaScript is shown, and not changed by half.
    const draft = typed.current;
    if (draft === null && typeof given === "bigint") return;
    const read = draft === null ? null : calculate(draft);
    const from = read && "value" in read ? read.value : number ?? Math.max(0, range.min);
    leave();
    onChange(nudged(from, direction, range, grain));
  };
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    if (typed.current === null && undoes(editor, event)) return;
    const direction = DIRECTIONS[event.key];
    if (direction !== undefined) {
      event.preventDefault();
      nudge(direction, event.key.startsWith("Page") ? "coarse" : grainOfKeys(event));
    } else if (event.key === "Enter") {
      commit();
      element.current?.select();
    } else if (event.key === "Escape" && typed.current !== null) {
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
  const shown = number ?? (typeof given === "bigint" ? String(given) : "");
  return html`
    <input ref=${element} id=${id} class="number" type="text" role="spinbutton" autocomplete="off"
      inputmode=${range.isWhole && range.min >= 0
        ? "numeric"
        : "text"} spellcheck=${false} aria-label=${label}
      aria-describedby=${describedBy} aria-invalid=${isWrong ? "true" : null} aria-valuenow=${number}
      aria-valuemin=${finite(range.min)} aria-valuemax=${finite(range.max)}
      style=${share === null ? null : { "--share": share }} value=${typed.current ?? shown}
      onInput=${() => setDraft(element.current?.value ?? null)} onBlur=${commit} onKeyDown=${hearKey}
      onClick=${() => typed.current === null && select(element.current)} onWheel=${hearWheel} />
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
