/** A button that opens a list to choose from, with a search. */

/** @import { ControlProps } from "./field.js" */

import { useRef, useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { matching } from "../ui/matching.js";
import { Popover } from "../ui/popover.js";
import { say } from "../ui/texts.js";

/** @typedef {{ value: string, picture?: string | null, badge?: string, note?: string, fault?: string }} Choice */

/**
 * Shows what is chosen; pressing it opens the list.
 *
 * @param {Pick<ControlProps, "id" | "label" | "labelledBy" | "describedBy" | "isWrong"> & { chosen: string, choices: readonly Choice[] | null, onOpen?: () => void, choose: (value: string) => void }} props
 *   `choices` is null while they are being fetched.
 */
export function Picker({ id, label, labelledBy, describedBy, isWrong, chosen, choices, onOpen, choose }) {
  // Not `useId`: nodes are drawn apart from each other, where it would give the same id twice.
  const shown = `${id}-shown`;
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const [isOpen, setOpen] = useState(false);
  const show = () => {
    onOpen?.();
    setOpen(!isOpen);
  };
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    if (isOpen || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    show();
  };
  /** @param {string} value */
  const take = (value) => {
    setOpen(false);
    button.current?.focus();
    choose(value);
  };
  return html`
    <button ref=${button} id=${id} type="button" class="picker" aria-haspopup="listbox"
      aria-expanded=${String(isOpen)}
      aria-label=${labelledBy ? null : `${label}: ${chosen || say("field.none")}`}
      aria-labelledby=${labelledBy ? `${labelledBy} ${shown}` : null} aria-describedby=${describedBy}
      aria-invalid=${isWrong ? "true" : null} onClick=${show} onKeyDown=${hearKey}>
      <span id=${shown}>${chosen || say("field.none")}</span><${Icon} name="chevron-down" />
    </button>
    ${isOpen && button.current && html`
      <${Popover} anchor=${button.current} class="picker-list" onClose=${() => setOpen(false)}>
        <${List} id=${`${id}-list`} label=${label} chosen=${chosen} choices=${choices} take=${take} />
        <//>
    `}
  `;
}

/** @param {{ id: string, label: string, chosen: string, choices: readonly Choice[] | null, take: (value: string) => void }} props */
function List({ id, label, chosen, choices, take }) {
  const [query, setQuery] = useState("");
  const [marked, setMarked] = useState(chosen);
  const found = matching(choices ?? [], query, ({ value, badge = "" }) => `${value} ${badge}`);
  const at = Math.max(0, found.findIndex(({ value }) => value === marked));
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setMarked(found[Math.min(found.length - 1, Math.max(0, at + step))]?.value ?? "");
    } else if (event.key === "Enter" && found[at]) {
      event.preventDefault();
      take(found[at].value);
    }
  };
  return html`
    <input type="search" autofocus role="combobox" aria-expanded="true" aria-autocomplete="list"
      aria-controls=${id}
      aria-activedescendant=${found[at] ? `${id}-${at}` : null} aria-label=${say("field.search", { label })}
      placeholder=${say("field.search", { label })} value=${query} onKeyDown=${hearKey}
      onInput=${(/** @type {Event} */ event) =>
        setQuery(/** @type {HTMLInputElement} */ (event.currentTarget).value)} />
    <div id=${id} role="listbox" aria-label=${label}>
      ${found.map((choice, index) =>
        html`
          <${Row} key=${choice
            .value} id=${`${id}-${index}`} choice=${choice} isChosen=${choice.value === chosen}
            isMarked=${index === at} take=${take} />
        `
      )}
    </div>
    ${found.length === 0 &&
      html`<p class="picker-empty" role="status">${
        say(choices === null ? "field.loading" : "field.nothing-found")
      }</p>`}
  `;
}

/** Lets go of a picture that cannot be had: a file of that name may be anything. @param {Event} event */
const hide = (event) => void (/** @type {HTMLElement} */ (event.currentTarget).hidden = true);

/** @param {{ id: string, choice: Choice, isChosen: boolean, isMarked: boolean, take: (value: string) => void }} props */
function Row({ id, choice: { value, picture, badge, note, fault }, isChosen, isMarked, take }) {
  /** @param {HTMLElement | null} element */
  const reveal = (element) => void (isMarked && element?.scrollIntoView({ block: "nearest" }));
  return html`
    <div id=${id} ref=${reveal} role="option" aria-selected=${String(isChosen)} data-marked=${isMarked
      ? ""
      : null}
      data-tip=${fault} onClick=${() => take(value)}>
          <span class="picker-mark">${isChosen && html`<${Icon} name="check" />`}</span>
          ${picture &&
            html`<img class="picker-picture" src=${picture} alt="" loading="lazy" onError=${hide} />`}
          <span class="picker-value">${value}</span>
          ${badge && html`<span class="picker-badge">${badge}</span>`}
          ${note && html`<span class="picker-note">${note}</span>`}
          ${fault && html`<${Icon} name="warning" label=${fault} />`}
        </div>
  `;
}
