/**
 * From what pointers do to what hands mean: click, double click, drag, hold and pinch.
 *
 * A pure state machine. It knows no elements and no clocks: a `hold` is fed in by whoever has a timer.
 *
 * @import { Point } from "../../interfaces.d.ts"
 */

import { distance } from "./bounds.js";

/** How far a pressed pointer may stray without dragging, in screen pixels. */
const SLOP_PX = { mouse: 4, touch: 10 };

/** The longest time between the clicks of a double click, in milliseconds. */
const DOUBLE_MS = 400;

/**
 * @typedef {{ kind: "down" | "move" | "up" | "lost" | "hold", id: number, at: Point, isTouch: boolean, time: number }} PointerStep
 */

/**
 * @typedef {object} PressState
 * @property {"idle" | "pressed" | "dragging" | "pinching" | "spent"} kind `spent` waits for the last finger to go.
 * @property {ReadonlyMap<number, Point>} pointers Where each one is that is down.
 * @property {number | null} lead The one that drags.
 * @property {Point} start Where the lead was pressed.
 * @property {{ at: Point, time: number } | null} lastClick
 */

/**
 * @typedef {{ kind: "press" | "click" | "double" | "drag" | "move" | "drop" | "cancel" | "hold", at: Point } |
 *   { kind: "pinch", at: Point, by: Point, factor: number }} Meaning
 */

/** Nothing is pressed. @type {PressState} */
export const IDLE = { kind: "idle", pointers: new Map(), lead: null, start: [0, 0], lastClick: null };

/** @type {(pointers: ReadonlyMap<number, Point>, step: PointerStep) => Map<number, Point>} */
const placed = (pointers, step) => new Map(pointers).set(step.id, step.at);

/** @type {(pointers: ReadonlyMap<number, Point>, id: number) => Map<number, Point>} */
const without = (pointers, id) => new Map([...pointers].filter(([other]) => other !== id));

/** @type {(pointers: ReadonlyMap<number, Point>) => { at: Point, spread: number }} */
const grip = (pointers) => {
  const [a, b] = /** @type {[Point, Point]} */ ([...pointers.values()]);
  return { at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], spread: Math.max(1, distance(a, b)) };
};

/** @typedef {{ state: PressState, meanings: Meaning[] }} Stepped */

/** @type {(state: PressState, step: PointerStep) => Stepped} */
const down = (state, step) => {
  const pointers = placed(state.pointers, step);
  if (state.pointers.size === 0) {
    return {
      state: { ...state, kind: "pressed", pointers, lead: step.id, start: step.at },
      meanings: [{ kind: "press", at: step.at }],
    };
  }
  // A second finger makes a pinch of whatever the first one was doing; a third changes nothing.
  if (!step.isTouch || pointers.size !== 2) return { state: { ...state, pointers }, meanings: [] };
  return {
    state: { ...state, kind: "pinching", pointers, lead: null },
    meanings: state.kind === "dragging" ? [{ kind: "cancel", at: step.at }] : [],
  };
};

/** @type {(state: PressState, step: PointerStep) => Stepped} */
const move = (state, step) => {
  if (!state.pointers.has(step.id)) return { state, meanings: [] };
  const moved = { ...state, pointers: placed(state.pointers, step) };
  if (state.kind === "pinching" && state.pointers.size === 2) {
    const [before, now] = [grip(state.pointers), grip(moved.pointers)];
    const by = /** @type {Point} */ ([now.at[0] - before.at[0], now.at[1] - before.at[1]]);
    return {
      state: moved,
      meanings: [{ kind: "pinch", at: now.at, by, factor: now.spread / before.spread }],
    };
  }
  if (step.id !== state.lead) return { state: moved, meanings: [] };
  if (state.kind === "dragging") return { state: moved, meanings: [{ kind: "move", at: step.at }] };
  const slop = step.isTouch ? SLOP_PX.touch : SLOP_PX.mouse;
  if (state.kind !== "pressed" || distance(state.start, step.at) < slop) {
    return { state: moved, meanings: [] };
  }
  return {
    state: { ...moved, kind: "dragging", lastClick: null },
    meanings: [{ kind: "drag", at: state.start }, { kind: "move", at: step.at }],
  };
};

/** @type {(state: PressState, step: PointerStep) => Meaning[]} */
const clicked = ({ lastClick }, step) => {
  const isDouble = lastClick !== null && step.time - lastClick.time <= DOUBLE_MS &&
    distance(lastClick.at, step.at) < SLOP_PX.touch;
  return isDouble
    ? [{ kind: "click", at: step.at }, { kind: "double", at: step.at }]
    : [{ kind: "click", at: step.at }];
};

/** @type {(state: PressState, step: PointerStep) => Stepped} */
const up = (state, step) => {
  const pointers = without(state.pointers, step.id);
  const rest = /** @type {PressState} */ ({
    ...state,
    kind: pointers.size === 0 ? "idle" : "spent",
    pointers,
    lead: null,
  });
  if (step.id !== state.lead) {
    return { state: pointers.size === 0 ? rest : { ...state, pointers }, meanings: [] };
  }
  if (state.kind === "dragging") return { state: rest, meanings: [{ kind: "drop", at: step.at }] };
  if (state.kind !== "pressed") return { state: rest, meanings: [] };
  const meanings = clicked(state, step);
  const lastClick = meanings.length === 2 ? null : { at: step.at, time: step.time };
  return { state: { ...rest, lastClick }, meanings };
};

/** @type {(state: PressState, step: PointerStep) => Stepped} */
const lost = (state, step) => {
  const pointers = without(state.pointers, step.id);
  const wasDragging = state.kind === "dragging" && step.id === state.lead;
  return {
    state: { ...state, kind: pointers.size === 0 ? "idle" : "spent", pointers, lead: null },
    meanings: wasDragging ? [{ kind: "cancel", at: step.at }] : [],
  };
};

/** @type {(state: PressState, step: PointerStep) => Stepped} */
const hold = (state, step) => {
  if (state.kind !== "pressed" || step.id !== state.lead) return { state, meanings: [] };
  return {
    state: { ...state, kind: "spent", lead: null, lastClick: null },
    meanings: [{ kind: "hold", at: state.start }],
  };
};

const STEPS = { down, move, up, lost, hold };

/**
 * Takes what a pointer did and tells what it means.
 *
 * @param {PressState} state
 * @param {PointerStep} step
 * @returns {Stepped}
 */
export const advance = (state, step) => STEPS[step.kind](state, step);

/**
 * Gives up what is being dragged, as Escape does; the pointers stay down and mean nothing until they are up.
 *
 * @param {PressState} state
 * @returns {PressState}
 */
export const abandon = (state) => state.kind === "idle" ? state : { ...state, kind: "spent", lead: null };
