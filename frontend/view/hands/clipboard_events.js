/**
 * The browser's own copy, cut and paste, which work without a permission and in every window.
 *
 * @import { Editor, Point } from "../../interfaces.d.ts"
 */

import { takesText } from "../../ui/keymap.js";
import { copied, pasteText, remove } from "../editing.js";

/** @type {(event: Event) => boolean} */
const isAboutText = (event) => takesText(event.composedPath()[0]) || getSelection()?.isCollapsed === false;

/**
 * Where what is pasted belongs: at the pointer when it is over the canvas, else in the middle of what is seen.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @param {Point} pointer
 * @returns {Point}
 */
const pasteAt = (host, editor, [x, y]) => {
  const { left, top, right, bottom } = host.getBoundingClientRect();
  const isInside = x > left && x < right && y > top && y < bottom;
  return editor.viewport.toGraph(isInside ? [x, y] : [(left + right) / 2, (top + bottom) / 2]);
};

/**
 * Hears the clipboard.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @param {{ signal: AbortSignal, pointer: () => Point }} options
 */
export const listenForClipboard = (host, editor, { signal, pointer }) => {
  let withLinks = false;
  // The event of pasting does not say which keys were pressed.
  addEventListener("keydown", (event) => {
    withLinks = event.shiftKey && event.key.toLowerCase() === "v";
  }, { signal, capture: true });

  /** @type {(event: ClipboardEvent) => boolean} */
  const take = (event) => {
    const text = isAboutText(event) ? null : copied(editor);
    if (text === null) return false;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    editor.ui.announce({ id: "hands.copied", with: { count: editor.selection.peek().nodes.peek().size } });
    return true;
  };
  addEventListener("copy", take, { signal });
  addEventListener("cut", (event) => {
    if (take(event)) remove(editor);
  }, { signal });
  addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (event.defaultPrevented || isAboutText(event) || text === "") return;
    event.preventDefault();
    pasteText(editor, text, pasteAt(host, editor, pointer()), { withLinks });
  }, { signal });
};
