/** What nodes and sockets are called. */

import { language } from "../ui/texts.js";

/** @import { Box } from "../interfaces.d.ts" */

/** Names that are written in capitals. */
const CAPITALS = /\b(vae|url|rgb|rgba|json|cfg|id)\b/g;

/**
 * Gives the name of a socket for people.
 * @param {string} name Such as `guidance_scale`.
 * @returns {string} Such as `Guidance scale`.
 */
export const socketLabel = (name) => {
  const words = name.replaceAll("_", " ").trim().replace(CAPITALS, (word) => word.toUpperCase());
  return words === "" ? name : capitalized(words);
};

/**
 * Gives a text with a capital first letter.
 * @param {string} text
 * @returns {string}
 */
export const capitalized = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Width of a letter, in sizes of its font, on the safe side; letters of Chinese and its kin take twice as much. */
const LETTER = 0.58;

/**
 * Tells whether a text may need more room than it has and must be cut. What is not cut is not clipped either: a page
 * with a clip for each of its labels takes a browser several times as long to move.
 * @param {string} text
 * @param {number} room In pixels.
 * @param {number} size Of the font, in pixels.
 * @returns {boolean}
 */
export const isLong = (text, room, size) => {
  let letters = 0;
  for (const letter of text) letters += letter > "\u2e7f" ? 2 : 1;
  return letters * size * LETTER > room;
};

/**
 * Gives the title of a node.
 * @param {Box} box
 * @returns {string} The one it was given, that of its type, or the name of a type that nobody knows.
 */
export const nodeTitle = ({ look, type, entry }) => look.title || type?.title || entry.type;

/** Making a writer takes longer than writing a hundred numbers with it. @type {Map<string, Intl.NumberFormat>} */
const writers = new Map();

/** @param {number} value @param {string} unit @param {number} [digits] */
const amount = (value, unit, digits = 0) => {
  const key = `${language()} ${unit} ${digits}`;
  const writer = writers.get(key) ?? new Intl.NumberFormat(language(), {
    style: "unit",
    unit,
    unitDisplay: "narrow",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  writers.set(key, writer);
  return writer.format(value);
};

/**
 * Writes a span of time in one unit or two.
 * @param {number} seconds
 * @returns {string} Such as `4ms`, `2.3s` or `3m 5s`, as the language has it.
 */
export const spanOf = (seconds) => {
  if (seconds < 1) return amount(Math.round(seconds * 1000), "millisecond");
  if (seconds < 60) return amount(seconds, "second", seconds < 10 ? 1 : 0);
  return `${amount(Math.floor(seconds / 60), "minute")} ${amount(Math.floor(seconds % 60), "second")}`;
};
