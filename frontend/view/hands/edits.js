/**
 * What gestures do to the document in front. Each is one entry of the history; what is refused says why.
 *
 * @import { Conversion, Editor, NodeType, Op, PaletteRequest, SearchHit, Socket, Words } from "../../interfaces.d.ts"
 * @import { Made } from "../../model/edits/copies.js"
 * @import { Refused } from "../../model/edits/outcome.js"
 * @import { Moved } from "./moving.js"
 */

import { duplicate } from "../../model/edits/copies.js";
import { connect, disconnect, moveLinks } from "../../model/edits/links.js";
import { addNode, insertOnWire } from "../../model/edits/nodes.js";
import { isRefused, together } from "../../model/edits/outcome.js";
import { pullOut } from "../../model/edits/dissolve.js";
import { replaceNode } from "../../model/edits/replace.js";
import { apply } from "../../model/ops.js";
import { socketLabel } from "../labels.js";
import { placeFor } from "./room.js";

/**
 * Performs an edit, or says why it cannot be done.
 *
 * @template {object} T
 * @param {Editor} editor
 * @param {Words} label
 * @param {(T & { op: Op }) | Refused} outcome
 * @returns {(T & { op: Op }) | null} null where it was refused.
 */
export const attempt = (editor, label, outcome) => {
  if (isRefused(outcome)) {
    editor.ui.toast(outcome.refusal, { kind: "error" });
    return null;
  }
  editor.perform(label, outcome.op);
  return outcome;
};

/** @type {(editor: Editor, from: Socket, to: Socket) => Words} */
const linkedWords = (_editor, from, to) => ({
  id: "hands.linked",
  with: { from: socketLabel(from.name), to: socketLabel(to.name) },
});

/**
 * Links the loose end of links.
 *
 * @param {Editor} editor
 * @param {readonly Socket[]} fixed
 * @param {Socket} to
 * @param {readonly string[]} moving Links that are there and move; none makes a new one.
 */
export const connectEnds = (editor, fixed, to, moving) => {
  const [document, catalog] = [editor.document.peek(), editor.catalog];
  const done = moving.length === 0
    ? attempt(editor, { id: "step.connect" }, connect(document, catalog, fixed[0], to))
    : attempt(editor, { id: "step.move-links" }, moveLinks(document, catalog, moving, to));
  if (done !== null) editor.ui.announce(linkedWords(editor, fixed[0], to));
};

/**
 * Cuts links.
 *
 * @param {Editor} editor
 * @param {readonly string[]} keys
 */
export const disconnectAll = (editor, keys) => {
  if (keys.length === 0) return;
  const label = { id: "step.disconnect", with: { count: keys.length } };
  attempt(editor, label, disconnect(editor.document.peek(), keys));
  editor.ui.announce({ id: "hands.disconnected", with: { count: keys.length } });
};

/** @typedef {{ end: Socket, socket: Socket, conversion: Conversion, moving: readonly string[] }} Through */

/** @type {(editor: Editor, through: Through) => ({ op: Op, node: string }) | Refused} */
const throughNode = ({ document, catalog, plane }, { end, socket, conversion, moving }) => {
  const [output, input] = end.side === "output" ? [end, socket] : [socket, end];
  const [from, to] = [plane.socketPoint(output) ?? [0, 0], plane.socketPoint(input) ?? [0, 0]];
  const at = placeFor(
    plane.boxes.peek(),
    [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2],
    catalog.get(conversion.type),
  );
  const cut = disconnect(document.peek(), moving).op;
  const ready = apply(document.peek(), cut).document;
  const added = addNode(ready, catalog, conversion.type, at, { from: output, socket: conversion.input });
  if (isRefused(added)) return added;
  const { node } = added;
  const half = apply(ready, added.op).document;
  const linked = connect(half, catalog, { node, side: "output", name: conversion.output }, input);
  return isRefused(linked) ? linked : { op: together(cut, added.op, linked.op), node };
};

/**
 * Links two sockets by a node that converts between them.
 *
 * @param {Editor} editor
 * @param {Through} through
 */
export const connectThrough = (editor, through) => {
  const done = attempt(editor, { id: "step.convert" }, throughNode(editor, through));
  if (done !== null) editor.selection.peek().set({ nodes: [done.node] });
};

/**
 * The op that puts a node into a wire; null where it does not fit.
 *
 * @param {Editor} editor
 * @param {string} key
 * @param {string} node
 * @returns {Op | null}
 */
export const insertion = (editor, key, node) => {
  const outcome = insertOnWire(editor.document.peek(), editor.catalog, key, node);
  return isRefused(outcome) ? null : outcome.op;
};

/**
 * The op that pulls nodes out of their wires.
 *
 * @param {Editor} editor
 * @param {readonly string[]} ids
 * @returns {Op}
 */
export const pulledOut = (editor, ids) => pullOut(editor.document.peek(), editor.catalog, ids).op;

/**
 * The op that copies what is moved onto itself, and what it makes.
 *
 * @param {Editor} editor
 * @param {Moved} moved
 * @returns {{ op: Op, made: Made }}
 */
export const duplicated = (editor, moved) => duplicate(editor.document.peek(), moved, { by: [0, 0] });

/** Puts nodes of a type in the place of a node, or of all that are selected with it. @type {(editor: Editor, node: string, type: NodeType) => void} */
const replaceAll = (editor, node, type) => {
  const selected = editor.selection.peek().nodes.peek();
  let document = editor.document.peek();
  /** @type {Op[]} */
  const ops = [];
  /** @type {string[]} */
  const lost = [];
  for (const id of selected.has(node) ? selected : [node]) {
    const outcome = replaceNode(document, editor.catalog, id, type.type);
    if (isRefused(outcome)) return void attempt(editor, { id: "step.replace" }, outcome);
    document = apply(document, outcome.op).document;
    ops.push(outcome.op);
    lost.push(...outcome.lost.map(socketLabel));
  }
  editor.perform({ id: "step.replace", with: { title: type.title } }, together(...ops));
  if (lost.length > 0) editor.ui.toast({ id: "hands.replaced.lost", with: { names: lost.join(", ") } });
  else editor.ui.announce({ id: "hands.replaced", with: { title: type.title } });
};

/**
 * Adds or replaces what was found in the palette, selects it and says so.
 *
 * @param {Editor} editor
 * @param {PaletteRequest} request
 * @param {SearchHit} hit
 */
export const placeFound = (editor, { at, from, wire, replace }, { type, socket }) => {
  const [document, catalog] = [editor.document.peek(), editor.catalog];
  if (replace !== undefined) {
    replaceAll(editor, replace, type);
    return;
  }
  const partner = from === undefined ? undefined : { side: from.side, name: socket };
  const place = placeFor(editor.plane.boxes.peek(), at, type, partner);
  const added = attempt(
    editor,
    { id: "step.add", with: { title: type.title } },
    addNode(document, catalog, type.type, place, {
      from,
      socket,
      wire,
    }),
  );
  if (added === null) return;
  editor.selection.peek().set({ nodes: [added.node] });
  const bounds = editor.plane.bounds([added.node]);
  if (bounds !== null) editor.viewport.reveal(bounds);
  editor.ui.announce({ id: "hands.added", with: { title: type.title } });
};
