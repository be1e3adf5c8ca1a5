/** A seed of random numbers: a number, a button that draws another, and how it changes from run to run. */

/** @import { ControlProps } from "./field.js" */

import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { say } from "../ui/texts.js";
import { drawSeed, seedMode, setSeedMode } from "../model/seeds.js";
import { NumberField } from "./number.js";

const MODES = /** @type {const} */ ({ fixed: "lock", random: "shuffle", step: "step" });

/**
 * Shows a seed.
 *
 * @param {ControlProps} props
 */
export function SeedField(props) {
  const { editor, label, at, onChange } = props;
  return html`<div class="seed">
    <${NumberField} ...${props} />
    <button type="button" class="quiet" aria-label=${say("field.draw-seed", { label })} data-tip=${
    say("field.draw-seed", { label })
  }
      onClick=${() => onChange(drawSeed())}><${Icon} name="dice" /></button>
    ${at !== undefined && html`<${Mode} editor=${editor} at=${at} label=${label} />`}
  </div>`;
}

/** @param {{ editor: ControlProps["editor"], at: string, label: string }} props */
function Mode({ editor, at, label }) {
  const mode = seedMode(editor.document.value, at);
  const title = `${label}: ${say(`field.seed.${mode}`)}`;
  /** @param {MouseEvent} event */
  const open = (event) => {
    const { left, bottom } = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const entries = /** @type {(keyof typeof MODES)[]} */ (Object.keys(MODES)).map((name) => ({
      title: say(`field.seed.${name}`),
      checked: name === mode,
      run: () => editor.perform({ id: "edit.seed-mode" }, setSeedMode(editor.document.peek(), at, name)),
    }));
    editor.ui.menu([left, bottom], entries);
  };
  return html`
    <button type="button" class="quiet" aria-haspopup="menu" aria-label=${title} data-tip=${title}
      data-mode=${mode} onClick=${open}><${Icon} name=${MODES[mode]} /></button>
  `;
}
