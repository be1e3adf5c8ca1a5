/**
 * Colours of nodes, frames and notes.
 *
 * @import { Editor, MenuEntry, Op } from "../interfaces.d.ts"
 */

import { say } from "../ui/texts.js";
import { NODE_COLORS } from "./ink.js";

/**
 * @template {{ id: string, color?: string }} S
 * @param {readonly S[]} sheets
 * @param {ReadonlySet<string>} ids
 * @param {string | null} color
 * @returns {S[]}
 */
const painted = (sheets, ids, color) =>
  sheets.map((sheet) => {
    if (!ids.has(sheet.id)) return sheet;
    const { color: _, ...plain } = sheet;
    return /** @type {S} */ (color === null ? plain : { ...plain, color });
  });

/**
 * Paints what is selected.
 *
 * @param {Editor} editor
 * @param {string | null} color One of `NODE_COLORS`; null for none of its own.
 */
export const paint = (editor, color) => {
  const { nodes, frames, notes } = editor.selection.peek();
  const { view } = editor.document.peek();
  const looks = Object.fromEntries([...nodes.peek()].map((id) => [id, { color }]));
  /** @type {Op[]} */
  const ops = [
    { op: "set-looks", looks },
    { op: "set-frames", frames: painted(view.frames, frames.peek(), color) },
    { op: "set-notes", notes: painted(view.notes, notes.peek(), color) },
  ];
  editor.perform({ id: "step.color" }, { op: "together", ops });
};

/** @type {(editor: Editor) => Set<string | null>} */
const colorsNow = (editor) => {
  const { nodes, frames, notes } = editor.selection.peek();
  const { view } = editor.document.peek();
  const sheets = [
    ...view.frames.filter(({ id }) => frames.peek().has(id)),
    ...view.notes.filter(({ id }) => notes.peek().has(id)),
  ];
  const looks = [...nodes.peek()].map((id) => view.nodes[id]);
  return new Set([...sheets, ...looks].map((one) => one?.color ?? null));
};

/**
 * Menu entries that paint what is selected.
 *
 * @param {Editor} editor
 * @returns {MenuEntry[]}
 */
export const colorEntries = (editor) => {
  const now = colorsNow(editor);
  return [null, ...NODE_COLORS].map((color) => ({
    title: say(`color.${color ?? "none"}`),
    checked: now.size === 1 && now.has(color),
    run: () => paint(editor, color),
  }));
};
