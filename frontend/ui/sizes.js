/** Amounts of bytes as people read them. */

import { language } from "./texts.js";

const UNITS = /** @type {const} */ ([["gigabyte", 1e9], ["megabyte", 1e6], ["kilobyte", 1e3]]);

/**
 * Writes an amount of bytes.
 *
 * @param {number} bytes 0 or more.
 * @returns {string} Such as `197 kB` or `1.2 GB`, as the language has it: two digits, or all before the point.
 */
export const sizeOf = (bytes) => {
  // What rounds up to a thousand of a unit is one of the next.
  const [unit, factor] = UNITS.find(([, least]) => bytes >= 0.9995 * least) ?? ["byte", 1];
  const count = bytes / factor;
  const format = { style: /** @type {const} */ ("unit"), unit, maximumFractionDigits: count < 9.95 ? 1 : 0 };
  return new Intl.NumberFormat(language(), format).format(count);
};
