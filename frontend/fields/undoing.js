/** Undoing while a field has the focus. */

/** @import { Editor } from "../interfaces.d.ts" */

import { keysOf } from "../ui/keymap.js";

/**
 * Undoes or redoes a change of the document where the keys of an event say so. A browser would only take back what was
 * typed into this one element, and would not know what has happened since.
 *
 * @param {Editor} editor
 * @param {KeyboardEvent} event
 * @returns {boolean} Whether they said so.
 */
export function undoes({ commands }, event) {
  const keys = keysOf(event) ?? "";
  const command = ["edit.undo", "edit.redo"].find((id) => commands.keys(id).includes(keys));
  if (!command) return false;
  event.preventDefault();
  commands.run(command);
  return true;
}
