/** Fields: how the value of an input is shown and entered, in a node, in a panel or in a form. */

/** @import { FunctionComponent } from "preact" */
/** @import { FieldProps, JSONValue, Words } from "../interfaces.d.ts" */

import { useState } from "preact/hooks";
import { packFields } from "../extensions.js";
import { equal } from "../model/records.js";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { keysOf, showKeys } from "../ui/keymap.js";
import { say, sayNumber, sayWords } from "../ui/texts.js";
import { AnyOfField } from "./any_of.js";
import { ChoiceField } from "./choice.js";
import { ColorField } from "./color.js";
import { ImageFileField } from "./image_file.js";
import { ItemsField } from "./items.js";
import { JsonField } from "./json.js";
import { ModelFileField } from "./model_file.js";
import { NumberField } from "./number.js";
import { numberProblem, rangeOf } from "./numbers.js";
import { OptionsField } from "./options.js";
import { SeedField } from "./seed.js";
import { SliderField } from "./slider.js";
import { TextField } from "./text.js";
import { ToggleField } from "./toggle.js";

/**
 * What a control gets beside what its field got.
 *
 * @typedef {FieldProps & {
 *   labelledBy?: string,
 *   describedBy: string,
 *   isWrong: boolean,
 *   complain: (words: Words | null) => void,
 *   controlFor: (widget: Record<string, JSONValue> | null) => FunctionComponent<ControlProps>,
 * }} ControlProps `complain` says why what is being typed is no value yet; `controlFor` gives the controls of parts.
 */

/** @type {Readonly<Record<string, FunctionComponent<ControlProps>>>} */
const CONTROLS = {
  number: NumberField,
  slider: SliderField,
  seed: SeedField,
  text: TextField,
  choice: ChoiceField,
  options: OptionsField,
  toggle: ToggleField,
  color: ColorField,
  "model-file": ModelFileField,
  "image-file": ImageFileField,
  items: ItemsField,
  "any-of": AnyOfField,
};

const NUMBERS = ["number", "slider", "seed"];
const RESET_KEYS = "Alt+Backspace";
/** Controls that are several elements, which no single label can point to. */
const GROUPS = ["items"];

/**
 * Gives the control for a widget; a kind that nobody knows is entered as JSON.
 *
 * @param {Record<string, JSONValue> | null} widget
 */
export function controlFor(widget) {
  const kind = String(widget?.kind);
  return Object.hasOwn(CONTROLS, kind) ? CONTROLS[kind] : JsonField;
}

/**
 * Gives the field that a pack made for an input of its node, if it did.
 *
 * @param {FieldProps} props
 */
function packField({ editor, at }) {
  if (at === undefined || packFields.value.size === 0) return undefined;
  const dot = at.indexOf(".");
  const type = editor.document.value.nodes[at.slice(0, dot)]?.type;
  return packFields.value.get(`${type}/${at.slice(dot + 1)}`);
}

/**
 * Shows an input with its label, its help and its problems. It looks compact within a node and roomy elsewhere.
 *
 * @param {FieldProps} props
 */
export function Field(props) {
  const { id, label, doc, widget, value, fallback, problems, onChange } = props;
  const [complaint, complain] = useState(/** @type {Words | null} */ (null));
  const sentences = sentencesOf(props, complaint);
  const isWrong = complaint !== null ||
    sentences.length > problems.filter(({ severity }) => severity === "warning").length;
  const kind = String(widget?.kind ?? "json");
  const isGroup = GROUPS.includes(kind);
  // Lists of ids are parted by spaces, which names of nodes may have.
  const prefix = id.replace(/\s/g, "_");
  const describedBy = `${prefix}-doc ${prefix}-problems`;
  const isChanged = value !== undefined && fallback !== undefined && !equal(value, fallback);
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    if (keysOf(event) !== RESET_KEYS || value === undefined || fallback === undefined) return;
    event.preventDefault();
    onChange(undefined);
  };
  const Control = packField(props) ?? controlFor(widget);
  const control = html`<${Control} ...${props} ...${{
    labelledBy: `${prefix}-label`,
    describedBy,
    isWrong,
    complain,
    controlFor,
  }} />`;
  return html`
    <div class="entry" data-kind=${kind} data-wrong=${isWrong ? "" : null} role=${isGroup ? "group" : null}
      aria-label=${isGroup ? label : null} onKeyDown=${hearKey}>
      <div class="entry-label">
          <label id=${`${prefix}-label`} for=${isGroup ? null : id} data-tip=${doc}>${label}</label>
          <span class="entry-limits" aria-hidden="true">${limitsOf(widget)}</span>
          ${isChanged && html`<${Reset} label=${label} reset=${() => onChange(undefined)} />`}
        </div>
      <div class="entry-control" data-tip=${sentences.join("\n") || null}>${control}</div>
      <p id=${`${prefix}-doc`} class="entry-doc">${doc}</p>
      <div id=${`${prefix}-problems`} class="entry-problems" role="status">
          ${sentences.map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
        </div>
    </div>
  `;
}

/** @param {{ label: string, reset: () => void }} props */
const Reset = ({ label, reset }) =>
  html`
    <button type="button" class="quiet entry-reset" aria-label=${say("field.reset", { label })}
      data-tip=${`${say("field.reset", { label })} (${showKeys(RESET_KEYS)})`} aria-keyshortcuts=${RESET_KEYS}
      onClick=${reset}><${Icon} name="reset" /></button>
  `;

/**
 * Says what is wrong: what is typed, what the server found, and until it has answered what is plain here.
 *
 * @param {FieldProps} props
 * @param {Words | null} complaint
 */
function sentencesOf({ widget, value, problems }, complaint) {
  const told = problems.map(({ message, hint }) => hint ? `${message} ${hint}` : message);
  if (complaint) return [sayWords(complaint), ...told];
  if (told.length > 0 || value === undefined || !NUMBERS.includes(String(widget?.kind))) return told;
  const problem = numberProblem(value, rangeOf(widget));
  return problem ? [sayWords(problem)] : [];
}

/**
 * Says between which numbers a number must lie; nothing where there are none.
 *
 * @param {Record<string, JSONValue> | null} widget
 */
function limitsOf(widget) {
  if (widget?.kind !== "number" && widget?.kind !== "slider") return "";
  const { min, max } = rangeOf(widget);
  if (Number.isFinite(min) && Number.isFinite(max)) return `${sayNumber(min)} – ${sayNumber(max)}`;
  if (Number.isFinite(min)) return `≥ ${sayNumber(min)}`;
  return Number.isFinite(max) ? `≤ ${sayNumber(max)}` : "";
}
