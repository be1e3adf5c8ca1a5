/** A number within a range. In a node the number itself is dragged; elsewhere a slider stands beside it. */

/** @import { ControlProps } from "./field.js" */

import { useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { NumberField } from "./number.js";
import { grainOf, rangeOf } from "./numbers.js";

/**
 * Shows a slider with its number. A drag is one change, made when it ends.
 *
 * @param {ControlProps} props
 */
export function SliderField(props) {
  const { label, widget, value, fallback, onChange } = props;
  const [preview, setPreview] = useState(/** @type {number | null} */ (null));
  const range = rangeOf(widget);
  /** @param {Event} event */
  const numberOf = (event) => /** @type {HTMLInputElement} */ (event.currentTarget).valueAsNumber;
  /** @param {Event} event */
  const choose = (event) => {
    setPreview(null);
    onChange(numberOf(event));
  };
  return html`
    <div class="entry-slider">
      <input type="range" data-own-pointer min=${range.min} max=${range.max} step=${grainOf(range, "usual")}
        aria-label=${say("field.slider", { label })} value=${preview ?? value ?? fallback ?? range.min}
        onInput=${(/** @type {Event} */ event) => setPreview(numberOf(event))} onChange=${choose} />
      <${NumberField} ...${props} value=${preview ?? value} />
    </div>
  `;
}
