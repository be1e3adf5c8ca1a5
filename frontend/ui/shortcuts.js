/** The sheet of keys, in which they can be changed. */

/** @import { Command, Commands, Ui } from "../interfaces.d.ts" */

import { useState } from "preact/hooks";
import { commandsOfKeys } from "./commands.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { keysOf, showKeys } from "./keymap.js";
import { matching } from "./matching.js";
import { hasText, say } from "./texts.js";

/**
 * Opens the sheet.
 *
 * @param {Ui} ui
 * @param {Commands} commands
 */
export const openShortcuts = (ui, commands) =>
  ui.dialog({
    title: { id: "shortcuts.title" },
    wide: true,
    body: () => html`<${Sheet} commands=${commands} />`,
  });

/** @param {{ commands: Commands }} props */
function Sheet({ commands }) {
  const [query, setQuery] = useState("");
  const found = matching(
    commands.all.value,
    query,
    ({ id }) => `${say(`command.${id}`)} ${commands.keys(id).map((keys) => showKeys(keys)).join(" ")}`,
  );
  const groups = Map.groupBy(found, ({ id }) => id.split(".")[0]);
  return html`<div class="shortcuts">
    <input type="search" autofocus aria-label=${say("shortcuts.search")} placeholder=${
    say("shortcuts.search")
  } value=${query}
      onInput=${(/** @type {Event} */ event) =>
    setQuery(/** @type {HTMLInputElement} */ (event.currentTarget).value)} />
    ${
    [...groups].map(([group, entries]) =>
      html`
        <section key=${group}>
          <h3>${hasText(`commands.${group}`) ? say(`commands.${group}`) : group}</h3>
          <ul>${entries.map((command) =>
            html`<${Line} key=${command.id} ...${{ command, commands }} />`
          )}</ul>
        </section>
      `
    )
  }
  </div>`;
}

/** @param {{ command: Command, commands: Commands }} props */
function Line({ command: { id, keys: usual = [] }, commands }) {
  const [isListening, setListening] = useState(false);
  const [taken, setTaken] = useState(/** @type {{ keys: string, by: string } | null} */ (null));
  const keys = commands.keys(id);
  const title = say(`command.${id}`);
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    if (!isListening) return;
    event.preventDefault();
    event.stopPropagation();
    const pressed = keysOf(event);
    if (pressed === null) return;
    setListening(false);
    if (pressed === "Escape") return;
    const [other] = commandsOfKeys(commands, pressed, id);
    if (other) setTaken({ keys: pressed, by: other.id });
    else commands.setKeys(id, [pressed]);
  };
  /** Gives the keys to this command alone. @param {{ keys: string, by: string }} conflict */
  const takeOver = (conflict) => {
    commands.setKeys(conflict.by, commands.keys(conflict.by).filter((one) => one !== conflict.keys));
    commands.setKeys(id, [conflict.keys]);
    setTaken(null);
  };
  const isChanged = keys.join() !== usual.join();
  return html`<li>
    <span>${title}</span>
    <button type="button" class="quiet" data-tip=${say("shortcuts.change", { command: title })}
      aria-pressed=${String(isListening)} onClick=${() =>
    setListening(!isListening)} onKeyDown=${hear} onBlur=${() => setListening(false)}>
      <span class="visually-hidden">${say("shortcuts.change", { command: title })}</span>
      ${isListening ? say("shortcuts.press") : shownKeys(keys)}
    </button>
    ${
    isChanged && html`
      <button type="button" class="quiet" aria-label=${say("field.reset", { label: title })} data-tip=${say(
        "field.reset",
        { label: title },
      )}
        onClick=${() => commands.setKeys(id, null)}><${Icon} name="reset" /></button>
    `
  }
    ${
    taken &&
    html`<${TakenKeys} ...${taken} onTake=${() => takeOver(taken)} onLeave=${() => setTaken(null)} />`
  }
  </li>`;
}

/** @param {readonly string[]} keys */
const shownKeys = (keys) => keys.length > 0 ? keys.map((one) => html`<kbd>${showKeys(one)}</kbd>`) : "–";

/** @param {{ keys: string, by: string, onTake: () => void, onLeave: () => void }} props */
const TakenKeys = ({ keys, by, onTake, onLeave }) =>
  html`
    <p role="alert">
      ${say("shortcuts.taken", { keys: showKeys(keys), command: say(`command.${by}`) })}
      <button type="button" onClick=${onTake}>${say("shortcuts.take")}</button>
      <button type="button" onClick=${onLeave}>${say("ui.cancel")}</button>
    </p>
  `;
