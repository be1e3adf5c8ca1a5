import assert from "node:assert/strict";
import { effect } from "@preact/signals";
import { hasText, language, say, sayWords, useLanguage } from "../../../frontend/ui/texts.js";

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

Deno.test("a text that counts has a form for each plural of the language", async () => {
  const forms = () => [1, 2].map((count) => say("finder.count", { count }));

  assert.deepEqual(forms(), ["1 node", "2 nodes"]);
  await useLanguage("de");
  assert.deepEqual(forms(), ["1 Knoten", "2 Knoten"]);
  await useLanguage("en");
});

Deno.test("gaps are filled, and numbers are written as the language does", async () => {
  assert.match(say("shortcuts.taken", { keys: "Z", command: "Undo" }), /Z.*Undo/);
  await useLanguage("de");
  assert.match(say("field.problem.high", { most: 12345.5 }), /12\.345,5/);
  await useLanguage("en");
});
