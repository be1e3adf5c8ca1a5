/** Text, of one or several lines. */

/** @import { ControlProps } from "./field.js" */

import { useLayoutEffect, useRef } from "preact/hooks";
import { weigh } from "../model/prompt_weights.js";
import { html } from "../ui/html.js";

/**
 * Shows a text. In one of several lines, Ctrl with the arrow keys up and down changes the weight of the words that
 * are selected.
 *
 * @param {ControlProps} props
 */
export function TextField({ id, label, widget, value, fallback, describedBy, isWrong, onChange }) {
  const element = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const selection = useRef(/** @type {readonly [number, number] | null} */ (null));
  const text = String(value ?? fallback ?? "");
  useLayoutEffect(() => {
    const [start, end] = selection.current ?? [];
    if (start !== undefined && end !== undefined) element.current?.setSelectionRange(start, end);
    selection.current = null;
  }, [text]);

  const type = () => onChange(/** @type {HTMLTextAreaElement} */ (element.current).value, { isTyping: true });
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    const area = element.current;
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!area || direction === undefined || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const weighed = weigh(
      area.value,
      area.selectionStart,
      area.selectionEnd,
      /** @type {1 | -1} */ (direction),
    );
    if (weighed === null) return;
    selection.current = [weighed.start, weighed.end];
    onChange(weighed.text, { isTyping: true });
  };
  const common = {
    ref: element,
    id,
    value: text,
    placeholder: typeof widget?.placeholder === "string" ? widget.placeholder : "",
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": isWrong ? "true" : null,
    onInput: type,
  };
  return widget?.multiline === true
    ? html`<textarea ...${common} rows="3" spellcheck=${false} onKeyDown=${hearKey}></textarea>`
    : html`<input type="text" autocomplete="off" ...${common} />`;
}
