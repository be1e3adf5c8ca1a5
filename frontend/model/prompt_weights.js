/**
 * Weights of words in a prompt: `(a red circle:1.2)` counts more, `(a red circle:0.8)` less.
 *
 * Round brackets hold the words and, behind a colon, their weight; without one it is 1.1. They nest, and the weights of
 * nested brackets multiply. `\(`, `\)`, `\:` and `\\` stand for the characters themselves. The server reads the same,
 * and both are held to one table of cases.
 */

/** @typedef {{ text: string, start: number, end: number }} Weighed The new text, and what is selected in it. */
/**
 * Words in brackets: the brackets from `open` to behind the closing one at `end`, the words up to `stop`.
 * @typedef {{ open: number, stop: number, end: number, weight: number }} Group
 */

const STEP = 0.05;
const PLAIN_GROUP = 1.1;
const [LEAST, MOST] = [0, 10];
/** What is a word of a prompt, where nothing is selected; the name of a learned word belongs to what stands before. */
const WORD = /embedding:[\p{L}\p{N}_/.-]*[\p{L}\p{N}_]|[\p{L}\p{N}_'’-]+/gu;
/** The weight at the end of what stands in brackets; a colon with a backslash is a character. */
const WEIGHT = /(?<=(?<!\\)(?:\\\\)*):\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$/;

/**
 * Raises or lowers the weight of what is selected, or of the brackets or the word around the caret.
 *
 * @param {string} text
 * @param {number} start Where the selection begins.
 * @param {number} end Where it ends; `start` for a caret.
 * @param {1 | -1} direction
 * @returns {Weighed | null} Null where there is nothing to weigh, or the selection cuts through brackets.
 */
export function weigh(text, start, end, direction) {
  const groups = groupsIn(text);
  const selected = trimmed(text, start, end);
  const group = groups.find((one) => isMeant(one, selected));
  if (group) return changed(text, group, direction, start === end ? start : null);
  const word = selected.start < selected.end ? selected : wordAt(text, start);
  const isWhole = word && !groups.some((one) => cuts(one, word)) &&
    isBalanced(text.slice(word.start, word.end));
  if (!isWhole) return null;
  const plain = { open: word.start - 1, stop: word.end, end: word.end, weight: 1 };
  return changed(text, plain, direction, start === end ? start : null);
}

/**
 * Finds all words in brackets, inner ones before those around them.
 *
 * @param {string} text
 * @returns {Group[]}
 */
export function groupsIn(text) {
  /** @type {Group[]} */
  const groups = [];
  const opened = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "(") opened.push(at);
    else if (text[at] === ")") {
      const open = opened.pop();
      if (open !== undefined) groups.push(groupOf(text, open, at));
    }
  }
  return groups;
}

/**
 * @param {string} text
 * @param {number} open
 * @param {number} close
 * @returns {Group}
 */
function groupOf(text, open, close) {
  const written = WEIGHT.exec(text.slice(open + 1, close));
  if (!written) return { open, stop: close, end: close + 1, weight: PLAIN_GROUP };
  return { open, stop: open + 1 + written.index, end: close + 1, weight: Number(written[1]) };
}

/**
 * Tells whether a selection means brackets: it is a caret in them, or holds all their words and nothing else.
 *
 * @param {Group} group
 * @param {{ start: number, end: number }} selected
 */
function isMeant({ open, stop, end }, selected) {
  if (selected.start < open || selected.end > end) return false;
  return selected.start === selected.end || (selected.start <= open + 1 && selected.end >= stop);
}

/**
 * Tells whether brackets begin or end within a piece of text, or their weight does.
 *
 * @param {Group} group
 * @param {{ start: number, end: number }} piece
 */
function cuts({ open, stop, end }, piece) {
  const isAround = open < piece.start && piece.end <= stop;
  const isWithin = piece.start <= open && end <= piece.end;
  return !isAround && !isWithin && piece.start < end && open < piece.end;
}

/**
 * @param {string} text
 * @param {number} start
 * @param {number} end
 */
function trimmed(text, start, end) {
  const piece = text.slice(start, end);
  if (!piece.trim()) return { start, end: start };
  return { start: end - piece.trimStart().length, end: start + piece.trimEnd().length };
}

/**
 * @param {string} text
 * @param {number} at
 */
function wordAt(text, at) {
  const found = [...text.matchAll(WORD)].find(({ index, 0: word }) =>
    index <= at && at <= index + word.length
  );
  return found ? { start: found.index, end: found.index + found[0].length } : null;
}

/**
 * Tells whether no bracket of a text is left alone, also none that is written with a backslash before the text.
 *
 * @param {string} text
 */
export function isBalanced(text) {
  let depth = 0;
  for (let at = 0; at < text.length && depth >= 0; at++) {
    if (text[at] === "\\") at++;
    else depth += Number(text[at] === "(") - Number(text[at] === ")");
  }
  return depth === 0 && !/(?<!\\)(?:\\\\)*\\$/.test(text);
}

/**
 * Writes words with the next weight; without brackets where it is 1.
 *
 * @param {string} text
 * @param {Group} group
 * @param {1 | -1} direction
 * @param {number | null} caret
 * @returns {Weighed}
 */
function changed(text, { open, stop, end, weight }, direction, caret) {
  const next = Math.min(MOST, Math.max(LEAST, Math.round((weight + direction * STEP) * 100) / 100));
  const words = text.slice(open + 1, stop);
  const written = next === 1 ? words : `(${words}:${next})`;
  const isGroup = end > stop;
  const before = isGroup ? open : open + 1;
  const start = before + (next === 1 ? 0 : 1);
  const within = caret === null ? 0 : start + Math.min(Math.max(caret - open - 1, 0), words.length);
  return {
    text: text.slice(0, before) + written + text.slice(end),
    start: caret === null ? start : within,
    end: caret === null ? start + words.length : within,
  };
}
