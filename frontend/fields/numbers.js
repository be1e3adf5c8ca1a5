/** The arithmetic of number fields: steps, dragging, rounding, and what is wrong with a number. */

/** @import { JSONValue, Words } from "../interfaces.d.ts" */

/** What a number may be; infinite where there is no limit. @typedef {{ min: number, max: number, step: number, isWhole: boolean }} Range */
/** @typedef {"fine" | "usual" | "coarse"} Grain */

/** Pixels that dragging needs from one end of a short range to the other, and for one step where there is none. */
const WHOLE_RANGE = 240;
const ONE_STEP = 4;
/** A range of more steps than this is not dragged through at once. */
const MOST_STEPS = 2_000;

/**
 * Reads what a number may be from its widget.
 *
 * @param {Record<string, JSONValue> | null} widget
 * @returns {Range}
 */
export function rangeOf(widget) {
  const min = typeof widget?.min === "number" ? widget.min : -Infinity;
  const max = typeof widget?.max === "number" ? widget.max : Infinity;
  const isWhole = widget?.integer === true || widget?.kind === "seed";
  return {
    min,
    max,
    isWhole,
    step: typeof widget?.step === "number" ? widget.step : usualStep(max - min, isWhole),
  };
}

/** @param {number} width Of the range. @param {boolean} isWhole */
function usualStep(width, isWhole) {
  if (isWhole) return 1;
  return Number.isFinite(width) && width > 0 ? 10 ** Math.floor(Math.log10(width / 100) + 1e-9) : 0.1;
}

/** How far apart the numbers are that a gesture reaches. @param {Range} range @param {Grain} grain */
export function grainOf({ step, isWhole }, grain) {
  const size = { fine: step / 10, usual: step, coarse: step * 10 }[grain];
  return isWhole ? Math.max(1, Math.round(size)) : size;
}

/**
 * Gives the number that dragging comes to.
 *
 * @param {number} start
 * @param {number} pixels To the right.
 * @param {Range} range
 * @param {Grain} grain
 */
export function dragged(start, pixels, range, grain) {
  const { min, max, step } = range;
  const steps = (max - min) / step;
  const perPixel = steps <= MOST_STEPS ? (max - min) / WHOLE_RANGE : step / ONE_STEP;
  const slow = grain === "fine" ? 0.1 : 1;
  return within(toGrain(start + pixels * perPixel * slow, grainOf(range, grain)), range);
}

/**
 * Gives the next number up or down.
 *
 * @param {number} value
 * @param {1 | -1} direction
 * @param {Range} range
 * @param {Grain} grain
 */
export function nudged(value, direction, range, grain) {
  const size = grainOf(range, grain);
  return within(tidy(value + direction * size, size), range);
}

/** Where a number lies in its range, 0..1; null where the range has no ends. @param {number} value @param {Range} range */
export const shareOf = (value, { min, max }) =>
  Number.isFinite(max - min) && max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : null;

/**
 * Tells what is wrong with a number; null where nothing is.
 *
 * @param {JSONValue | undefined} value
 * @param {Range} range
 * @returns {Words | null}
 */
export function numberProblem(value, { min, max, isWhole }) {
  if (typeof value === "bigint" && isWhole) return null;
  if (typeof value !== "number") return { id: "field.problem.number" };
  if (isWhole && !Number.isInteger(value)) return { id: "field.problem.whole" };
  if (value < min) return { id: "field.problem.low", with: { least: min } };
  if (value > max) return { id: "field.problem.high", with: { most: max } };
  // Larger whole numbers would silently become their neighbours.
  return isWhole && !Number.isSafeInteger(value)
    ? { id: "field.problem.high", with: { most: Number.MAX_SAFE_INTEGER } }
    : null;
}

/** @param {number} value @param {Range} range */
const within = (value, { min, max }) => Math.min(max, Math.max(min, value));

/** @param {number} value @param {number} size */
const toGrain = (value, size) => tidy(Math.round(value / size) * size, size);

/** Takes away what binary fractions add: 0.1 + 0.2 is 0.3. @param {number} value @param {number} size */
const tidy = (value, size) =>
  Number(value.toFixed(Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(size))))));
