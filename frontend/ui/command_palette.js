/** The command palette: everything that can be done, found by typing. */

/** @import { Commands, Ui } from "../interfaces.d.ts" */

import { useId, useState } from "preact/hooks";
import { html } from "./html.js";
import { showKeys } from "./keymap.js";
import { matching } from "./matching.js";
import { say } from "./texts.js";

/**
 * Opens the palette and runs what is chosen in it.
 *
 * @param {Ui} ui
 * @param {Commands} commands
 */
export async function openCommandPalette(ui, commands) {
  const chosen = await ui.dialog({
    title: { id: "palette.title" },
    body: (/** @type {(id: string | null) => void} */ close) =>
      html`<${Palette} commands=${commands} close=${close} />`,
  });
  if (chosen !== null) commands.run(chosen);
}

/** @param {{ commands: Commands, close: (id: string) => void }} props */
function Palette({ commands, close }) {
  const list = useId();
  const [query, setQuery] = useState("");
  const [marked, setMarked] = useState(0);
  const enabled = commands.all.value.filter(({ id }) => commands.isEnabled(id)).map(({ id }) => ({
    id,
    title: say(`command.${id}`),
  }));
  const found = matching(enabled, query, ({ title, id }) => `${title} ${id}`);
  const at = Math.max(0, Math.min(found.length - 1, marked));
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setMarked(Math.max(0, Math.min(found.length - 1, at + step)));
    } else if (event.key === "Enter" && found[at]) {
      event.preventDefault();
      close(found[at].id);
    }
  };
  /** @param {Event} event */
  const type = (event) => {
    setQuery(/** @type {HTMLInputElement} */ (event.currentTarget).value);
    setMarked(0);
  };
  return html`<div class="command-palette">
    <input type="search" autofocus role="combobox" aria-expanded="true" aria-autocomplete="list" aria-controls=${list}
      aria-activedescendant=${found[at] ? `${list}-${at}` : null} aria-label=${say("palette.search")}
      placeholder=${say("palette.search")} value=${query} onInput=${type} onKeyDown=${hearKey} />
    <div id=${list} role="listbox" aria-label=${say("palette.title")}>
      ${
    found.map((entry, index) =>
      html`<${Row} key=${entry.id} id=${`${list}-${index}`} ...${{ entry, commands, close }} isMarked=${
        index === at
      } />`
    )
  }
    </div>
    ${found.length === 0 && html`<p role="status">${say("field.nothing-found")}</p>`}
  </div>`;
}

/** @param {{ id: string, entry: { id: string, title: string }, commands: Commands, isMarked: boolean, close: (id: string) => void }} props */
const Row = ({ id, entry, commands, isMarked, close }) =>
  html`
    <div id=${id} role="option" aria-selected=${String(isMarked)} onClick=${() => close(entry.id)}
      ref=${(/** @type {HTMLElement | null} */ element) =>
        void (isMarked && element?.scrollIntoView({ block: "nearest" }))}>
          <span>${entry.title}</span>
          ${commands.keys(entry.id).slice(0, 1).map((keys) => html`<kbd>${showKeys(keys)}</kbd>`)}
        </div>
  `;
