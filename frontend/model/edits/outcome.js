/** What an edit comes to: an op that does it, or words that say why not. */

/** @import { Conversion, Op, Words } from "../../interfaces.d.ts" */
/** @typedef {{ refusal: Words, conversions?: Conversion[] }} Refused */

/**
 * Refuses an edit.
 *
 * @param {string} id The text that says why.
 * @param {Words["with"]} [gaps]
 * @returns {Refused}
 */
export const refuse = (id, gaps) => ({ refusal: gaps ? { id, with: gaps } : { id } });

/**
 * Tells whether an edit was refused.
 *
 * @template {object} T
 * @param {T | Refused} outcome
 * @returns {outcome is Refused}
 */
export const isRefused = (outcome) => "refusal" in outcome;

/**
 * Makes one op of several.
 *
 * @param {...(Op | null | undefined | false)} ops What is not there is left out.
 * @returns {Op}
 */
export const together = (...ops) => {
  const real = ops.filter((op) => !!op);
  return real.length === 1 ? real[0] : { op: "together", ops: real };
};
