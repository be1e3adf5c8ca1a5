/**
 * Commands that edit what is on the canvas and change what is seen of it.
 *
 * @import { Command, Editor, Point } from "../interfaces.d.ts"
 */

import { downstream, upstream } from "../model/links.js";
import { say } from "../ui/texts.js";
import { arrangingCommands } from "./arranging.js";
import { colorEntries } from "./coloring.js";
import {
  addFrame,
  addNote,
  dissolveSelected,
  duplicateSelected,
  hasNodes,
  hasSheets,
  pasteText,
  pullOutSelected,
  remove,
  selectedNodes,
  switchMode,
  toggleLook,
} from "./editing.js";
import { findNode } from "./finder.js";
import { canvas, currentNode } from "./hands/focus.js";
import { renameFrame, renameNode } from "./naming.js";
import { regroupingCommands } from "./regrouping.js";
import { walkingCommands } from "./walking.js";

/** A step of the zoom by key. */
const ZOOM_STEP = 1.25;

/** How far right of a node the palette offers a new one. */
const BESIDE = 64;

/** @type {(editor: Editor) => Command[]} */
const historyCommands = ({ tabs, ui }) => {
  const history = () => tabs.current.peek().history;
  /** @type {(id: string, position: () => number) => void} */
  const announce = (id, position) => {
    const entry = history().entries.peek()[position()];
    if (entry) ui.announce({ id, with: { step: say(entry.label.id, entry.label.with) } });
  };
  return [
    {
      id: "edit.undo",
      keys: ["Mod+Z"],
      isEnabled: () => history().canUndo.value,
      run: () => {
        if (history().undo()) announce("hands.undone", () => history().position.peek());
      },
    },
    {
      id: "edit.redo",
      keys: ["Mod+Shift+Z", "Mod+Y"],
      isEnabled: () => history().canRedo.value,
      run: () => {
        if (history().redo()) announce("hands.redone", () => history().position.peek() - 1);
      },
    },
  ];
};

/** @type {(editor: Editor) => Point} */
const middleOfCanvas = ({ viewport }) => {
  const { width, height } = viewport.size.peek();
  const box = canvas()?.getBoundingClientRect();
  return [(box?.left ?? 0) + width / 2, (box?.top ?? 0) + height / 2];
};

/** Opens the palette beside the node that the keyboard is at. @type {(editor: Editor) => void} */
const openPalette = (editor) => {
  const node = currentNode(editor);
  const box = node === null ? undefined : editor.plane.boxes.peek().get(node);
  const at = box ? /** @type {Point} */ ([box.x + box.width + BESIDE, box.y]) : null;
  const client = at ? editor.viewport.toClient(at) : middleOfCanvas(editor);
  editor.palette.value = { at: at ?? editor.viewport.toGraph(client), client };
};

/** @type {(editor: Editor) => Command[]} */
const clipboardCommands = (editor) => {
  const { viewport, ui } = editor;
  /** @type {(withLinks: boolean) => Promise<void>} */
  const paste = async (withLinks) => {
    const text = await navigator.clipboard?.readText().catch(() => null);
    if (text) pasteText(editor, text, viewport.toGraph(middleOfCanvas(editor)), { withLinks });
    else ui.toast({ id: "hands.paste.by-key" });
  };
  // The keys are the browser's: it tells of them by events of the clipboard, which need no permission.
  return [
    {
      id: "edit.copy",
      keys: ["Mod+C"],
      isNative: true,
      isEnabled: () => hasNodes(editor) || hasSheets(editor),
      run: () => void document.execCommand("copy"),
    },
    {
      id: "edit.cut",
      keys: ["Mod+X"],
      isNative: true,
      isEnabled: () => hasNodes(editor) || hasSheets(editor),
      run: () => void document.execCommand("cut"),
    },
    { id: "edit.paste", keys: ["Mod+V"], isNative: true, run: () => paste(false) },
    { id: "edit.paste-with-links", keys: ["Mod+Shift+V"], isNative: true, run: () => paste(true) },
  ];
};

/** @type {(editor: Editor) => Command[]} */
const selectionCommands = (editor) => {
  const { selection, document } = editor;
  const has = () => hasNodes(editor);
  /** @type {(reach: typeof upstream) => void} */
  const grow = (reach) => {
    selection.peek().set({ nodes: reach(document.peek(), selectedNodes(editor)) });
    editor.ui.announce({ id: "hands.selected", with: { count: selection.peek().nodes.peek().size } });
  };
  const selectAll = () => {
    const { nodes, view } = document.peek();
    const ids = (/** @type {readonly { id: string }[]} */ sheets) => sheets.map(({ id }) => id);
    selection.peek().set({ nodes: Object.keys(nodes), frames: ids(view.frames), notes: ids(view.notes) });
    editor.ui.announce({ id: "hands.selected", with: { count: Object.keys(nodes).length } });
  };
  return [
    { id: "edit.select-all", keys: ["Mod+A"], run: selectAll },
    {
      id: "edit.select-none",
      keys: ["Escape"],
      isEnabled: () => has() || hasSheets(editor),
      run: () => selection.peek().clear(),
    },
    { id: "edit.select-upstream", keys: ["Mod+ArrowLeft"], isEnabled: has, run: () => grow(upstream) },
    { id: "edit.select-downstream", keys: ["Mod+ArrowRight"], isEnabled: has, run: () => grow(downstream) },
  ];
};

