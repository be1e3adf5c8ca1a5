/**
 * Dragging what is selected: moving, duplicating, pulling out of wires and dropping onto them.
 *
 * @import { Bounds, Editor, Op, Point, Words } from "../../interfaces.d.ts"
 * @import { Target } from "./aim.js"
 * @import { Drag, Pointer } from "./drags.js"
 * @import { Moved } from "./moving.js"
 */

import { together } from "../../model/edits/outcome.js";
import { boundsOf, union } from "../plane.js";
import { touches } from "./bounds.js";
import { carriedBy } from "./carried.js";
import { gridOf } from "./drags.js";
import { duplicated, insertion, pulledOut } from "./edits.js";
import { moveOp } from "./moving.js";
import { snap } from "./snapping.js";

/** How near things snap to each other and how near a wire takes a node, in screen pixels. */
const SNAP_PX = 6;
const WIRE_PX = 16;

/** What was done to the document before anything moved, and is one entry with the move. @typedef {{ label: Words, op: Op }} Before */

/** @type {(editor: Editor) => Moved} */
const selected = (editor) => {
  const { nodes, frames, notes } = editor.selection.peek();
  return { nodes: nodes.peek(), frames: frames.peek(), notes: notes.peek() };
};

/** Selects what is grasped, unless it is selected already. @type {(editor: Editor, target: Target, adds: boolean) => void} */
const grasp = (editor, { node, frame, note }, adds) => {
  const now = selected(editor);
  const isSelected = (node !== undefined && now.nodes.has(node)) || (frame && now.frames.has(frame.id)) ||
    (note && now.notes.has(note.id));
  if (isSelected) return;
  const rest = adds ? now : { nodes: [], frames: [], notes: [] };
  editor.selection.peek().set({
    nodes: node === undefined ? rest.nodes : [...rest.nodes, node],
    frames: frame === undefined ? rest.frames : [...rest.frames, frame.id],
    notes: note === undefined ? rest.notes : [...rest.notes, note.id],
  });
};

/**
 * All that moves: what is selected, and what lies in selected frames; what is pinned stays.
 *
 * @param {Editor} editor
 * @returns {Moved}
 */
export const movable = (editor) => {
  const { view } = editor.document.peek();
  const { nodes, frames, notes } = selected(editor);
  const carriers = view.frames.filter(({ id }) => frames.has(id));
  const carried = carriedBy(carriers, {
    nodes: editor.plane.boxes.peek(),
    frames: view.frames,
    notes: view.notes,
  });
  const free = [...nodes.union(carried.nodes)].filter((id) => view.nodes[id]?.pinned !== true);
  return { nodes: new Set(free), frames: carried.frames, notes: notes.union(carried.notes) };
};

/** @type {(editor: Editor, moved: Moved) => { own: Bounds | null, others: Bounds[] }} */
const surroundings = (editor, { nodes, frames, notes }) => {
  const { view } = editor.document.peek();
  const { width, height } = editor.viewport.size.peek();
  const { x, y, zoom } = editor.viewport.state.peek();
  const seen = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
  const boxes = [...editor.plane.boxes.peek().values()];
  const sheets = [
    ...view.frames.map((frame) => ({ bounds: boundsOf(frame), moves: frames.has(frame.id) })),
    ...view.notes.map((note) => ({ bounds: boundsOf(note), moves: notes.has(note.id) })),
    ...boxes.map((box) => ({ bounds: box, moves: nodes.has(box.id) })),
  ];
  return {
    own: union(sheets.filter(({ moves }) => moves).map(({ bounds }) => bounds)),
    others: sheets.filter(({ bounds, moves }) => !moves && touches(seen, bounds)).map(({ bounds }) => bounds),
  };
};

/**
 * Finds the wire that a single node would be put into where it is now.
 *
 * @param {Editor} editor
 * @param {Moved} moved
 */
