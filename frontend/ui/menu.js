/** Menus: lists of things to do, at a place. */

/** @import { MenuEntry, Point } from "../interfaces.d.ts" */

import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { showKeys } from "./keymap.js";
import { Popover } from "./popover.js";

/**
 * Shows a menu; arrow keys, Home, End and the first letter of an entry move within it.
 *
 * @param {{ at: Point | Element, entries: readonly MenuEntry[], onClose: () => void }} props
 */
export function Menu({ at, entries, onClose }) {
  const list = useRef(/** @type {HTMLDivElement | null} */ (null));
  const items = () => [...(list.current?.querySelectorAll("button:not([aria-disabled=true])") ?? [])];
  useLayoutEffect(() => focusOn(items()[0]), [entries]);
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    const next = nextItem(items(), event.key);
    if (event.key === "Tab") onClose();
    if (!next) return;
    event.preventDefault();
    focusOn(next);
  };
  /** @param {Extract<MenuEntry, { title: string }>} entry */
  const choose = (entry) => {
    if (entry.disabled) return;
    onClose();
    entry.run();
  };
  return html`
    <${Popover} anchor=${at} onClose=${onClose} class="menu" onKeyDown=${hear}>
      <div ref=${list} role="menu">
          ${entries.map((entry) =>
            "group" in entry
              ? html`<div class="menu-group" role="presentation">${entry.group}</div>`
              : html`<${Entry} entry=${entry} choose=${choose} />`
          )}
        </div>
      <//>
  `;
}

/** @param {{ entry: Extract<MenuEntry, { title: string }>, choose: (entry: Extract<MenuEntry, { title: string }>) => void }} props */
const Entry = ({ entry, choose }) =>
  html`
    <button type="button" tabindex="-1" role=${entry.checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked=${entry.checked === undefined ? null : String(entry.checked)}
      aria-disabled=${entry.disabled ? "true" : null} onClick=${() => choose(entry)}>
          <span class="menu-mark">${entry.checked ? html`<${Icon} name="check" />` : null}</span>
          <span>${entry.title}</span>
          ${entry.keys ? html`<kbd>${showKeys(entry.keys)}</kbd>` : null}
        </button>
  `;

/** @param {Element | undefined} element */
const focusOn = (element) => void (element instanceof HTMLElement && element.focus());

/** @type {(items: Element[], key: string) => Element | undefined} */
function nextItem(items, key) {
  const now = items.indexOf(/** @type {Element} */ (document.activeElement));
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key === "ArrowDown") return items[(now + 1) % items.length];
  if (key === "ArrowUp") return items.at(now <= 0 ? -1 : now - 1);
  if (key.length !== 1 || key === " ") return undefined;
  const after = [...items.slice(now + 1), ...items.slice(0, now + 1)];
  return after.find((item) => item.textContent?.trim().toLowerCase().startsWith(key.toLowerCase()));
}
