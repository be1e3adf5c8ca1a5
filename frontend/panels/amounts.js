/** Times and shares as people read them, in the language of the editor unless another is named. */

import { sizeOf } from "../ui/sizes.js";
import { language, say } from "../ui/texts.js";
import { spanOf } from "../view/labels.js";

/**
 * Writes when something was: the time where it was today, else the day too.
 *
 * @param {string} moment As the server writes it.
 * @param {string} [locale]
 * @param {Date} [now]
 */
export const when = (moment, locale = language(), now = new Date()) => {
  const then = new Date(moment);
  const isToday = then.toDateString() === now.toDateString();
  const day = isToday ? {} : /** @type {const} */ ({ day: "numeric", month: "short" });
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", ...day }).format(then);
};

/**
 * Writes a share as a percentage.
 *
 * @param {number} share 1 is all of it.
 * @param {string} [locale]
 */
export const percent = (share, locale = language()) =>
  new Intl.NumberFormat(locale, { style: "percent" }).format(share);

/**
 * Joins what is known of something: "4.2s · 20%".
 *
 * @param {...(string | false | null | undefined)} parts Empty ones are left out.
 */
export const joined = (...parts) => parts.filter(Boolean).join(" · ");

/**
 * Writes how far something is: "75% · 2s left".
 *
 * @param {{ done: number, secondsLeft: number | null }} progress
 */
export const progressText = ({ done, secondsLeft }) =>
  joined(
    percent(Math.min(1, done)),
    secondsLeft !== null && say("panels.run.left", { time: spanOf(secondsLeft) }),
  );

/**
 * Writes what a run would cost: the model files that have to be fetched first, else its time and memory.
 *
 * @param {{ seconds: number | null, heldBytes: number | null, missing: readonly string[] }} cost
 * @returns {string} Empty where nothing is known.
 */
export const costText = ({ seconds, heldBytes, missing }) => {
  if (missing.length) {
    return say("panels.run.missing-models", { count: missing.length, names: missing.join(", ") });
  }
  return seconds
    ? say("panels.run.usual", { time: joined(spanOf(seconds), heldBytes ? sizeOf(heldBytes) : "") })
    : "";
};
