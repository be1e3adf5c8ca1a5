/**
 * Finding node types by what people type: parts of words, initials, letters left out, and small slips.
 *
 * Every word of a query must be found somewhere in a type. Where it is found decides the order: the title before
 * the name, then category, summary, socket types and the help of the parameters.
 *
 * @import { NodeType, SearchHit } from "../interfaces.d.ts"
 */

/** @typedef {{ text: string, starts: readonly number[] }} Short A short text in lower case, and where its words begin. */
/**
 * A node type, made ready to be searched.
 * @typedef {{ type: NodeType, shorts: readonly Short[], sockets: Short, longs: readonly string[] }} Entry
 */
/** @typedef {{ quality: number, marks: readonly number[] }} Match How well a word is found, 0..1, and at which letters. */
/** @typedef {{ socket: string, rank: number }} Partner The socket to link, and how far it is from a perfect one. */

/** What a find is worth in title, name and category. */
const SHORT_WEIGHTS = [100, 90, 70];
/** What a find is worth in summary, socket types and the help of the parameters. */
const LONG_WEIGHTS = [50, 40, 30];
/** A title that begins with all that was typed goes before those that hold its words somewhere. */
const WHOLE_QUERY_BONUS = 10;
/** What each step of a partner's rank costs. */
const RANK_COST = 8;
/** Scattered letters count as a find from here on. */
const LEAST_SCATTERED = 0.3;

/**
 * Makes node types ready to be searched.
 *
 * @param {Iterable<NodeType>} types
 * @returns {Entry[]}
 */
export function indexTypes(types) {
  return Array.from(types, (type) => {
    const sockets = [...type.inputs, ...type.outputs];
    return {
      type,
      shorts: [type.title, type.type, type.category].map(short),
      sockets: short([...new Set(sockets.map((socket) => socket.type))].join(" ")),
      longs: [
        words(type.summary),
        words(sockets.map((socket) => `${socket.type} ${socket.name}`).join(" ")),
        words([...sockets.map((socket) => socket.doc), type.doc].join(" ")),
      ],
    };
  });
}

/**
 * Finds node types.
 *
 * @param {readonly Entry[]} index
 * @param {string} query Words in any order; none finds every type.
 * @param {{ partner?: (type: NodeType) => Partner | null, limit?: number }} [options] `partner` gives the socket
 * that a type would be linked at; types without one are left out.
 * @returns {SearchHit[]} The best first.
 */
export function searchTypes(index, query, { partner, limit = Infinity } = {}) {
  const asked = query.trim().toLowerCase();
  const tokens = asked.split(/\s+/).filter(Boolean);
  const hits = [];
  for (const entry of index) {
    const found = scored(entry, asked, tokens);
    const linked = found && partner?.(entry.type);
    if (!found || (partner && !linked)) continue;
    const score = found.score - (linked ? linked.rank * RANK_COST : 0);
    hits.push({ type: entry.type, score, marks: found.marks, ...(linked ? { socket: linked.socket } : {}) });
  }
  // Of two equal finds, the plainer name comes first; without a query, the names come in their order.
  const plainness = (/** @type {NodeType} */ type) => asked ? type.type.length : 0;
  hits.sort((a, b) =>
    b.score - a.score || plainness(a.type) - plainness(b.type) || (a.type.type < b.type.type ? -1 : 1)
  );
  return hits.slice(0, limit);
}

/**
 * @param {Entry} entry
 * @param {string} asked
 * @param {readonly string[]} tokens
 * @returns {{ score: number, marks: number[] } | null}
 */
function scored(entry, asked, tokens) {
  let score = 0;
  const marks = new Set();
  for (const token of tokens) {
    const inTitle = matchShort(token, entry.shorts[0]);
    const best = besideTitle(token, entry, (inTitle?.quality ?? 0) * SHORT_WEIGHTS[0]);
    if (!best) return null;
    score += best / tokens.length;
    for (const mark of inTitle?.marks ?? []) marks.add(mark);
  }
  if (tokens.length && entry.shorts[0].text.startsWith(asked)) score += WHOLE_QUERY_BONUS;
  return { score, marks: [...marks].sort((a, b) => a - b) };
}

/**
 * Gives the worth of a word's best find outside the title; 0 where it is nowhere.
 *
 * @param {string} token
 * @param {Entry} entry
 * @param {number} least What the title is worth: where nothing better can be found, nothing is looked for.
 */
function besideTitle(token, entry, least) {
  let best = least;
  for (let at = 1; at < SHORT_WEIGHTS.length && best < SHORT_WEIGHTS[at]; at++) {
    best = Math.max(best, (matchShort(token, entry.shorts[at])?.quality ?? 0) * SHORT_WEIGHTS[at]);
  }
  for (let at = 0; at < LONG_WEIGHTS.length && best < LONG_WEIGHTS[at]; at++) {
    best = Math.max(best, longQuality(token, entry.longs[at]) * LONG_WEIGHTS[at]);
  }
  return best || (matchSlip(token, entry.sockets)?.quality ?? 0) * LONG_WEIGHTS[1];
}

/**
 * @param {string} text
 * @returns {Short}
 */
