/**
 * Commands that put nodes in order.
 *
 * @import { Command, Editor } from "../interfaces.d.ts"
 * @import { Edge } from "../model/edits/arrange.js"
 */

import { align, distribute, laidOut, toLayOut } from "../model/edits/arrange.js";
import { layout } from "../model/layout.js";
import { selectedNodes } from "./editing.js";
import { commandEntry } from "./menus.js";

const EDGES =
  /** @type {const} @satisfies {readonly Edge[]} */ (["left", "center", "right", "top", "middle", "bottom"]);
const AXES = /** @type {const} */ ({ across: "x", down: "y" });

/**
 * Lays out the selected nodes, or all where fewer than two are selected.
 *
 * @param {Editor} editor
 */
const tidyUp = (editor) => {
  const document = editor.document.peek();
  const chosen = selectedNodes(editor);
  const ids = chosen.length > 1 ? chosen : Object.keys(document.nodes);
  const { nodes, links } = toLayOut(document, editor.plane.boxes.peek(), ids);
  const places = layout(nodes, links);
  editor.perform({ id: "step.tidy" }, laidOut(document, places).op);
  const bounds = editor.plane.bounds(places.keys());
  if (bounds !== null) editor.viewport.reveal(bounds);
};

/**
 * The commands.
 *
 * @param {Editor} editor
 * @returns {Command[]}
 */
export const arrangingCommands = (editor) => {
  const { document, plane, ui } = editor;
  const several = () => selectedNodes(editor).length > 1;
  const ids = [
    ...EDGES.map((edge) => `edit.align-${edge}`),
    ...Object.keys(AXES).map((axis) => `edit.distribute-${axis}`),
  ];
  const openMenu = () => {
    const bounds = plane.bounds(selectedNodes(editor));
    const at = editor.viewport.toClient(bounds === null ? [0, 0] : [bounds.x, bounds.y]);
    ui.menu(at, ids.flatMap((id) => commandEntry(editor, id)));
  };
  return [
    { id: "edit.arrange", keys: ["Shift+L"], isEnabled: several, run: openMenu },
    ...EDGES.map((edge) => ({
      id: `edit.align-${edge}`,
      isEnabled: several,
      run: () =>
        editor.perform(
          { id: "step.align" },
          align(document.peek(), plane.boxes.peek(), selectedNodes(editor), edge).op,
        ),
    })),
    ...Object.entries(AXES).map(([name, axis]) => ({
      id: `edit.distribute-${name}`,
      isEnabled: () => selectedNodes(editor).length > 2,
      run: () =>
        editor.perform(
          { id: "step.distribute" },
          distribute(document.peek(), plane.boxes.peek(), selectedNodes(editor), axis).op,
        ),
    })),
    { id: "edit.tidy", keys: ["T"], run: () => tidyUp(editor) },
  ];
};
