/**
 * What commands do to what is selected.
 *
 * @import { Editor, Frame, Note, Point } from "../interfaces.d.ts"
 */

import { copy, paste } from "../model/clipboard.js";
import { duplicate } from "../model/edits/copies.js";
import { dissolve } from "../model/edits/dissolve.js";
import { toggleMode } from "../model/edits/nodes.js";
import { together } from "../model/edits/outcome.js";
import { attempt, disconnectAll, pulledOut } from "./hands/edits.js";
import { movable } from "./hands/move.js";
import { SIZES } from "./metrics.js";
import { boundsOf, union } from "./plane.js";

/** Room of a frame around what it holds. */
const FRAME_PAD = 24;

/** Size of a new note and of a frame around nothing. */
const NOTE_SIZE = /** @type {Point} */ ([272, 160]);
const FRAME_SIZE = /** @type {Point} */ ([480, 320]);

/**
 * The selected nodes that there are, by id.
 *
 * @param {Editor} editor
 * @returns {string[]}
 */
export const selectedNodes = (editor) => {
  const { nodes } = editor.document.peek();
  return [...editor.selection.peek().nodes.peek()].filter((id) => Object.hasOwn(nodes, id));
};

/** @type {(editor: Editor) => boolean} */
export const hasNodes = (editor) => editor.selection.peek().nodes.peek().size > 0;

/** @type {(editor: Editor) => boolean} */
export const hasSheets = (editor) => {
  const { frames, notes } = editor.selection.peek();
  return frames.peek().size + notes.peek().size > 0;
};

/**
 * Deletes what is selected; frames go without what is in them.
 *
 * @param {Editor} editor
 */
export const remove = (editor) => {
  const { frames, notes, wire } = editor.selection.peek();
  const { view } = editor.document.peek();
  const nodes = selectedNodes(editor);
  const key = wire.peek();
  if (key !== null && nodes.length === 0) return disconnectAll(editor, [key]);
  const op = together(
    frames.peek().size > 0 &&
      { op: "set-frames", frames: view.frames.filter(({ id }) => !frames.peek().has(id)) },
    notes.peek().size > 0 && { op: "set-notes", notes: view.notes.filter(({ id }) => !notes.peek().has(id)) },
    nodes.length > 0 && { op: "remove-nodes", nodes },
  );
  const count = nodes.length + frames.peek().size + notes.peek().size;
  if (count === 0) return;
  editor.perform({ id: "step.delete", with: { count } }, op);
  editor.selection.peek().clear();
  editor.ui.announce({ id: "hands.deleted", with: { count } });
};

/**
 * Deletes the selected nodes and heals the wires that ran through them.
 *
 * @param {Editor} editor
 */
export const dissolveSelected = (editor) => {
  const ids = selectedNodes(editor);
  attempt(editor, { id: "step.dissolve" }, dissolve(editor.document.peek(), editor.catalog, ids));
  editor.selection.peek().clear();
  editor.ui.announce({ id: "hands.deleted", with: { count: ids.length } });
};

/**
 * Pulls the selected nodes out of their wires; they stay where they are.
 *
 * @param {Editor} editor
 */
export const pullOutSelected = (editor) =>
  editor.perform({ id: "step.pull-out" }, pulledOut(editor, selectedNodes(editor)));

/**
 * What is selected as text, with what lies in selected frames; null where nothing is.
 *
 * @param {Editor} editor
 * @returns {string | null}
 */
export const copied = (editor) => {
  const { nodes, ...sheets } = movable(editor);
  const ids = [...nodes.union(new Set(selectedNodes(editor)))];
  if (ids.length + sheets.frames.size + sheets.notes.size === 0) return null;
  return copy(editor.document.peek(), ids, sheets);
};

/**
 * Adds the nodes of a text that was copied, and selects them.
 *
 * @param {Editor} editor
 * @param {string} text
 * @param {Point} at Where the corner of what is pasted goes.
 * @param {{ withLinks: boolean }} options Whether the copies are also fed by what fed the originals.
 */
