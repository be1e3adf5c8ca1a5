/**
 * Feeds what pointers do on the canvas to the state machine of presses.
 *
 * @import { Meaning, PointerStep } from "./press.js"
 */

import { abandon, advance, IDLE } from "./press.js";

/** How long a finger is held for a context menu, in milliseconds. */
const HOLD_MS = 500;

/**
 * Reads the pointers of an element.
 *
 * @param {HTMLElement} host
 * @param {{ onMeaning: (meaning: Meaning, event: PointerEvent | null) => void, signal: AbortSignal }} options
 *   `onMeaning` gets the event that led to the meaning; a hold has none.
 * @returns {{ abandon: () => void, isIdle: () => boolean }} `abandon` gives up what is being dragged.
 */
export const readPointers = (host, { onMeaning, signal }) => {
  let state = IDLE;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let holding;

  /** @type {(step: PointerStep, event: PointerEvent | null) => void} */
  const feed = (step, event) => {
    const stepped = advance(state, step);
    state = stepped.state;
    if (state.kind !== "pressed") clearTimeout(holding);
    for (const meaning of stepped.meanings) onMeaning(meaning, event);
  };
  /** @type {(kind: PointerStep["kind"], event: PointerEvent) => PointerStep} */
  const stepOf = (kind, event) => ({
    kind,
    id: event.pointerId,
    at: [event.clientX, event.clientY],
    isTouch: event.pointerType === "touch",
    time: event.timeStamp,
  });
  /** @type {(kind: PointerStep["kind"]) => (event: PointerEvent) => void} */
  const hear = (kind) => (event) => {
    if (state.pointers.has(event.pointerId)) feed(stepOf(kind, event), event);
  };

  host.addEventListener("pointerdown", (event) => {
    const step = stepOf("down", event);
    feed(step, event);
    if (step.isTouch) holding = setTimeout(() => feed({ ...step, kind: "hold" }, null), HOLD_MS);
  }, { signal });
  // On the window, so that a drag goes on outside the canvas.
  addEventListener("pointermove", hear("move"), { signal });
  addEventListener("pointerup", hear("up"), { signal });
  addEventListener("pointercancel", hear("lost"), { signal });
  // Two clicks with a key between them are two clicks.
  addEventListener("keydown", () => {
    state = { ...state, lastClick: null };
  }, { signal, capture: true });
  addEventListener("blur", () => {
    for (const [id, at] of state.pointers) feed({ kind: "lost", id, at, isTouch: false, time: 0 }, null);
  }, { signal });

  return {
    abandon: () => {
      state = abandon(state);
    },
    isIdle: () => state.kind === "idle",
  };
};