function short(text) {
  return {
    text: text.toLowerCase(),
    starts: Array.from(text.matchAll(/[\p{L}\p{N}]+/gu), ({ index }) => index),
  };
}

/**
 * Gives the words of a text, in lower case and each behind one space.
 *
 * @param {string} text
 */
function words(text) {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, " ").replace(/^ ?/, " ");
}

/**
 * @param {string} token
 * @param {string} text
 */
function longQuality(token, text) {
  if (text.includes(` ${token}`)) return 1;
  return token.length > 3 && text.includes(token) ? 0.6 : 0;
}

/**
 * Finds a word in a short text: as it stands, by scattered letters, or with a slip.
 *
 * @param {string} token
 * @param {Short} short
 * @returns {Match | null}
 */
function matchShort(token, short) {
  return matchWhole(token, short) ?? matchScattered(token, short) ?? matchSlip(token, short);
}

/**
 * @param {string} token
 * @param {Short} short
 * @returns {Match | null}
 */
function matchWhole(token, { text, starts }) {
  const first = text.indexOf(token);
  if (first < 0) return null;
  const start = starts.find((at) => text.startsWith(token, at));
  const at = start ?? first;
  const marks = Array.from(token, (_, offset) => at + offset);
  if (start === undefined) return { quality: 0.65, marks };
  const endsWord = !/[\p{L}\p{N}]/u.test(text[at + token.length] ?? "");
  return { quality: (at === 0 ? 0.92 : 0.87) + (endsWord ? 0.05 : 0), marks };
}

/**
 * Finds the letters of a word in their order, the first at the beginning of a word. Beginnings of words and letters
 * that follow each other count more, so that "sl" is Sample latent and "image" is not Limit range.
 *
 * @param {string} token
 * @param {Short} short
 * @returns {Match | null}
 */
function matchScattered(token, { text, starts }) {
  /** @type {Map<number, { sum: number, marks: number[] }>} */
  let ends = new Map();
  for (const start of starts) {
    if (text[start] === token[0]) ends.set(start, { sum: 1, marks: [start] });
  }
  for (let letter = 1; letter < token.length && ends.size; letter++) {
    ends = extended(ends, token[letter], text, starts);
  }
  const best = bestOf(ends.values());
  const quality = best ? (0.6 * best.sum) / token.length : 0;
  return best && quality >= LEAST_SCATTERED ? { quality, marks: best.marks } : null;
}

/**
 * Extends every run of letters by one more, keeping the best run for each place it ends at.
 *
 * @param {ReadonlyMap<number, { sum: number, marks: number[] }>} ends
 * @param {string} letter
 * @param {string} text
 * @param {readonly number[]} starts
 */
function extended(ends, letter, text, starts) {
  const longer = new Map();
  for (let at = text.indexOf(letter); at >= 0; at = text.indexOf(letter, at + 1)) {
    const runs = [];
    for (const [end, run] of ends) {
      if (end >= at) continue;
      const gain = starts.includes(at) ? 1 : end === at - 1 ? 0.8 : 0.1;
      runs.push({ sum: run.sum + gain, marks: [...run.marks, at] });
    }
    const best = bestOf(runs);
    if (best) longer.set(at, best);
  }
  return longer;
}

/**
 * @param {Iterable<{ sum: number, marks: number[] }>} runs
 */
function bestOf(runs) {
  let best = null;
  for (const run of runs) if (!best || run.sum > best.sum) best = run;
  return best;
}

/**
 * Finds a word that was typed with a slip: one letter wrong, missing, too many or swapped, two in long words.
 *
 * @param {string} token
 * @param {Short} short
 * @returns {Match | null}
 */
function matchSlip(token, { text, starts }) {
  if (token.length < 4) return null;
  const most = token.length < 8 ? 1 : 2;
  for (const at of starts) {
    // Nearly everybody gets the first letter right, or swaps it with the second.
    if (text[at] !== token[0] && text[at] !== token[1]) continue;
    const word = /^[\p{L}\p{N}]+/u.exec(text.slice(at))?.[0] ?? "";
    const slips = token.length - word.length > most ? Infinity : prefixDistance(token, word, most);
    if (slips <= most) {
      return { quality: 0.5 - 0.1 * slips, marks: Array.from(word.slice(0, token.length), (_, i) => at + i) };
    }
  }
  return null;
}

/**
 * Counts the slips between a word as it was typed and the nearest beginning of another (optimal string alignment).
 *
 * @param {string} typed
 * @param {string} word
 * @param {number} most Counting ends above this.
 */
function prefixDistance(typed, word, most) {
  let before = /** @type {number[]} */ ([]);
  let row = Array.from({ length: word.length + 1 }, (_, column) => column);
  for (let i = 1; i <= typed.length; i++) {
    const next = [i];
    for (let j = 1; j <= word.length; j++) {
      const isSame = typed[i - 1] === word[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && typed[i - 1] === word[j - 2] && typed[i - 2] === word[j - 1]) {
        next[j] = Math.min(next[j], before[j - 2] + 1);
      }
    }
    if (Math.min(...next) > most) return most + 1;
    [before, row] = [row, next];
  }
  return Math.min(...row);
}
