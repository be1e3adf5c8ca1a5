/** One of a few fixed words. */

/** @import { ControlProps } from "./field.js" */

import { html } from "../ui/html.js";

/**
 * Shows the words as a list that opens; a value that is none of them is shown, too.
 *
 * @param {ControlProps} props
 */
export function OptionsField({ id, label, widget, value, fallback, describedBy, isWrong, onChange }) {
  const offered = /** @type {string[]} */ (Array.isArray(widget?.options) ? widget.options : []);
  const chosen = value ?? fallback ?? "";
  const words = typeof chosen === "string" && offered.includes(chosen)
    ? offered
    : [String(chosen), ...offered];
  /** @param {Event} event */
  const choose = (event) => onChange(/** @type {HTMLSelectElement} */ (event.currentTarget).value);
  return html`
    <select id=${id} value=${chosen} aria-label=${label} aria-describedby=${describedBy}
      aria-invalid=${isWrong ? "true" : null} onChange=${choose}>
          ${words.map((word) => html`<option key=${word} value=${word}>${word}</option>`)}
        </select>
  `;
}
