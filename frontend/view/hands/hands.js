/**
 * Hands on the canvas: what mouse, pen, touchpad and fingers do to it.
 *
 * `pointers.js` turns events into meanings (a click, a drag), `aim.js` finds what they are about, `intent.js` chooses
 * the gesture, and each gesture is a module of its own.
 *
 * @import { Editor, Point } from "../../interfaces.d.ts"
 * @import { Target } from "./aim.js"
 * @import { Dragging } from "./dragging.js"
 * @import { Drag, Pointer } from "./drags.js"
 * @import { Intent } from "./intent.js"
 * @import { Meaning } from "./press.js"
 */

import { openMenu } from "../menus.js";
import { aim } from "./aim.js";
import { click, doubleClick } from "./clicks.js";
import { listenForClipboard } from "./clipboard_events.js";
import { showCursor } from "./cursor.js";
import { createDragging } from "./dragging.js";
import { startCut, startMarquee, startPan, startResize, startRoute } from "./drags.js";
import { watchHeld } from "./held.js";
import { showHint } from "./hint.js";
import { intentOf } from "./intent.js";
import { listenToKeys } from "./keyboard.js";
import { dragLink, startLink } from "./link.js";
import { startMove } from "./move.js";
import { readPointers } from "./pointers.js";
import { createWheelReader } from "./wheel.js";

/** @type {(editor: Editor, start: Pointer, target: Target, intent: Intent) => Drag | null} */
const startDrag = (editor, start, target, intent) => {
  switch (intent) {
    case "pan":
      return startPan(editor, start);
    case "marquee":
      return startMarquee(editor, start);
    case "cut":
      return startCut(editor, start);
    case "resize":
      return startResize(editor, start, target);
    case "route":
      return startRoute(editor, start, target);
    case "move":
    case "duplicate":
    case "pull-out":
      return startMove(editor, start, target, intent);
    case "link":
    case "pick-up":
    case "move-links":
      return startLink(editor, start, target, intent);
    default:
      return null;
  }
};

/** Fields with a menu of the browser's own. */
const FIELDS = "input, textarea, select";

/** @type {(event: MouseEvent | null) => boolean} */
const isTouch = (event) => event instanceof PointerEvent && event.pointerType === "touch";

/** @type {(editor: Editor, client: Point, event: MouseEvent | null) => Pointer} */
const pointerAt = (editor, client, event) => ({
  client,
  at: editor.viewport.toGraph(client),
  mod: event?.ctrlKey === true || event?.metaKey === true,
  shift: event?.shiftKey === true,
  alt: event?.altKey === true,
});

/** @type {(editor: Editor, client: Point, event: MouseEvent | null) => Target} */
const targetAt = (editor, client, event) =>
  aim(editor, {
    at: client,
    element: event?.target instanceof Element ? event.target : null,
    isTouch: isTouch(event),
  });

/**
 * Ends a link that was begun by a click, with the next click: on empty ground it is given up.
 *
 * @param {Editor} editor
 * @param {Dragging} dragging
 * @param {Pointer} pointer
 */
const endClickedLink = (editor, dragging, pointer) => {
  dragging.move(pointer);
  const gesture = editor.gesture.peek();
  if (gesture.kind === "link" && gesture.candidate === null && gesture.fit === null) dragging.cancel();
  else dragging.drop(pointer);
};

/** @type {(editor: Editor, pinch: Extract<Meaning, { kind: "pinch" }>) => void} */
const pinch = ({ viewport }, { at, by, factor }) => {
  viewport.panBy(...by);
  viewport.zoomAt(at, factor);
};

/**
 * Acts on the meanings of what pointers do.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @param {Dragging} dragging
 * @param {import("./held.js").Held} held
 * @returns {(meaning: Meaning, event: PointerEvent | null) => void}
 */
const createActions = (host, editor, dragging, held) => {
  /** @type {{ target: Target, intent: Intent, isMain: boolean } | null} */
  let pressed = null;

  /** @type {(pointer: Pointer, event: PointerEvent | null) => void} */
  const press = (pointer, event) => {
    const target = targetAt(editor, pointer.client, event);
    const button = event?.button ?? 0;
    const keys = { space: held.space(), knife: held.knife() };
    const intent = intentOf({ target: target.kind, button, isTouch: isTouch(event), ...pointer, ...keys });
    pressed = { target, intent, isMain: button === 0 && target.kind !== "part" && !keys.space };
    if (keys.space) held.use();
    if (target.kind !== "part") host.focus({ preventScroll: true, focusVisible: false });
  };
  /** @type {(pointer: Pointer) => void} */
  const clicked = (pointer) => {
    if (pressed === null || !pressed.isMain) return;
    if (dragging.isActive()) return endClickedLink(editor, dragging, pointer);
    const { socket } = pressed.target;
    if (socket === undefined) click(editor, pressed.target, pointer);
    else dragging.begin(dragLink(editor, { fixed: [socket], moving: [] }, pointer));
  };
  /** @type {(pointer: Pointer) => void} */
  const doubleClicked = (pointer) => {
    if (pressed?.isMain && pressed.target.socket === undefined) doubleClick(editor, pressed.target, pointer);
  };
  /** @type {(pointer: Pointer) => void} */
  const begin = (pointer) => {
    if (pressed === null || pressed.intent === "none") return;
    dragging.cancel();
    dragging.begin(startDrag(editor, pointer, pressed.target, pressed.intent));
  };

  /** @type {(at: Point) => void} */
  const hold = (at) => {
    const target = pressed?.isMain ? pressed.target : null;
    if (target !== null) whenReleased(() => openMenu(editor, target, at));
  };
  return (meaning, event) => {
    const pointer = pointerAt(editor, meaning.at, event);
    if (meaning.kind === "press") press(pointer, event);
    if (meaning.kind === "drag") begin(pointer);
    if (meaning.kind === "move") dragging.move(pointer);
    if (meaning.kind === "drop" && dragging.isActive()) dragging.drop(pointer);
    if (meaning.kind === "cancel") dragging.cancel();
    if (meaning.kind === "click") clicked(pointer);
    if (meaning.kind === "double") doubleClicked(pointer);
    if (meaning.kind === "hold") hold(meaning.at);
    if (meaning.kind === "pinch") pinch(editor, meaning);
  };
};

