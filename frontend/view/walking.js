/**
 * Commands that go from node to node by keyboard, while the canvas has the focus.
 *
 * @import { Command, Editor, Point } from "../interfaces.d.ts"
 * @import { Direction } from "./hands/neighbours.js"
 */

import { canvas, currentNode, enterNode, goTo, isOnCanvas } from "./hands/focus.js";
import { movable } from "./hands/move.js";
import { moveOp } from "./hands/moving.js";
import { neighbourOf, readingOrder } from "./hands/neighbours.js";
import { SIZES } from "./metrics.js";

/** What the Tab key stops at. */
const TABBABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

/** @type {Readonly<Record<Direction, { key: string, by: Point }>>} */
const DIRECTIONS = {
  left: { key: "ArrowLeft", by: [-1, 0] },
  right: { key: "ArrowRight", by: [1, 0] },
  up: { key: "ArrowUp", by: [0, -1] },
  down: { key: "ArrowDown", by: [0, 1] },
};

/** Gives the focus to what comes after the canvas, or before it, on the page. @type {(step: 1 | -1) => void} */
const leaveCanvas = (step) => {
  const host = canvas();
  if (host === null) return;
  const wanted = step === 1 ? Node.DOCUMENT_POSITION_FOLLOWING : Node.DOCUMENT_POSITION_PRECEDING;
  const around = [...document.querySelectorAll(TABBABLE)].filter((element) =>
    element instanceof HTMLElement && element.tabIndex >= 0 && !element.matches(":disabled") &&
    !host.contains(element) && element.checkVisibility() &&
    (host.compareDocumentPosition(element) & wanted) !== 0
  );
  const next = around.at(step === 1 ? 0 : -1);
  if (next instanceof HTMLElement) next.focus();
};

/** @type {(editor: Editor, step: 1 | -1) => void} */
const walk = (editor, step) => {
  const order = readingOrder(editor.plane.boxes.peek());
  const now = currentNode(editor);
  const index = now === null ? (step === 1 ? 0 : -1) : order.indexOf(now) + step;
  const next = order[index];
  // Beyond the last node Tab leaves the canvas, as it leaves everything else.
  if (next === undefined) leaveCanvas(step);
  else goTo(editor, next);
};

/** @type {(editor: Editor, direction: Direction, adds: boolean) => void} */
const goTowards = (editor, direction, adds) => {
  const boxes = editor.plane.boxes.peek();
  const now = currentNode(editor);
  const next = now === null ? readingOrder(boxes)[0] : neighbourOf(boxes, now, direction);
  if (next) goTo(editor, next, { adds });
};

/** @type {(editor: Editor, by: Point) => void} */
const nudge = (editor, [x, y]) => {
  const moved = movable(editor);
  if (moved.nodes.size + moved.frames.size + moved.notes.size === 0) return;
  const op = moveOp(editor.document.peek(), moved, [x * SIZES.grid, y * SIZES.grid]);
  editor.perform({ id: "step.move" }, op, { merge: "nudge" });
  const bounds = editor.plane.bounds(moved.nodes);
  if (bounds !== null) editor.viewport.reveal(bounds);
};

/** @type {(editor: Editor, direction: Direction) => Command[]} */
const arrowCommands = (editor, direction) => {
  const { key, by } = DIRECTIONS[direction];
  return [
    {
      id: `canvas.${direction}`,
      keys: [key],
      isEnabled: isOnCanvas,
      run: () => goTowards(editor, direction, false),
    },
    {
      id: `canvas.extend-${direction}`,
      keys: [`Shift+${key}`],
      isEnabled: isOnCanvas,
      run: () => goTowards(editor, direction, true),
    },
    {
      id: `canvas.move-${direction}`,
      keys: [`Alt+${key}`],
      isEnabled: () => isAtNode(editor),
      run: () => nudge(editor, by),
    },
  ];
};

/** @type {(editor: Editor) => boolean} */
const isAtNode = (editor) => isOnCanvas() && currentNode(editor) !== null;

/** @type {(parts: HTMLElement[]) => HTMLElement | undefined} */
const firstOutput = (parts) =>
  parts.find((part) => part.getAttribute("data-socket")?.startsWith("out:")) ?? parts[0];

/**
 * The commands.
 *
 * @param {Editor} editor
 * @returns {Command[]}
 */
export const walkingCommands = (editor) => {
  const isEnabled = () => isAtNode(editor);
  /** @type {(choose?: typeof firstOutput) => void} */
  const enter = (choose) => void enterNode(editor, currentNode(editor) ?? "", choose);
  return [
    { id: "canvas.next", keys: ["Tab"], isEnabled: isOnCanvas, run: () => walk(editor, 1) },
    { id: "canvas.previous", keys: ["Shift+Tab"], isEnabled: isOnCanvas, run: () => walk(editor, -1) },
    ...(/** @type {Direction[]} */ (Object.keys(DIRECTIONS))).flatMap((direction) =>
      arrowCommands(editor, direction)
    ),
    { id: "canvas.enter", keys: ["Enter"], isEnabled, run: () => enter() },
    { id: "canvas.link", keys: ["L"], isEnabled, run: () => enter(firstOutput) },
  ];
};
