/** The dialog in which the settings are changed; each change holds at once. */

/** @import { Signal } from "@preact/signals" */
/** @import { Settings, Ui } from "../interfaces.d.ts" */

import { useId } from "preact/hooks";
import { html } from "./html.js";
import { LANGUAGES, say } from "./texts.js";

/**
 * Opens the dialog.
 *
 * @param {Ui} ui
 * @param {Settings} settings
 */
export const openSettings = (ui, settings) =>
  ui.dialog({ title: { id: "settings.title" }, body: () => html`<${Form} settings=${settings} />` });

/** @param {{ settings: Settings }} props */
const Form = ({ settings }) =>
  html`
    <form class="settings" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <${Choice} label=${say("settings.theme")} setting=${settings.theme} autofocus
        words=${{
          system: say("settings.system"),
          dark: say("settings.dark"),
          light: say("settings.light"),
        }} />
      <${Choice} label=${say("settings.language")} setting=${settings.language}
        words=${{ system: say("settings.system"), ...LANGUAGES }} />
      <${Choice} label=${say("settings.wires")} setting=${settings.wireStyle}
        words=${Object.fromEntries(
          ["curved", "straight", "angled", "hidden"].map((style) => [style, say(`settings.wires.${style}`)]),
        )} />
      <${Switch} label=${say("settings.snap-grid")} setting=${settings.snapToGrid} />
      <${Switch} label=${say("settings.snap-neighbours")} setting=${settings.snapToNeighbours} />
      <${Switch} label=${say("settings.minimap")} setting=${settings.minimap} />
      <${Switch} label=${say("settings.live-run")} setting=${settings.liveRun} />
    </form>
  `;

/** @param {{ label: string, setting: Signal<string>, words: Record<string, string>, autofocus?: boolean }} props */
function Choice({ label, setting, words, autofocus = false }) {
  const id = useId();
  return html`
    <label for=${id}>${label}</label>
    <select id=${id} value=${setting.value} autofocus=${autofocus}
      onChange=${(
        /** @type {Event} */ event,
      ) => (setting.value = /** @type {HTMLSelectElement} */ (event.currentTarget).value)}>
          ${Object.entries(words).map(([value, word]) =>
            html`<option key=${value} value=${value}>${word}</option>`
          )}
        </select>
  `;
}

/** @param {{ label: string, setting: Signal<boolean> }} props */
function Switch({ label, setting }) {
  const id = useId();
  return html`
    <label for=${id}>${label}</label>
    <input id=${id} type="checkbox" role="switch" class="switch" checked=${setting.value}
      onChange=${(
        /** @type {Event} */ event,
      ) => (setting.value = /** @type {HTMLInputElement} */ (event.currentTarget).checked)} />
  `;
}
