/** The open documents: show, rename, close, begin a new one. */

import { useEffect, useRef, useState } from "preact/hooks";
import { homeOf } from "../net/parts.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { closeTab, newDocument } from "./document_actions.js";
import { IconButton } from "./pieces.js";
import { tabTitle } from "./titles.js";

/** @import { Editor, Tab } from "../interfaces.d.ts" */

/**
 * The open documents, in a row.
 *
 * @param {{ editor: Editor }} props
 */
export const TabStrip = ({ editor }) =>
  html`
    <nav class="tab-strip" aria-label=${say("panels.tabs")}>
      <ul>
          ${editor.tabs.all.value.map((tab) =>
            html`<${TabItem} key=${tab.id} editor=${editor} tab=${tab} />`
          )}
        </ul>
      <${IconButton}
        icon="add"
        label=${say("command.document.new")}
        keys=${editor.commands.keys("document.new")[0]}
        onClick=${() => newDocument(editor)}
      />
    </nav>
  `;

/** @param {{ editor: Editor, tab: Tab }} props */
const TabItem = ({ editor, tab }) => {
  const [isRenaming, setRenaming] = useState(false);
  const isCurrent = editor.tabs.current.value.id === tab.id;
  const title = tabTitle(tab);
  const home = homeOf(editor.tabs.all.value, tab);
  const isDirty = tab.isDirty.value;
  const close = () => closeTab(editor, tab);
  const item = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (isCurrent) item.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isCurrent]);
  if (isRenaming) {
    return html`
      <li class="tab current">
        <${TitleField} editor=${editor} tab=${tab} onEnd=${() => setRenaming(false)} />
      </li>
    `;
  }
  return html`
    <li class=${`tab ${isCurrent ? "current" : ""}`} ref=${item} onAuxClick=${onMiddle(close)}>
      <button
        type="button"
        class="tab-title"
        aria-current=${isCurrent ? "page" : undefined}
        title=${placeOf(tab, home)}
        onClick=${() => editor.tabs.show(tab.id)}
        onDblClick=${() => setRenaming(true)}
      >${isDirty &&
        html`<span class="dirty" role="img" aria-label=${say("panels.tab.dirty")}></span>`}${home &&
        html`<span class="tab-home">${tabTitle(home)} › </span>`}${title}</button>
      <${IconButton} icon="close" label=${say("panels.tab.close", { title })} onClick=${close} />
    </li>
  `;
};

/** Says where the document of a tab is kept. @type {(tab: Tab, home: Tab | null) => string} */
const placeOf = ({ name, part }, home) => {
  if (home) return say("panels.tab.part", { title: tabTitle(home) });
  return name.value ?? say(part.value ? "panels.tab.copy" : "panels.tab.unsaved");
};

/** @param {{ editor: Editor, tab: Tab, onEnd: () => void }} props */
const TitleField = ({ editor, tab, onEnd }) => {
  const before = tabTitle(tab);
  /** @param {string} text */
  const end = (text) => {
    onEnd();
    const title = text.trim();
    if (title && title !== before) {
      tab.history.perform({ id: "panels.edit.title" }, { op: "set-words", title });
    }
    editor.tabs.show(tab.id);
  };
  return html`
    <input
      class="tab-field"
      aria-label=${say("panels.tab.rename")}
      value=${before}
      maxlength="200"
      ref=${selectAll}
      onBlur=${(/** @type {FocusEvent} */ event) => end(/** @type {HTMLInputElement} */ (event.target).value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => onFieldKey(event, before)}
    />
  `;
};

/** @param {HTMLInputElement | null} field */
const selectAll = (field) => {
  if (field && document.activeElement !== field) {
    field.focus();
    field.select();
  }
};

/**
 * @param {KeyboardEvent} event
 * @param {string} before
 */
const onFieldKey = (event, before) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  event.stopPropagation();
  if (event.key === "Escape") field.value = before;
  if (event.key === "Escape" || event.key === "Enter") field.blur();
};

/** @param {() => void} act */
const onMiddle = (act) => (/** @type {MouseEvent} */ event) => {
  if (event.button === 1) act();
};
