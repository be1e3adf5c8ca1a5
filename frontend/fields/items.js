/** A list of values that are entered alike. */

/** @import { JSONValue } from "../interfaces.d.ts" */
/** @import { ControlProps } from "./field.js" */

import { useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { say } from "../ui/texts.js";
import { CurveField } from "./curve.js";
import { firstValue } from "./widgets.js";

/**
 * Gives a list in which an item has another place.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} from
 * @param {number} to Kept within the list.
 * @returns {T[]}
 */
export function moved(items, from, to) {
  const rest = items.filter((_, index) => index !== from);
  const place = Math.max(0, Math.min(rest.length, to));
  return [...rest.slice(0, place), items[from], ...rest.slice(place)];
}

/**
 * Shows a list: items are added, removed, and moved with Alt and the arrow keys. Numbers can be drawn as a curve, too.
 *
 * @param {ControlProps} props
 */
export function ItemsField(props) {
  const { editor, widget, value, fallback, onChange, describedBy } = props;
  const [isCurve, setCurve] = useState(false);
  const item = /** @type {Record<string, JSONValue> | null} */ (widget?.item ?? null);
  const given = value ?? fallback;
  const items = Array.isArray(given) ? given : [];
  const isNumeric = item?.kind === "number" || item?.kind === "slider";
  /** @param {number} from @param {number} to */
  const move = (from, to) => {
    if (to < 0 || to >= items.length) return;
    onChange(moved(items, from, to));
    editor.ui.announce({ id: "field.moved", with: { place: to + 1, count: items.length } });
  };
  const body = isNumeric && isCurve ? html`<${CurveField} ...${props} value=${items} />` : html`<ol>
      ${
    items.map((one, index) => html`<${Item} key=${index} ...${{ props, item, one, index, items, move }} />`)
  }
    </ol>`;
  return html`<div class="items" aria-describedby=${describedBy}>
    ${body}
    <div class="items-foot">
      <button type="button" class="quiet" onClick=${() =>
    onChange([...items, items.at(-1) ?? firstValue(item)])}>
        <${Icon} name="add" />${say("field.add-item")}
      </button>
      ${
    isNumeric && html`<button type="button" class="quiet" aria-pressed=${String(isCurve)} onClick=${() =>
      setCurve(!isCurve)}>
        ${say("field.curve")}
      </button>`
  }
    </div>
  </div>`;
}

/**
 * @param {{ props: ControlProps, item: Record<string, JSONValue> | null, one: JSONValue, index: number,
 *   items: readonly JSONValue[], move: (from: number, to: number) => void }} props
 */
function Item({ props, item, one, index, items, move }) {
  const label = say("field.item", { label: props.label, place: index + 1 });
  /** @type {ControlProps["onChange"]} */
  const change = (value, options) =>
    props.onChange(items.map((old, at) => at === index ? value ?? firstValue(item) : old), options);
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move(index, index + step);
  };
  const own = {
    id: `${props.id}-${index}`,
    label,
    widget: item,
    value: one,
    fallback: undefined,
    at: undefined,
    labelledBy: undefined,
    onChange: change,
  };
  return html`
    <li onKeyDownCapture=${hearKey}>
      <${props.controlFor(item)} ...${props} ...${own} />
      <button type="button" class="quiet" aria-label=${say("field.remove-item", { label })}
        onClick=${() =>
          props.onChange(items.filter((_, at) => at !== index))}><${Icon} name="close" /></button>
    </li>
  `;
}
