/** Finding entries of short lists by what people type. */

/**
 * Keeps the entries that hold every word of the query: first those that begin with it, then those in which a word
 * begins with it, then the others, each in their order.
 *
 * @template T
 * @param {readonly T[]} entries
 * @param {string} query
 * @param {(entry: T) => string} textOf
 * @returns {T[]}
 */
export function matching(entries, query, textOf) {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return [...entries];
  const words = wanted.split(/\s+/);
  /** @type {[T[], T[], T[]]} */
  const ranks = [[], [], []];
  for (const entry of entries) {
    const text = textOf(entry).toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const startsWord = text.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(words[0]));
    ranks[text.startsWith(wanted) ? 0 : startsWord ? 1 : 2].push(entry);
  }
  return ranks.flat();
}
