/** Small parts that all panels are made of. */

import { useRef } from "preact/hooks";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { showKeys } from "../ui/keymap.js";

/** @import { Editor, MenuEntry } from "../interfaces.d.ts" */

/**
 * A button that is an icon; its label is what screen readers and the tooltip say.
 *
 * @param {{
 *   icon: string, label: string, onClick: (event: MouseEvent) => void, keys?: string, disabled?: boolean,
 *   pressed?: boolean, class?: string, children?: unknown,
 * }} props
 */
export const IconButton = ({ icon, label, onClick, keys, disabled, pressed, children, ...rest }) =>
  html`
    <button
      type="button"
      class=${`quiet icon-button ${rest.class ?? ""}`}
      aria-label=${label}
      data-tip=${keys ? `${label} (${showKeys(keys)})` : label}
      aria-pressed=${pressed === undefined ? undefined : String(pressed)}
      disabled=${disabled}
      onClick=${onClick}
    ><${Icon} name=${icon} />${children}</button>
  `;

/** Milliseconds after which a picture is asked for again, and how often it is. */
const AGAIN_MS = 1500;
const MOST_TRIES = 8;

/**
 * A small copy of a picture. The server draws it when it is first asked for, and refuses until it has done so.
 *
 * @param {{ src: string }} props
 */
export const Thumbnail = ({ src }) => {
  const tries = useRef(0);
  /** @param {Event} event */
  const again = (event) => {
    const image = /** @type {HTMLImageElement} */ (event.target);
    if (tries.current++ < MOST_TRIES) setTimeout(() => image.src = src, AGAIN_MS);
  };
  return html`<img src=${src} alt="" loading="lazy" onError=${again} />`;
};

/**
 * A field for what to look for.
 *
 * @param {{ label: string, value: string, onInput: (wanted: string) => void }} props
 */
export const Search = ({ label, value, onInput }) =>
  html`
    <input
      type="search"
      placeholder=${label}
      aria-label=${label}
      value=${value}
      onInput=${(/** @type {Event} */ event) => onInput(/** @type {HTMLInputElement} */ (event.target).value)}
    />
  `;

/**
 * A line in the middle of a panel that has nothing to show.
 *
 * @param {{ children?: unknown }} props
 */
export const Nothing = ({ children }) => html`<p class="nothing">${children}</p>`;

/**
 * A menu entry that runs a command, with its keys.
 *
 * @param {Editor} editor
 * @param {string} id
 * @param {string} title
 * @param {boolean} [checked]
 * @returns {MenuEntry}
 */
export const commandEntry = (editor, id, title, checked) => ({
  title,
  keys: editor.commands.keys(id)[0],
  run: () => editor.commands.run(id),
  disabled: !editor.commands.isEnabled(id),
  ...(checked === undefined ? {} : { checked }),
});

/**
 * Opens a menu below what was clicked.
 *
 * @param {Editor} editor
 * @param {MouseEvent} event
 * @param {MenuEntry[]} entries
 */
export const openMenuBelow = (editor, event, entries) => {
  const button = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
  editor.ui.menu([button.left, button.bottom + 4], entries);
};