/** @type {(host: HTMLElement, editor: Editor, signal: AbortSignal) => void} */
const listenToWheel = (host, editor, signal) => {
  const read = createWheelReader();
  host.addEventListener("wheel", (event) => {
    // A field with more text than it shows scrolls as long as it has the focus.
    const field = event.target instanceof Element ? event.target.closest("textarea, [data-own-wheel]") : null;
    if (field !== null && field.contains(document.activeElement) && !event.ctrlKey) return;
    event.preventDefault();
    const meaning = read(event);
    if (meaning.kind === "zoom") editor.viewport.zoomAt([event.clientX, event.clientY], meaning.factor);
    else editor.viewport.panBy(meaning.dx, meaning.dy);
  }, { signal, passive: false });
};

/**
 * Does something when the pointer is up: browsers close what floats when a press that began before it opened ends.
 *
 * @param {() => void} act
 */
const whenReleased = (act) => {
  const done = new AbortController();
  const end = () => {
    done.abort();
    setTimeout(act);
  };
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end, { signal: done.signal });
};

/** @type {(host: HTMLElement, editor: Editor, signal: AbortSignal) => void} */
const listenToMenu = (host, editor, signal) =>
  host.addEventListener("contextmenu", (event) => {
    const client = /** @type {Point} */ ([event.clientX, event.clientY]);
    const target = targetAt(editor, client, event);
    // Fields keep the browser's menu, with its spelling and its clipboard.
    if (target.kind === "part" && event.target instanceof Element && event.target.closest(FIELDS)) return;
    event.preventDefault();
    // With Ctrl the right button is the knife, a finger that is held is heard as such, and keys are in keyboard.js.
    if (event.ctrlKey || event.metaKey || event.button !== 2 || isTouch(event)) return;
    const open = () => openMenu(editor, target, client);
    // Some systems open menus when the button is pressed, others when it is released.
    if ((event.buttons & 2) === 0) open();
    else whenReleased(open);
  }, { signal });

/**
 * Follows the pointer, and keeps the page from doing what is up to the gestures: selecting text and moving the focus.
 *
 * @type {(host: HTMLElement, editor: Editor, signal: AbortSignal) => () => Point}
 */
const followPointer = (host, editor, signal) => {
  /** @type {Point} */
  let last = [0, 0];
  host.addEventListener("pointermove", (event) => {
    last = [event.clientX, event.clientY];
  }, { signal });
  host.addEventListener("mousedown", (event) => {
    if (targetAt(editor, [event.clientX, event.clientY], event).kind !== "part") event.preventDefault();
  }, { signal });
  return () => last;
};

/**
 * Lets hands work on a canvas.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @returns {{ destroy(): void }}
 */
export const createHands = (host, editor) => {
  const stop = new AbortController();
  const { signal } = stop;
  host.tabIndex = 0;
  const dragging = createDragging(host, editor);
  const pointer = followPointer(host, editor, signal);
  const held = watchHeld(host, {
    signal,
    onTap: () => {
      editor.palette.value = { at: editor.viewport.toGraph(pointer()), client: pointer() };
    },
  });
  const act = createActions(host, editor, dragging, held);
  const pointers = readPointers(host, { onMeaning: act, signal });

  host.addEventListener("pointermove", (event) => {
    // A link that was begun by a click follows the pointer though no button is held.
    if (pointers.isIdle() && dragging.isActive()) dragging.move(pointerAt(editor, pointer(), event));
    if (!dragging.isActive()) showCursor(host, targetAt(editor, pointer(), event));
  }, { signal });
  // While something is dragged Escape means that, and nothing else that it means.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !dragging.cancel()) return;
    pointers.abandon();
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { signal, capture: true });

  listenToWheel(host, editor, signal);
  listenToMenu(host, editor, signal);
  listenToKeys(host, editor, { signal });
  listenForClipboard(host, editor, { signal, pointer });
  const hint = showHint(host, editor);
  return {
    destroy: () => {
      dragging.cancel();
      hint.destroy();
      stop.abort();
    },
  };
};
