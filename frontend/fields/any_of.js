/** A value of one of several kinds. */

/** @import { ControlProps } from "./field.js" */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { accepts, converted, distinctWidgets } from "./widgets.js";

/**
 * Shows the control for the kind that the value has, with a choice of the others.
 *
 * @param {ControlProps} props
 */
export function AnyOfField(props) {
  const { label, widget, value, fallback, controlFor, onChange } = props;
  const widgets = distinctWidgets(widget);
  const shown = value ?? fallback;
  const at = Math.max(0, widgets.findIndex((one) => accepts(one, shown)));
  /** @param {Event} event */
  const change = (event) =>
    onChange(converted(shown, widgets[Number(/** @type {HTMLSelectElement} */ (event.currentTarget).value)]));
  return html`<div class="any-of">
    <${controlFor(widgets[at] ?? null)} ...${props} widget=${widgets[at] ?? null} key=${at} />
    ${
    widgets.length > 1 &&
    html`<select aria-label=${say("field.kind-of", { label })} value=${at} onChange=${change}>
      ${
      widgets.map(({ kind }, index) =>
        html`<option key=${index} value=${index}>${say(`field.kind.${kind}`)}</option>`
      )
    }
    </select>`
  }
  </div>`;
}
