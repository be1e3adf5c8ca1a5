/** One of the words that the server offers. */

/** @import { ControlProps } from "./field.js" */

import { html } from "../ui/html.js";
import { Picker } from "./picker.js";

/**
 * Shows the words that a provider offers, in a list that can be searched.
 *
 * @param {ControlProps} props
 */
export function ChoiceField(props) {
  const { editor, widget, value, fallback, onChange } = props;
  const words = editor.catalog.choices(String(widget?.provider)).value;
  return html`
    <${Picker} ...${props} chosen=${String(value ?? fallback ?? "")}
      choices=${words && words.map((word) => ({ value: word }))} choose=${onChange} />
  `;
}