const createWireFinder = (editor, { nodes, frames, notes }) => {
  const [node] = nodes;
  const isAlone = nodes.size === 1 && frames.size === 0 && notes.size === 0;
  const box = isAlone ? editor.plane.boxes.peek().get(node) : undefined;
  /** @type {Map<string, Op | null>} */
  const known = new Map();
  /** @type {(offset: Point, pointer: Point) => { key: string, op: Op } | null} */
  return (offset, pointer) => {
    if (box === undefined) return null;
    const reach = WIRE_PX / editor.viewport.state.peek().zoom;
    const center =
      /** @type {Point} */ ([box.x + offset[0] + box.width / 2, box.y + offset[1] + box.height / 2]);
    const wire = editor.plane.wireNear(pointer, reach) ?? editor.plane.wireNear(center, reach);
    if (wire === null || wire.source.node === node || wire.target.node === node) return null;
    const op = known.get(wire.key) ?? insertion(editor, wire.key, node);
    known.set(wire.key, op);
    return op === null ? null : { key: wire.key, op };
  };
};

/** @type {(editor: Editor, before: Before | null, label: Words, ops: Op[]) => void} */
const finish = (editor, before, label, ops) => {
  // What was done before the move is taken back and done again with it, so that both are one entry.
  if (before !== null) editor.tabs.current.peek().history.undo();
  const all = before === null ? ops : [before.op, ...ops];
  if (all.length > 0) editor.perform(before?.label ?? label, together(...all));
};

/** @type {(editor: Editor, intent: "move" | "duplicate" | "pull-out") => Before | null} */
const begin = (editor, intent) => {
  if (intent === "move") return null;
  const moved = movable(editor);
  const copy = intent === "duplicate" ? duplicated(editor, moved) : null;
  const op = copy?.op ?? pulledOut(editor, [...moved.nodes]);
  const label = { id: `step.${intent}` };
  editor.perform(label, op);
  if (copy) editor.selection.peek().set(copy.made);
  return { label, op };
};

/**
 * Begins to move what is selected.
 *
 * @param {Editor} editor
 * @param {Pointer} start
 * @param {Target} target What is grasped; it is selected if it was not.
 * @param {"move" | "duplicate" | "pull-out"} intent
 * @returns {Drag | null} null where nothing can move.
 */
export const startMove = (editor, start, target, intent) => {
  grasp(editor, target, intent === "move" && start.shift);
  const before = begin(editor, intent);
  const moved = movable(editor);
  if (moved.nodes.size + moved.frames.size + moved.notes.size === 0) return null;
  const { own, others } = surroundings(editor, moved);
  // What was just pulled out of a wire does not fall into it again.
  const wireAt = intent === "pull-out" ? () => null : createWireFinder(editor, moved);
  /** @type {{ offset: Point, into: { key: string, op: Op } | null }} */
  let now = { offset: [0, 0], into: null };
  const rest = () => {
    editor.gesture.value = { kind: "none" };
  };
  return {
    move: ({ at, alt }) => {
      const wanted = /** @type {Point} */ ([at[0] - start.at[0], at[1] - start.at[1]]);
      // Alt while moving lets go of grid and neighbours; it also begins to pull out, which snaps like any move.
      const isFree = own === null || (alt && intent === "move");
      const { offset, guides } = isFree ? { offset: wanted, guides: [] } : snap(own, wanted, {
        neighbours: editor.settings.snapToNeighbours.peek() ? others : [],
        grid: gridOf(editor.settings),
        within: SNAP_PX / editor.viewport.state.peek().zoom,
      });
      now = { offset, into: wireAt(offset, at) };
      editor.gesture.value = { kind: "move", offset, ...moved, guides, over: now.into?.key ?? null };
    },
    drop: () => {
      rest();
      const { offset, into } = now;
      const hasMoved = offset[0] !== 0 || offset[1] !== 0;
      const moves = hasMoved ? [moveOp(editor.document.peek(), moved, offset)] : [];
      const label = into === null ? { id: "step.move" } : { id: "step.insert" };
      finish(editor, before, label, into === null ? moves : [...moves, into.op]);
    },
    cancel: () => {
      rest();
      if (before !== null) editor.tabs.current.peek().history.undo();
    },
  };
};
