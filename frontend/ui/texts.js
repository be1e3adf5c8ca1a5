/**
 * The words of the editor, in the language of its user.
 *
 * Every text has a dotted name in `locales/*.json`. Reading a text inside a component or an effect follows the
 * language. A text with a number in its gap `count` may have one form for each plural category of the language:
 * `queue.jobs.one` and `queue.jobs.other`.
 */

/** @import { Words } from "../interfaces.d.ts" */

import { signal } from "@preact/signals";
import english from "../locales/en.json" with { type: "json" };
import { place } from "../place.js";

/** @typedef {{ name: string, words: Record<string, string>, plural: Intl.PluralRules, number: Intl.NumberFormat }} Language */

/** Languages there are texts for, with what each calls itself. */
export const LANGUAGES = /** @type {const} */ ({ en: "English", de: "Deutsch" });

/** @type {(name: string, words: Record<string, string>) => Language} */
const languageOf = (name, words) => ({
  name,
  words,
  plural: new Intl.PluralRules(name),
  number: new Intl.NumberFormat(name, { maximumFractionDigits: 3, useGrouping: "min2" }),
});

const ENGLISH = languageOf("en", { ...english });
const current = signal(ENGLISH);

/** Name of the language that texts are read in, such as `de`; reading it follows a change. */
export const language = () => current.value.name;

/**
 * Reads texts in another language from now on; English where there are none in it.
 *
 * @param {string} wanted Such as `de` or `de-AT`.
 */
export async function useLanguage(wanted) {
  const name = wanted.split("-")[0];
  if (name === current.peek().name) return;
  if (name === "en" || !Object.hasOwn(LANGUAGES, name)) {
    current.value = ENGLISH;
    return;
  }
  const words = await (await fetch(place(`locales/${name}.json`))).json();
  current.value = languageOf(name, words);
}

/**
 * Writes a number as the language does.
 *
 * @param {number} number
 */
export const sayNumber = (number) => current.value.number.format(number);

/** @type {Set<string>} */
const missed = new Set();

/**
 * Reads a text and fills its gaps.
 *
 * @param {string} id Its name, such as `queue.empty`. A text that is missing shows its name and is logged once.
 * @param {Record<string, string | number>} [gaps] What stands in `{gaps}`; numbers are written as the language does.
 */
export function say(id, gaps = {}) {
  const spoken = current.value;
  const text = formOf(spoken, id, gaps.count) ?? formOf(ENGLISH, id, gaps.count);
  if (text === undefined) {
    // deno-lint-ignore no-console -- the one sign of a text that was forgotten
    if (!missed.has(id)) console.error(`There is no text ${id}.`);
    missed.add(id);
    return id;
  }
  return text.replace(/\{(\w+)\}/g, (gap, name) => {
    const content = gaps[name];
    if (content === undefined) return gap;
    return typeof content === "number" ? spoken.number.format(content) : content;
  });
}

/** @param {Words | string} words What `say` reads; a string stands for itself. */
export const sayWords = (words) => typeof words === "string" ? words : say(words.id, words.with);

/**
 * Adds a text that no language has, such as the title of what a pack adds.
 *
 * @param {string} id
 * @param {string} text
 */
export const addText = (id, text) => {
  ENGLISH.words[id] = text;
};

/** @param {string} id */
export const hasText = (id) => id in ENGLISH.words;

/** @type {(language: Language, id: string, count: string | number | undefined) => string | undefined} */
function formOf({ words, plural }, id, count) {
  if (id in words || typeof count !== "number") return words[id];
  return words[`${id}.${plural.select(count)}`] ?? words[`${id}.other`];
}
