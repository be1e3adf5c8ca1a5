/** Short messages that go away by themselves. */

/** @import { Signal } from "@preact/signals" */
/** @import { Words } from "../interfaces.d.ts" */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { say, sayWords } from "./texts.js";

/** @typedef {{ key: number, words: Words | string, kind: "info" | "ok" | "error", action?: { words: Words, run(): void } }} Message */

/** Milliseconds that a message stays: enough to read it, and twice as long where something can be done. */
const STAY = { info: 5_000, ok: 4_000, error: 12_000 };
const ICON = { info: "info", ok: "check", error: "error" };

/**
 * Shows the messages, the newest last, above everything else on the page.
 *
 * @param {{ messages: Signal<readonly Message[]> }} props
 */
export function Toasts({ messages }) {
  const element = useRef(/** @type {HTMLDivElement | null} */ (null));
  const shown = messages.value;
  const newest = shown.at(-1)?.key;
  // What enters the top layer last lies above the others, so a dialog that came since must not hide the messages.
  useLayoutEffect(() => {
    if (newest === undefined) return;
    element.current?.hidePopover();
    element.current?.showPopover();
  }, [newest]);
  /** @param {Message} message */
  const dismiss = (message) => (messages.value = messages.peek().filter((other) => other !== message));
  return html`<div ref=${element} popover="manual" class="toasts" role="region" aria-label=${
    say("ui.messages")
  }>
    ${shown.map((message) => html`<${Toast} key=${message.key} message=${message} dismiss=${dismiss} />`)}
  </div>`;
}

/** @param {{ message: Message, dismiss: (message: Message) => void }} props */
function Toast({ message, dismiss }) {
  const { words, kind, action } = message;
  const element = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    const timer = setInterval(() => {
      // Nothing goes away under the pointer or while it has the focus.
      if (!element.current?.matches(":hover, :focus-within")) dismiss(message);
    }, STAY[kind] * (action ? 2 : 1));
    return () => clearInterval(timer);
  }, []);
  const act = () => {
    dismiss(message);
    action?.run();
  };
  return html`<div ref=${element} class=${`toast ${kind}`} role=${kind === "error" ? "alert" : "status"}>
    <${Icon} name=${ICON[kind]} />
    <span>${sayWords(words)}</span>
    ${action && html`<button type="button" onClick=${act}>${sayWords(action.words)}</button>`}
    <button type="button" class="quiet" aria-label=${say("ui.dismiss")} onClick=${() => dismiss(message)}>
      <${Icon} name="close" />
    </button>
  </div>`;
}
