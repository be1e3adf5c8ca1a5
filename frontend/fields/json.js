/** Any value, as JSON: for widgets that the editor does not know. */

/** @import { JSONValue } from "../interfaces.d.ts" */
/** @import { ControlProps } from "./field.js" */

import { readJSON, writeJSON } from "../model/json.js";
import { html } from "../ui/html.js";
import { useDraft } from "./draft.js";

/** Characters that stand on one line. */
const SHORT = 60;

/** @param {JSONValue | undefined} value */
function written(value) {
  if (value === undefined) return "";
  const line = writeJSON(value);
  return line.length <= SHORT ? line : writeJSON(value, 1);
}

/**
 * Shows a value as JSON; nothing stands for the default.
 *
 * @param {ControlProps} props
 */
export function JsonField({ id, label, value, fallback, describedBy, isWrong, complain, onChange }) {
  const { typed, setDraft } = useDraft();
  const commit = () => {
    if (typed.current === null) return;
    try {
      const read = typed.current.trim() === "" ? undefined : readJSON(typed.current);
      setDraft(null);
      complain(null);
      if (written(read) !== written(value)) onChange(read);
    } catch (fault) {
      complain({ id: "field.problem.json", with: { reason: /** @type {Error} */ (fault).message } });
    }
  };
  /** @param {Event} event */
  const type = (event) => setDraft(/** @type {HTMLTextAreaElement} */ (event.currentTarget).value);
  return html`
    <textarea id=${id} class="json" rows="1" spellcheck=${false} aria-label=${label}
      aria-describedby=${describedBy}
      aria-invalid=${isWrong ? "true" : null} value=${typed.current ??
        written(value ?? fallback)} onInput=${type} onBlur=${commit}></textarea>
  `;
}
