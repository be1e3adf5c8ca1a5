/** What floats over the editor: messages, menus, dialogs, tooltips, and what is only said to screen readers. */

/** @import { Signal } from "@preact/signals" */
/** @import { MenuEntry, Point, Ui, Words } from "../interfaces.d.ts" */
/** @import { Message } from "./toast.js" */

import { signal } from "@preact/signals";
import { render } from "preact";
import { Ask, Confirm, Dialog } from "./dialog.js";
import { html } from "./html.js";
import { Menu } from "./menu.js";
import { sayWords } from "./texts.js";
import { Toasts } from "./toast.js";
import { createTooltip } from "./tooltip.js";

/** Messages shown at once; older ones make room. */
const MOST_MESSAGES = 4;

/** @typedef {{ key: number, title: Words, wide?: boolean, body: unknown, cancel: () => void }} OpenDialog */
/** @typedef {{ at: Point, entries: MenuEntry[] }} OpenMenu */

/**
 * Makes the layer of what floats.
 *
 * @param {HTMLElement} host
 * @returns {Ui & { destroy(): void }}
 */
export function createUi(host) {
  const messages = signal(/** @type {readonly Message[]} */ ([]));
  const menu = signal(/** @type {OpenMenu | null} */ (null));
  const dialogs = signal(/** @type {readonly OpenDialog[]} */ ([]));
  const said = signal(/** @type {Words | null} */ (null));
  // Rendering takes away what it finds in its place, so the tooltip has one of its own.
  const layer = host.appendChild(document.createElement("div"));
  const tooltip = createTooltip(host);
  let count = 0;

  /**
   * @template T
   * @param {{ title: Words, body: (close: (value: T | null) => void) => unknown, wide?: boolean }} options
   * @returns {Promise<T | null>}
   */
  const dialog = ({ title, body, wide }) =>
    new Promise((resolve) => {
      const key = ++count;
      /** @param {T | null} value */
      const close = (value) => {
        dialogs.value = dialogs.peek().filter((open) => open.key !== key);
        resolve(value);
      };
      dialogs.value = [...dialogs.peek(), { key, title, wide, body: body(close), cancel: () => close(null) }];
    });

  render(html`<${Layer} ...${{ messages, menu, dialogs, said }} />`, layer);
  return {
    toast(words, { kind = "info", action } = {}) {
      const message = { key: ++count, words, kind, action };
      messages.value = [...messages.peek(), message].slice(-MOST_MESSAGES);
    },
    announce(words) {
      said.value = { ...words };
    },
    menu(at, entries) {
      menu.value = { at, entries };
    },
    dialog,
    confirm: async (words, action) =>
      await dialog({
        title: words,
        body: (close) => html`<${Confirm} action=${action} close=${close} />`,
      }) === true,
    ask: (words, options = {}) =>
      dialog({ title: words, body: (close) => html`<${Ask} label=${words} ...${options} close=${close} />` }),
    destroy() {
      tooltip.destroy();
      render(null, layer);
      layer.remove();
    },
  };
}

/**
 * Shows all that is open. What lies outside a modal dialog is inert, so menus and messages lie in the topmost one.
 *
 * @param {{ messages: Signal<readonly Message[]>, menu: Signal<OpenMenu | null>, dialogs: Signal<readonly OpenDialog[]>, said: Signal<Words | null> }} props
 */
function Layer({ messages, menu, dialogs, said }) {
  const open = dialogs.value;
  const top = html`
    ${menu.value &&
      html`<${Menu} key=${menu.value.at.join()} ...${menu.value} onClose=${() => (menu.value = null)} />`}
    <${Toasts} messages=${messages} />
    <div class="visually-hidden" role="status" aria-live="polite">
      ${said.value && html`<p key=${said.value}>${sayWords(said.value)}</p>`}
    </div>
  `;
  return html`
    ${open.map(({ key, title, wide, body, cancel }, index) =>
      html`<${Dialog} key=${key} title=${title} wide=${wide} onClose=${cancel} floating=${
        index === open.length - 1 ? top : null
      }>
        ${body}
      <//>`
    )}
    ${open.length === 0 && top}
  `;
}
