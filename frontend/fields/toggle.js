/** A switch. */

/** @import { ControlProps } from "./field.js" */

import { html } from "../ui/html.js";

/**
 * Shows a switch.
 *
 * @param {ControlProps} props
 */
export const ToggleField = ({ id, label, value, fallback, describedBy, isWrong, onChange }) =>
  html`
    <input id=${id} type="checkbox" role="switch" class="switch" aria-label=${label} checked=${(value ??
      fallback) === true}
      aria-describedby=${describedBy} aria-invalid=${isWrong ? "true" : null}
      onChange=${(/** @type {Event} */ event) =>
        onChange(/** @type {HTMLInputElement} */ (event.currentTarget).checked)} />
  `;
