/**
 * Commands that put nodes in order.
 *
 * @import { Command, Editor } from "../interfaces.d.ts"
 * @import { Edge } from "../model/edits/arrange.js"
 */

import { align, distribute, moveTo } from "../model/edits/arrange.js";
import { together } from "../model/edits/outcome.js";
import { layoutAside } from "../model/layout.js";
import { linksOf } from "../model/links.js";
import { selectedNodes } from "./editing.js";
import { commandEntry } from "./menus.js";

const EDGES =
  /** @type {const} @satisfies {readonly Edge[]} */ (["left", "center", "right", "top", "middle", "bottom"]);
const AXES = /** @type {const} */ ({ across: "x", down: "y" });

/**
 * Lays out the selected nodes, or all where fewer than two are selected. That is computed beside the page; what is done
 * meanwhile stays done.
 *
 * @param {Editor} editor
 */
const tidyUp = async (editor) => {
  const document = editor.document.peek();
  const chosen = selectedNodes(editor);
  const ids = chosen.length > 1 ? chosen : Object.keys(document.nodes);
  const free = ids.flatMap((id) => {
    const box = editor.plane.boxes.peek().get(id);
    return box && box.look.pinned !== true ? [box] : [];
  });
  const moved = new Set(free.map(({ id }) => id));
  const links = linksOf(document).filter(({ source, target }) =>
    moved.has(source.node) && moved.has(target.node)
  );
  const places = await layoutAside(
    free.map(({ id, x, y, width, height, inputs, outputs }) => ({
      id,
      width,
      height,
      inputs,
      outputs,
      at: [x, y],
    })),
    links,
  );
  const now = editor.document.peek();
  const there = new Map([...places].filter(([id]) => Object.hasOwn(now.nodes, id)));
  // Wires that were led around something else would run astray.
  const keys = new Set(linksOf(now).map(({ key }) => key));
  const routes = Object.fromEntries(links.filter(({ key }) => keys.has(key)).map(({ key }) => [key, null]));
  editor.perform({ id: "step.tidy" }, together(moveTo(now, there).op, { op: "set-routes", routes }));
  const bounds = editor.plane.bounds(there.keys());
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