export const pasteText = (editor, text, at, options) => {
  const done = attempt(
    editor,
    { id: "step.paste" },
    paste(editor.document.peek(), editor.catalog, text, at, options),
  );
  if (done === null) return;
  editor.selection.peek().set(done.made);
  editor.ui.announce({ id: "hands.pasted", with: { count: done.made.nodes.length } });
};

/**
 * Copies what is selected beside itself.
 *
 * @param {Editor} editor
 */
export const duplicateSelected = (editor) => {
  const { op, made } = duplicate(editor.document.peek(), movable(editor));
  editor.perform({ id: "step.duplicate" }, op);
  editor.selection.peek().set(made);
  editor.ui.announce({ id: "hands.pasted", with: { count: made.nodes.length } });
};

/**
 * Sets what the selected nodes do in a run; where all do that already, they run as usual again.
 *
 * @param {Editor} editor
 * @param {"bypass" | "off"} mode
 */
export const switchMode = (editor, mode) => {
  attempt(editor, { id: `step.${mode}` }, toggleMode(editor.document.peek(), selectedNodes(editor), mode));
};

/**
 * Turns a way in which nodes are shown on; or off, where it is on for all of them.
 *
 * @param {Editor} editor
 * @param {"collapsed" | "pinned"} look
 */
export const toggleLook = (editor, look) => {
  const { view } = editor.document.peek();
  const ids = selectedNodes(editor);
  const value = ids.every((id) => view.nodes[id]?.[look] === true) ? null : true;
  const looks = Object.fromEntries(ids.map((id) => [id, { [look]: value }]));
  editor.perform({ id: `step.${look}` }, { op: "set-looks", looks });
};

/** @type {(editor: Editor) => Point} */
const middleOfView = ({ viewport }) => {
  const { width, height } = viewport.size.peek();
  const { x, y, zoom } = viewport.state.peek();
  return [(width / 2 - x) / zoom, (height / 2 - y) / zoom];
};

/** @type {(sheets: readonly { id: string }[], stem: string) => string} */
const freshId = (sheets, stem) => {
  const taken = new Set(sheets.map(({ id }) => id));
  let number = 1;
  while (taken.has(`${stem}-${number}`)) number++;
  return `${stem}-${number}`;
};

/**
 * Puts a frame around what is selected, or an empty one into the middle of the view.
 *
 * @param {Editor} editor
 * @param {string} title
 */
export const addFrame = (editor, title) => {
  const { view } = editor.document.peek();
  const { notes } = editor.selection.peek();
  const inside = union([
    ...selectedNodes(editor).flatMap((id) => editor.plane.boxes.peek().get(id) ?? []),
    ...view.notes.filter(({ id }) => notes.peek().has(id)).map(boundsOf),
  ]);
  const middle = middleOfView(editor);
  const around = inside === null ? { at: middle, size: FRAME_SIZE } : {
    at: /** @type {Point} */ ([inside.x - FRAME_PAD, inside.y - FRAME_PAD - SIZES.frameTitle]),
    size:
      /** @type {Point} */ ([inside.width + 2 * FRAME_PAD, inside.height + 2 * FRAME_PAD + SIZES.frameTitle]),
  };
  /** @type {Frame} */
  const frame = { id: freshId(view.frames, "frame"), title, ...around };
  editor.perform({ id: "step.frame" }, { op: "set-frames", frames: [...view.frames, frame] });
  editor.selection.peek().set({ frames: [frame.id] });
};

/**
 * Adds an empty note.
 *
 * @param {Editor} editor
 * @param {Point} [at] The middle of the view where it is not given.
 */
export const addNote = (editor, at = middleOfView(editor)) => {
  const { notes } = editor.document.peek().view;
  /** @type {Note} */
  const note = {
    id: freshId(notes, "note"),
    at: [Math.round(at[0]), Math.round(at[1])],
    size: NOTE_SIZE,
    text: "",
  };
  editor.perform({ id: "step.note" }, { op: "set-notes", notes: [...notes, note] });
  editor.selection.peek().set({ notes: [note.id] });
};
