/**
 * What clicks do: one selects, two open.
 *
 * @import { Editor, Point, Wire } from "../../interfaces.d.ts"
 * @import { Target } from "./aim.js"
 * @import { Pointer } from "./drags.js"
 */

import { workflowOf } from "../../model/workflow_types.js";
import { distance, polyline } from "../curves.js";
import { SIZES } from "../metrics.js";
import { renameFrame, renameNode } from "../naming.js";

/** @type {(ids: ReadonlySet<string>, id: string | undefined) => string[]} */
const toggled = (ids, id) => id === undefined ? [...ids] : [...ids.symmetricDifference(new Set([id]))];

/**
 * Selects what was clicked; with Shift or Ctrl beside what is selected, or no longer.
 *
 * @param {Editor} editor
 * @param {Target} target
 * @param {Pointer} pointer
 */
export const click = (editor, { kind, node, frame, note, wire, route }, { shift, mod }) => {
  const selection = editor.selection.peek();
  const hit = kind === "empty" ? undefined : { node, frame: frame?.id, note: note?.id };
  if (hit !== undefined && (shift || mod)) {
    selection.set({
      nodes: toggled(selection.nodes.peek(), hit.node),
      frames: toggled(selection.frames.peek(), hit.frame),
      notes: toggled(selection.notes.peek(), hit.note),
    });
  } else if (hit !== undefined || !(shift || mod)) {
    selection.set({
      nodes: hit?.node === undefined ? [] : [hit.node],
      frames: hit?.frame === undefined ? [] : [hit.frame],
      notes: hit?.note === undefined ? [] : [hit.note],
      wire: route?.key ?? wire?.key ?? null,
    });
  }
};

/**
 * The place in the way of a wire at which a new dot belongs.
 *
 * @param {Wire["points"]} points Its ends among them.
 * @param {Point} at
 * @param {import("../curves.js").WireStyle} style
 * @returns {number} The index among its dots.
 */
export const dotIndex = (points, at, style) => {
  const away = points.slice(1).map((end, index) => distance(polyline([points[index], end], style), at));
  return away.indexOf(Math.min(...away));
};

/**
 * Puts a dot on a wire.
 *
 * @param {Editor} editor
 * @param {Wire} wire
 * @param {Point} at
 */
export const addDot = (editor, wire, at) => {
  const dots = editor.document.peek().view.routes?.[wire.key] ?? [];
  const index = dotIndex(wire.points, at, editor.settings.wireStyle.peek());
  const point = /** @type {Point} */ ([Math.round(at[0]), Math.round(at[1])]);
  const routes = { [wire.key]: dots.toSpliced(index, 0, point) };
  editor.perform({ id: "step.add-dot" }, { op: "set-routes", routes });
};

/**
 * Takes a dot off a wire.
 *
 * @param {Editor} editor
 * @param {{ key: string, index: number }} dot
 */
export const removeDot = (editor, { key, index }) => {
  const dots = editor.document.peek().view.routes?.[key] ?? [];
  const rest = dots.toSpliced(index, 1);
  editor.perform({ id: "step.remove-dot" }, {
    op: "set-routes",
    routes: { [key]: rest.length > 0 ? rest : null },
  });
};

/**
 * Opens what was clicked twice: a name to change it, a wire for a dot, empty ground for a new node.
 *
 * @param {Editor} editor
 * @param {Target} target
 * @param {Pointer} pointer
 */
export const doubleClick = (editor, { kind, node, frame, wire, route }, { at, client }) => {
  if (route !== undefined) removeDot(editor, route);
  else if (kind === "empty" && wire !== undefined) addDot(editor, wire, at);
  else if (kind === "empty") editor.palette.value = { at, client };
  else if (kind === "sheet" && frame !== undefined) void renameFrame(editor, frame.id);
  else if (kind === "node" && node !== undefined) {
    const box = editor.plane.boxes.peek().get(node);
    if (workflowOf(box?.entry.type ?? "") !== null) editor.commands.run("edit.open-workflow");
    else if (box !== undefined && at[1] < box.y + SIZES.header) void renameNode(editor, node);
  }
};
