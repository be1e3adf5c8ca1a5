/**
 * Which node the keyboard is at, and the way into it and out of it.
 *
 * The canvas has the focus while the keyboard goes from node to node: nodes that are far away are no part of the page.
 * The node it is at is the last one that was selected.
 *
 * @import { Editor } from "../../interfaces.d.ts"
 */

import { nodeTitle } from "../labels.js";
import { OVERVIEW_ZOOM } from "../viewport.js";
import { readingOrder } from "./neighbours.js";

/** Parts of a node that can have the focus. */
const PARTS = "button, input, textarea, select, a[href], [contenteditable=true], [tabindex]";

/** Frames to wait for a node to come into the page. */
const PATIENCE = 90;

/** @type {() => HTMLElement | null} */
export const canvas = () => document.getElementById("canvas");

/** Whether keys mean the canvas as a whole. */
export const isOnCanvas = () => document.activeElement === canvas();

/**
 * The node that the keyboard is at.
 *
 * @param {Editor} editor
 * @returns {string | null}
 */
export const currentNode = (editor) => {
  const boxes = editor.plane.boxes.peek();
  return [...editor.selection.peek().nodes.peek()].findLast((id) => boxes.has(id)) ?? null;
};

/** @type {(article: Element) => HTMLElement[]} */
export const partsOf = (article) =>
  [...article.querySelectorAll(PARTS)].filter((part) =>
    part instanceof HTMLElement && part.checkVisibility({ visibilityProperty: true }) &&
    !part.matches(":disabled, [aria-hidden=true]")
  ).map((part) => /** @type {HTMLElement} */ (part));

/** @type {(part: HTMLElement | undefined) => void} */
export const focusPart = (part) => part?.focus({ preventScroll: true });

/** Gives the focus back from a node's parts to the canvas. @type {(host: HTMLElement) => void} */
export const leaveNode = (host) => host.focus({ preventScroll: true });

/**
 * Says where the keyboard is.
 *
 * @param {Editor} editor
 * @param {string} id
 */
export const announceNode = (editor, id) => {
  const boxes = editor.plane.boxes.peek();
  const box = boxes.get(id);
  if (box === undefined) return;
  const order = readingOrder(boxes);
  const problems = editor.advice.ofNode(id).peek().length;
  editor.ui.announce({
    id: problems > 0 ? "hands.node.faulty" : "hands.node",
    with: { title: nodeTitle(box), index: order.indexOf(id) + 1, total: order.length, count: problems },
  });
};

/**
 * Goes to a node: selects it, brings it into view and says what it is.
 *
 * @param {Editor} editor
 * @param {string} id
 * @param {{ adds?: boolean }} [options] Whether it is selected beside the others.
 */
export const goTo = (editor, id, { adds = false } = {}) => {
  const selection = editor.selection.peek();
  const rest = adds ? [...selection.nodes.peek()].filter((other) => other !== id) : [];
  selection.set({ nodes: [...rest, id] });
  const bounds = editor.plane.bounds([id]);
  if (bounds !== null) editor.viewport.reveal(bounds);
  announceNode(editor, id);
};

/** @type {(host: Element, id: string, frames: number) => Promise<Element | null>} */
const whenThere = async (host, id, frames) => {
  const article = host.querySelector(`[data-node="${CSS.escape(id)}"]`);
  if (article !== null || frames === 0) return article;
  await new Promise(requestAnimationFrame);
  return await whenThere(host, id, frames - 1);
};

/**
 * Goes into a node: the focus is on its first part, or on the one that is named.
 *
 * @param {Editor} editor
 * @param {string} id
 * @param {(parts: HTMLElement[]) => HTMLElement | undefined} [choose]
 */
export const enterNode = async (editor, id, choose = ([first]) => first) => {
  const bounds = editor.plane.bounds([id]);
  const host = canvas();
  if (bounds === null || host === null) return;
  // From afar nodes are drawings without parts.
  if (editor.viewport.state.peek().zoom < OVERVIEW_ZOOM) editor.viewport.fit(bounds, { most: 1 });
  else editor.viewport.reveal(bounds);
  const article = await whenThere(host, id, PATIENCE);
  if (article !== null) focusPart(choose(partsOf(article)));
};
