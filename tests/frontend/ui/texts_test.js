import assert from "node:assert/strict";
import { effect } from "@preact/signals";
import { hasText, language, LANGUAGES, say, sayWords, useLanguage } from "../../../frontend/ui/texts.js";

/** @param {string} name @returns {Promise<Record<string, string>>} */
const textsOf = async (name) =>
  JSON.parse(await Deno.readTextFile(new URL(`../../../frontend/locales/${name}.json`, import.meta.url)));

Deno.test("a text follows the language, and one of a language nobody wrote is English", async () => {
  /** @type {string[]} */
  const heard = [];
  const stop = effect(() => void heard.push(say("ui.cancel")));

  await useLanguage("de-AT");
  assert.equal(language(), "de");
  await useLanguage("xx");
  assert.equal(language(), "en");

  stop();
  assert.deepEqual(heard, ["Cancel", "Abbrechen", "Cancel"]);
});

Deno.test("a text that is missing shows its name and is logged once", () => {
  let logged = 0;
  const { error } = globalThis.console;
  globalThis.console.error = () => void logged++;

  const shown = [say("no.such.text"), say("no.such.text")];

  globalThis.console.error = error;
  assert.deepEqual([shown, logged, hasText("no.such.text")], [["no.such.text", "no.such.text"], 1, false]);
});

Deno.test("words are read by name and strings stand for themselves", () => {
  assert.deepEqual([sayWords({ id: "ui.cancel" }), sayWords("as it is")], ["Cancel", "as it is"]);
});

Deno.test("gaps are filled, and numbers are written as the language does", async () => {
  assert.match(say("shortcuts.taken", { keys: "Z", command: "Undo" }), /Z.*Undo/);
  await useLanguage("de");
  assert.match(say("field.problem.high", { most: 12345.5 }), /12\.345,5/);
  await useLanguage("en");
});

Deno.test("every language has the same texts with the same gaps", async () => {
  const gapsOf = (/** @type {string} */ text) =>
    [...text.matchAll(/\{(\w+)\}/g)].map(([, gap]) => gap).sort();
  const english = await textsOf("en");
  const others = await Promise.all(Object.keys(LANGUAGES).map(textsOf));

  for (const texts of others) {
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(english).sort());
    for (const [id, text] of Object.entries(texts)) assert.deepEqual(gapsOf(text), gapsOf(english[id]), id);
  }
});
