/**
 * Sockets that are inputs and outputs of the workflow itself, and so stand in its form.
 *
 * @import { Editor, MenuEntry, Socket } from "../interfaces.d.ts"
 */

import { exposeInput, exposeOutput, hide, portAt } from "../model/edits/signature.js";
import { say } from "../ui/texts.js";
import { attempt } from "./hands/edits.js";

/**
 * The menu entry that makes a socket part of the workflow's own sockets, or takes it out again.
 *
 * @param {Editor} editor
 * @param {Socket} socket
 * @returns {MenuEntry}
 */
export const exposingEntry = (editor, socket) => {
  const { side } = socket;
  if (portAt(editor.document.peek(), socket) !== null) {
    return {
      title: say(`menu.socket.hide-${side}`),
      run: () => void attempt(editor, { id: "step.hide" }, hide(editor.document.peek(), socket)),
    };
  }
  const expose = side === "input" ? exposeInput : exposeOutput;
  return {
    title: say(`menu.socket.expose-${side}`),
    run: () =>
      void attempt(editor, { id: "step.expose" }, expose(editor.document.peek(), editor.catalog, socket)),
  };
};
