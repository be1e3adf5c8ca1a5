/** What was done to a document, to be undone and done again. */

/** @import { Edit, History, Op, WorkflowDocument } from "../interfaces.d.ts" */

import { batch, computed, signal } from "@preact/signals";
import { apply } from "./ops.js";

/** Milliseconds within which equal changes are one entry. */
const MERGE_MS = 1000;

/** How many entries are kept; older ones can no longer be undone. */
const MOST_ENTRIES = 1000;

/**
 * Makes the history of a document.
 *
 * @param {WorkflowDocument } document The document as it is at `past.position`.
 * @param {{ entries: readonly Edit[], position: number }} [past] What was done to it before, to go on from.
 * @returns {History}
 */
export const createHistory = (document, past = { entries: [], position: 0 }) => {
  const current = signal(document);
  const entries = signal(past.entries);
  const position = signal(past.position);
  /** @type {Set<(op: Op) => void>} */
  const listeners = new Set();
  /** @type {string | null} */
  let merging = null;

  /** @param {WorkflowDocument } next @param {Op} op @param {readonly Edit[]} edits @param {number} at */
  const move = (next, op, edits, at) => {
    batch(() => {
      current.value = next;
      entries.value = edits;
      position.value = at;
    });
    for (const hear of listeners) hear(op);
  };

  /** @type {History["perform"]} */
  const perform = (label, op, { merge = null } = {}) => {
    const before = current.peek();
    const applied = apply(before, op);
    if (applied.document === before) return;
    const done = entries.peek().slice(0, position.peek());
    const edit = { label, at: Date.now(), op, inverse: applied.inverse };
    const edits = withEdit(done, edit, merge !== null && merge === merging);
    merging = merge;
    move(applied.document, op, edits, edits.length);
  };

  const undo = () => {
    if (position.peek() === 0) return false;
    merging = null;
    const { inverse } = entries.peek()[position.peek() - 1];
    move(apply(current.peek(), inverse).document, inverse, entries.peek(), position.peek() - 1);
    return true;
  };

  const redo = () => {
    if (position.peek() === entries.peek().length) return false;
    merging = null;
    const { op } = entries.peek()[position.peek()];
    move(apply(current.peek(), op).document, op, entries.peek(), position.peek() + 1);
    return true;
  };

  return {
    document: current,
    entries,
    position,
    canUndo: computed(() => position.value > 0),
    canRedo: computed(() => position.value < entries.value.length),
    perform,
    undo,
    redo,
    goTo: (wanted) =>
      batch(() => {
        while (position.peek() > wanted && undo());
        while (position.peek() < wanted && redo());
      }),
    listen: (hear) => {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
  };
};

/**
 * Adds an edit to those that are done, or joins it to the last one where it goes on with that.
 *
 * @type {(done: readonly Edit[], edit: Edit, isAlike: boolean) => Edit[]}
 */
const withEdit = (done, edit, isAlike) => {
  const last = done.at(-1);
  return isAlike && last && edit.at - last.at < MERGE_MS
    ? [...done.slice(0, -1), joinEdits(last, edit)]
    : [...done, edit].slice(-MOST_ENTRIES);
};

/**
 * Makes one entry of two that follow each other.
 *
 * @type {(first: Edit, second: Edit) => Edit}
 */
const joinEdits = (first, second) => {
  // Of a text that is typed only the last op matters; otherwise an entry would grow with every letter.
  if (overwrites(second.op, first.op) && overwrites(first.inverse, second.inverse)) {
    return { ...second, inverse: first.inverse };
  }
  return {
    ...second,
    op: { op: "together", ops: [first.op, second.op] },
    inverse: { op: "together", ops: [second.inverse, first.inverse] },
  };
};

/**
 * Tells whether an op sets at least everything that another one set.
 *
 * @param {Op} later
 * @param {Op} earlier
 */
const overwrites = (later, earlier) => {
  const touched = new Set(placesOf(later));
  const places = placesOf(earlier);
  return places.length > 0 && places.every((place) => touched.has(place));
};

/**
 * Names the places that an op sets; none for ops that do more than set.
 *
 * @type {(op: Op) => string[]}
 */
const placesOf = (op) => {
  switch (op.op) {
    case "set-inputs":
      return op.changes.map(({ node, input }) => `${op.op} ${node}.${input}`);
    case "set-looks":
      return Object.entries(op.looks).flatMap(([node, fields]) =>
        Object.keys(fields).map((field) => `${op.op} ${node}.${field}`)
      );
    case "set-routes":
      return Object.keys(op.routes).map((key) => `${op.op} ${key}`);
    case "set-frames":
    case "set-notes":
    case "set-signature":
      return [op.op];
    case "set-words":
      return Object.keys(op).filter((key) => key !== "op").map((key) => `${op.op} ${key}`);
    case "together": {
      const places = op.ops.map(placesOf);
      return places.every((found) => found.length) ? places.flat() : [];
    }
    default:
      return [];
  }
};
