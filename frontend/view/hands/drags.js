/**
 * The gestures that are one thing each: pan, marquee, knife, resizing and dragging a dot of a wire.
 *
 * A gesture is begun with what lies under the pointer. It hears every move, and at last either `drop` or `cancel`.
 *
 * @import { Editor, Point, Settings } from "../../interfaces.d.ts"
 * @import { Target } from "./aim.js"
 */

import { disconnectAll } from "./edits.js";
import { polyline } from "../curves.js";
import { SIZES } from "../metrics.js";
import { boundsOf } from "../plane.js";
import { between, touches } from "./bounds.js";
import { snapSize } from "./snapping.js";
import { cutBy } from "./stroke.js";

/** The pointer as it is now. @typedef {{ client: Point, at: Point, mod: boolean, shift: boolean, alt: boolean }} Pointer */

/**
 * @typedef {object} Drag
 * @property {(pointer: Pointer) => void} move
 * @property {(pointer: Pointer) => void} drop
 * @property {() => void} cancel
 * @property {boolean} [staysPut] Whether the view must not follow the pointer over the rim, as with a pan.
 */

/** The smallest frame or note. */
const LEAST_SHEET = /** @type {const} */ ([96, 64]);

/** @type {(editor: Editor) => void} */
const rest = (editor) => {
  editor.gesture.value = { kind: "none" };
};

/** @type {(settings: Settings) => number | null} */
export const gridOf = (settings) => settings.snapToGrid.peek() ? SIZES.grid : null;

/** @type {(editor: Editor, start: Pointer) => Drag} */
export const startPan = (editor, start) => {
  let last = start.client;
  return {
    staysPut: true,
    move: ({ client }) => {
      editor.viewport.panBy(client[0] - last[0], client[1] - last[1]);
      last = client;
    },
    drop: () => {},
    cancel: () => {},
  };
};

/** @type {(editor: Editor, from: Point, to: Point) => { nodes: string[], frames: string[], notes: string[] }} */
const within = (editor, from, to) => {
  const area = between(from, to);
  const { frames, notes } = editor.document.peek().view;
  return {
    nodes: [...editor.plane.boxes.peek().values()].filter((box) => touches(area, box)).map(({ id }) => id),
    // A frame is chosen by its title: a marquee inside it is about the nodes there.
    frames: frames.filter(({ at, size }) =>
      touches(area, { x: at[0], y: at[1], width: size[0], height: SIZES.frameTitle })
    ).map(({ id }) => id),
    notes: notes.filter((note) => touches(area, boundsOf(note))).map(({ id }) => id),
  };
};

/** @type {(before: ReadonlySet<string>, found: string[], pointer: Pointer) => Set<string>} */
const combined = (before, found, { shift, mod }) => {
  if (mod) return before.difference(new Set(found));
  return shift ? before.union(new Set(found)) : new Set(found);
};

/** @type {(editor: Editor, start: Pointer) => Drag} */
export const startMarquee = (editor, start) => {
  const selection = editor.selection.peek();
  const before = {
    nodes: selection.nodes.peek(),
    frames: selection.frames.peek(),
    notes: selection.notes.peek(),
  };
  return {
    move: (pointer) => {
      editor.gesture.value = { kind: "marquee", from: start.at, to: pointer.at };
      const found = within(editor, start.at, pointer.at);
      selection.set({
        nodes: combined(before.nodes, found.nodes, pointer),
        frames: combined(before.frames, found.frames, pointer),
        notes: combined(before.notes, found.notes, pointer),
      });
    },
    drop: () => {
      rest(editor);
      const count = selection.nodes.peek().size;
      editor.ui.announce({ id: "hands.selected", with: { count } });
    },
    cancel: () => {
      rest(editor);
      selection.set(before);
    },
  };
};

/** @type {(editor: Editor, start: Pointer) => Drag} */
export const startCut = (editor, start) => {
  /** @type {Point[]} */
  let points = [start.at];
  return {
    move: ({ at }) => {
      points = [...points, at];
      editor.gesture.value = { kind: "cut", points };
    },
    drop: () => {
      rest(editor);
      const style = editor.settings.wireStyle.peek();
      const keys = cutBy(points, editor.plane.wires.peek(), (wire) => polyline(wire.points, style));
      if (keys.length > 0) disconnectAll(editor, keys);
    },
    cancel: () => rest(editor),
  };
};

/** @typedef {{ what: "node" | "frame" | "note", id: string, at: Point, size: Point, least: Point }} Resized */

/** @type {(editor: Editor, target: Target) => Resized | null} */
const resized = (editor, { node, frame, note }) => {
  if (note) return { what: "note", id: note.id, at: note.at, size: note.size, least: LEAST_SHEET };
  if (frame) return { what: "frame", id: frame.id, at: frame.at, size: frame.size, least: LEAST_SHEET };
  const box = node === undefined ? undefined : editor.plane.boxes.peek().get(node);
  if (box === undefined) return null;
  const least = /** @type {Point} */ ([SIZES.leastWidth, box.height]);
  return { what: "node", id: box.id, at: [box.x, box.y], size: [box.width, box.height], least };
};

/** @type {(editor: Editor, resized: Resized, size: Point) => void} */
const resize = (editor, { what, id }, size) => {
  const label = { id: "step.resize" };
  const { frames, notes } = editor.document.peek().view;
  if (what === "node") editor.perform(label, { op: "set-looks", looks: { [id]: { width: size[0] } } });
  if (what === "frame") {
    editor.perform(label, {
      op: "set-frames",
      frames: frames.map((one) => one.id === id ? { ...one, size } : one),
    });
  }
  if (what === "note") {
    editor.perform(label, {
      op: "set-notes",
      notes: notes.map((one) => one.id === id ? { ...one, size } : one),
    });
  }
};

/** @type {(editor: Editor, start: Pointer, target: Target) => Drag | null} */
export const startResize = (editor, start, target) => {
  const what = resized(editor, target);
  if (what === null) return null;
  let size = what.size;
  return {
    move: ({ at, alt }) => {
      const wanted =
        /** @type {Point} */ ([what.size[0] + at[0] - start.at[0], what.size[1] + at[1] - start.at[1]]);
      const [width, height] = snapSize(what.at, wanted, {
        grid: alt ? null : gridOf(editor.settings),
        least: what.least,
      });
      // The height of a node follows from what it shows.
      size = what.what === "node" ? [Math.min(width, SIZES.mostWidth), what.size[1]] : [width, height];
      editor.gesture.value = { kind: "resize", what: what.what, id: what.id, size };
    },
    drop: () => {
      rest(editor);
      resize(editor, what, size);
    },
    cancel: () => rest(editor),
  };
};

/** @type {(editor: Editor, start: Pointer, target: Target) => Drag | null} */
export const startRoute = (editor, start, target) => {
  if (target.route === undefined) return null;
  const { key, index } = target.route;
  const points = editor.document.peek().view.routes?.[key] ?? [];
  let point = start.at;
  return {
    move: ({ at, alt }) => {
      const grid = alt ? null : gridOf(editor.settings);
      const step = grid ?? 1;
      point = [Math.round(at[0] / step) * step, Math.round(at[1] / step) * step];
      editor.gesture.value = { kind: "route", key, index, at: point };
    },
    drop: () => {
      rest(editor);
      const routes = { [key]: points.map((old, place) => place === index ? point : old) };
      editor.perform({ id: "step.move-dot" }, { op: "set-routes", routes });
    },
    cancel: () => rest(editor),
  };
};
