/** JSON in which no whole number is rounded: seeds may be larger than what JavaScript counts with. */

/** @import { JSONValue } from "../interfaces.d.ts" */

/** Digits from which on a whole number may be too large. */
const LONG_NUMBER = /\d{16}/;

/**
 * Reads JSON; whole numbers beyond 2^53 become BigInts, where the browser tells how they were written.
 *
 * @param {string} text
 * @returns {any}
 * @throws {SyntaxError} It is no JSON.
 */
export const readJSON = (text) => JSON.parse(text, LONG_NUMBER.test(text) ? exactly : undefined);

/**
 * Writes JSON, BigInts as the numbers that they are.
 *
 * @param {unknown} value
 * @param {number} [indent] Spaces for each level; one line where it is missing.
 * @returns {string}
 */
export const writeJSON = (value, indent) => JSON.stringify(value, plainly, indent);

/** @type {(key: string, value: JSONValue, context?: { source?: string }) => JSONValue | bigint} */
const exactly = (_, value, context) => {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
};

/** @type {(key: string, value: unknown) => unknown} */
const plainly = (_, value) =>
  typeof value === "bigint" ? /** @type {any} */ (JSON).rawJSON(String(value)) : value;
