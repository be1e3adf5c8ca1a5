/** Text, of one or several lines. */

/** @import { ControlProps } from "./field.js" */

import { useLayoutEffect, useRef } from "preact/hooks";
import { weigh } from "../model/prompt_weights.js";
import { html } from "../ui/html.js";
import { keysOf } from "../ui/keymap.js";
import { undoes } from "./undoing.js";

/**
 * Gives where the caret belongs after a text was changed elsewhere, as by undoing: behind what changed.
 *
 * @param {string} before
 * @param {string} after
 */
export function caretAfter(before, after) {
  let same = 0;
  while (same < Math.min(before.length, after.length) && before.at(-1 - same) === after.at(-1 - same)) same++;
  return after.length - same;
}

/**
 * Shows a text. In one of several lines, Ctrl with the arrow keys up and down changes the weight of the words that
 * are selected. What is undone are changes of the document, as everywhere else.
 *
 * @param {ControlProps} props
 */
export function TextField({ editor, id, label, widget, value, fallback, describedBy, isWrong, onChange }) {
  const element = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const text = String(value ?? fallback ?? "");
  const known = useRef({ text, selection: /** @type {readonly [number, number] | null} */ (null) });
  useLayoutEffect(() => {
    const { text: before, selection } = known.current;
    known.current = { text, selection: null };
    // A browser puts the caret at the end of a text that it did not change itself.
    if (document.activeElement !== element.current || (before === text && !selection)) return;
    const caret = caretAfter(before, text);
    element.current?.setSelectionRange(...selection ?? [caret, caret]);
  }, [text]);

  /** @param {string} next @param {readonly [number, number] | null} [selection] */
  const change = (next, selection = null) => {
    known.current = { text: selection ? text : next, selection };
    onChange(next, { isTyping: true });
  };
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    const area = /** @type {HTMLTextAreaElement} */ (element.current);
    /** @type {Record<string, 1 | -1>} */
    const weights = { "Mod+ArrowUp": 1, "Mod+ArrowDown": -1 };
    const direction = widget?.multiline === true ? weights[keysOf(event) ?? ""] : undefined;
    if (undoes(editor, event) || direction === undefined) return;
    event.preventDefault();
    const { value: now, selectionStart, selectionEnd } = area;
    const weighed = weigh(now, selectionStart, selectionEnd, direction);
    if (weighed) change(weighed.text, [weighed.start, weighed.end]);
  };
  const common = {
    ref: element,
    id,
    value: text,
    placeholder: typeof widget?.placeholder === "string" ? widget.placeholder : "",
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": isWrong ? "true" : null,
    onInput: () => change(/** @type {HTMLTextAreaElement} */ (element.current).value),
    onKeyDown: hearKey,
  };
  return widget?.multiline === true
    ? html`<textarea ...${common} rows="3" spellcheck=${false}></textarea>`
    : html`<input type="text" autocomplete="off" ...${common} />`;
}