/** @type {(editor: Editor) => void} */
const rename = (editor) => {
  const [node] = selectedNodes(editor);
  const [frame] = editor.selection.peek().frames.peek();
  if (node !== undefined) void renameNode(editor, node);
  else if (frame !== undefined) void renameFrame(editor, frame);
};

/** @type {(editor: Editor) => void} */
const chooseColor = (editor) => {
  const [node] = selectedNodes(editor);
  const box = node === undefined ? undefined : editor.plane.boxes.peek().get(node);
  editor.ui.menu(
    box ? editor.viewport.toClient([box.x, box.y]) : middleOfCanvas(editor),
    colorEntries(editor),
  );
};

/** Opens the palette for what takes the place of the selected nodes. @type {(editor: Editor) => void} */
const offerReplacements = (editor) => {
  const [node] = selectedNodes(editor);
  const box = editor.plane.boxes.peek().get(node);
  if (box === undefined) return;
  const at = /** @type {Point} */ ([box.x, box.y]);
  editor.palette.value = { at, client: editor.viewport.toClient(at), replace: node };
};

/** @type {(editor: Editor) => Promise<void>} */
const frameSelection = async (editor) => {
  const title = await editor.ui.ask({ id: "hands.rename.frame" }, { value: say("hands.frame.title") });
  if (title !== null) addFrame(editor, title.trim());
};

/** @type {(editor: Editor) => Command[]} */
const nodeCommands = (editor) => {
  const has = () => hasNodes(editor);
  const hasAny = () => has() || hasSheets(editor);
  const hasWire = () => editor.selection.peek().wire.peek() !== null;
  return [
    { id: "edit.add-node", keys: ["A", "Shift+A"], run: () => openPalette(editor) },
    { id: "edit.replace-node", keys: ["Shift+S"], isEnabled: has, run: () => offerReplacements(editor) },
    {
      id: "edit.delete",
      keys: ["Delete", "Backspace"],
      isEnabled: () => hasAny() || hasWire(),
      run: () => remove(editor),
    },
    {
      id: "edit.dissolve",
      keys: ["Shift+Delete", "Shift+Backspace"],
      isEnabled: has,
      run: () => dissolveSelected(editor),
    },
    { id: "edit.pull-out", keys: ["Shift+D"], isEnabled: has, run: () => pullOutSelected(editor) },
    { id: "edit.duplicate", keys: ["Mod+D"], isEnabled: hasAny, run: () => duplicateSelected(editor) },
    { id: "edit.frame", keys: ["Mod+G"], run: () => frameSelection(editor) },
    { id: "edit.note", keys: ["Shift+N"], run: () => addNote(editor) },
  ];
};

/** @type {(editor: Editor) => Command[]} */
const lookCommands = (editor) => {
  const has = () => hasNodes(editor);
  const hasAny = () => has() || hasSheets(editor);
  return [
    { id: "edit.rename", keys: ["F2"], isEnabled: hasAny, run: () => rename(editor) },
    { id: "edit.bypass", keys: ["Mod+B"], isEnabled: has, run: () => switchMode(editor, "bypass") },
    { id: "edit.off", keys: ["Mod+M"], isEnabled: has, run: () => switchMode(editor, "off") },
    { id: "edit.collapse", keys: ["C"], isEnabled: has, run: () => toggleLook(editor, "collapsed") },
    { id: "edit.pin", keys: ["P"], isEnabled: has, run: () => toggleLook(editor, "pinned") },
    { id: "edit.color", isEnabled: hasAny, run: () => chooseColor(editor) },
  ];
};

/** @type {(editor: Editor) => Command[]} */
const viewCommands = (editor) => {
  const { viewport, plane } = editor;
  /** @type {(nodes?: Iterable<string>) => void} */
  const fit = (nodes) => {
    const bounds = plane.bounds(nodes);
    if (bounds !== null) viewport.fit(bounds);
  };
  /** @type {(factor: number) => void} */
  const zoom = (factor) => viewport.zoomAt(middleOfCanvas(editor), factor);
  return [
    { id: "view.fit", keys: ["Home"], run: () => fit() },
    {
      id: "view.fit-selection",
      keys: ["F"],
      run: () => fit(hasNodes(editor) ? selectedNodes(editor) : undefined),
    },
    { id: "view.full-size", keys: ["1"], run: () => zoom(1 / viewport.state.peek().zoom) },
    { id: "view.zoom-in", keys: ["+", "="], run: () => zoom(ZOOM_STEP) },
    { id: "view.zoom-out", keys: ["-"], run: () => zoom(1 / ZOOM_STEP) },
    { id: "view.find", keys: ["Mod+F"], whileTyping: true, run: () => findNode(editor) },
    { id: "view.canvas", keys: ["G"], run: () => canvas()?.focus() },
  ];
};

/**
 * Adds the commands of the canvas.
 *
 * @param {Editor} editor
 */
export const registerViewCommands = (editor) =>
  editor.commands.add(
    ...historyCommands(editor),
    ...clipboardCommands(editor),
    ...selectionCommands(editor),
    ...nodeCommands(editor),
    ...lookCommands(editor),
    ...regroupingCommands(editor),
    ...arrangingCommands(editor),
    ...viewCommands(editor),
    ...walkingCommands(editor),
  );
