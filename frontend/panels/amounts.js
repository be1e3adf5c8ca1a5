/** Times and sizes as people read them. */

/**
 * Writes a span of time: "3.2 s", "2 min 5 s", "1 h 10 min".
 *
 * @param {number} seconds
 * @param {string} [language]
 */
export const duration = (seconds, language) => {
  const amount = unitWriter(language);
  if (seconds < 10) return amount(Math.round(seconds * 10) / 10, "second");
  const whole = Math.round(seconds);
  if (whole < 60) return amount(whole, "second");
  if (whole < 3600) return both(amount, [Math.floor(whole / 60), "minute"], [whole % 60, "second"]);
  return both(amount, [Math.floor(whole / 3600), "hour"], [Math.floor((whole % 3600) / 60), "minute"]);
};

/**
 * Writes when something was: the time where it was today, else the day too.
 *
 * @param {string} moment As the server writes it.
 * @param {string} [language]
 * @param {Date} [now]
 */
export const when = (moment, language, now = new Date()) => {
  const then = new Date(moment);
  const isToday = then.toDateString() === now.toDateString();
  const day = isToday ? {} : /** @type {const} */ ({ day: "numeric", month: "short" });
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", ...day }).format(then);
};

/**
 * Writes a share as a percentage.
 *
 * @param {number} share 0 to 1
 * @param {string} [language]
 */
export const percent = (share, language) =>
  new Intl.NumberFormat(language, { style: "percent" }).format(Math.min(1, Math.max(0, share)));

/** @param {string | undefined} language */
const unitWriter = (language) => (/** @type {number} */ value, /** @type {string} */ unit) =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);

/**
 * @param {(value: number, unit: string) => string} amount
 * @param {[number, string]} large
 * @param {[number, string]} small
 */
const both = (amount, large, small) =>
  small[0] === 0 ? amount(...large) : `${amount(...large)} ${amount(...small)}`;
