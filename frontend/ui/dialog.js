/** Modal dialogs. */

/** @import { ComponentChildren } from "preact" */
/** @import { Words } from "../interfaces.d.ts" */

import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { say, sayWords } from "./texts.js";

/**
 * Shows a modal dialog; Escape and the cross close it.
 *
 * @param {{ title: Words, wide?: boolean, onClose: () => void, children?: ComponentChildren, floating?: ComponentChildren }} props
 */
export function Dialog({ title, wide, onClose, children, floating }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  useLayoutEffect(() => {
    const dialog = /** @type {HTMLDialogElement} */ (element.current);
    dialog.showModal();
    // What floats above the dialog has to be shown after it.
    setOpen(true);
    return () => dialog.close();
  }, []);
  /** @param {Event} event */
  const cancel = (event) => {
    // A file picker inside the dialog tells of its own cancelling, too.
    if (event.target !== element.current) return;
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${element} class=${
    wide ? "dialog wide" : "dialog"
  } aria-labelledby=${id} onCancel=${cancel}>
    <header>
      <h2 id=${id}>${sayWords(title)}</h2>
      <button type="button" class="quiet" aria-label=${
    say("ui.close")
  } onClick=${onClose}><${Icon} name="close" /></button>
    </header>
    <div class="dialog-body">${children}</div>
    ${isOpen && floating}
  </dialog>`;
}

/**
 * Asks whether something is to be done.
 *
 * @param {{ action: Words, close: (answer: boolean) => void }} props
 */
export const Confirm = ({ action, close }) =>
  html`
    <div class="buttons">
      <button type="button" onClick=${() => close(false)}>${say("ui.cancel")}</button>
      <button type="button" class="primary" autofocus onClick=${() => close(true)}>${sayWords(
        action,
      )}</button>
    </div>
  `;

/**
 * Asks for a text.
 *
 * @param {{ label: Words, value?: string, action?: Words, check?: (text: string) => Words | null, close: (text: string | null) => void }} props
 */
export function Ask({ label, value = "", action, check, close }) {
  const [text, setText] = useState(value);
  const id = useId();
  const fault = check?.(text) ?? null;
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (fault === null) close(text);
  };
  return html`
    <form onSubmit=${submit}>
      <input type="text" autofocus value=${text} aria-label=${sayWords(label)} aria-describedby=${fault
        ? id
        : null}
        aria-invalid=${fault ? "true" : null} onFocus=${selectAll} onInput=${(/** @type {Event} */ event) =>
          setText(/** @type {HTMLInputElement} */ (event.currentTarget).value)} />
      <p id=${id} class="fault" role="status">${fault && text !== value ? sayWords(fault) : ""}</p>
      <div class="buttons">
        <button type="button" onClick=${() => close(null)}>${say("ui.cancel")}</button>
        <button type="submit" class="primary" disabled=${fault !== null}>${sayWords(
          action ?? { id: "ui.ok" },
        )}</button>
      </div>
    </form>
  `;
}

/** @param {Event} event */
const selectAll = (event) => /** @type {HTMLInputElement} */ (event.currentTarget).select();
