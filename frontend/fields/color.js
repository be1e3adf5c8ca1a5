/** A colour. */

/** @import { ControlProps } from "./field.js" */

import { useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { useDraft } from "./draft.js";
import { undoes } from "./undoing.js";

const COLOR = /^#[0-9a-f]{6}$/i;

/**
 * Reads a colour as people write it: `#rrggbb`, `rrggbb` or `#rgb`.
 *
 * @param {string} text
 * @returns {string | null} As `#rrggbb`; null where it is none.
 */
export function readColor(text) {
  const bare = text.trim().replace(/^#/, "");
  const full = /^[0-9a-f]{3}$/i.test(bare) ? [...bare].map((digit) => digit + digit).join("") : bare;
  return COLOR.test(`#${full}`) ? `#${full.toLowerCase()}` : null;
}

/**
 * Shows a colour, which is picked or typed.
 *
 * @param {ControlProps} props
 */
export function ColorField({ editor, id, label, value, fallback, describedBy, isWrong, complain, onChange }) {
  const { typed, setDraft } = useDraft();
  const [picked, setPicked] = useState(/** @type {string | null} */ (null));
  const chosen = picked ?? String(value ?? fallback ?? "");
  const commit = () => {
    if (typed.current === null) return;
    const color = readColor(typed.current);
    if (color === null) return complain({ id: "field.problem.color" });
    setDraft(null);
    complain(null);
    if (color !== chosen) onChange(color);
  };
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    if (typed.current === null && undoes(editor, event)) return;
    if (event.key === "Enter") commit();
    if (event.key !== "Escape" || typed.current === null) return;
    event.stopPropagation();
    setDraft(null);
    complain(null);
  };
  /** @param {Event} event */
  const textOf = (event) => /** @type {HTMLInputElement} */ (event.currentTarget).value;
  return html`
    <div class="color">
      <input type="color" aria-label=${say("field.pick-color", { label })} value=${COLOR.test(chosen)
        ? chosen
        : "#000000"}
        onInput=${(/** @type {Event} */ event) => setPicked(textOf(event))}
        onChange=${(/** @type {Event} */ event) => {
          setPicked(null);
          onChange(textOf(event));
        }} />
      <input id=${id} type="text" autocomplete="off" spellcheck=${false} aria-label=${label}
        aria-describedby=${describedBy}
        aria-invalid=${isWrong ? "true" : null} value=${typed.current ??
          chosen} onBlur=${commit} onKeyDown=${hearKey}
        onInput=${(/** @type {Event} */ event) => setDraft(textOf(event))} />
    </div>
  `;
}
