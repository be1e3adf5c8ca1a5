import assert from "node:assert/strict";
import { duration, percent, when } from "../../../frontend/panels/amounts.js";

/** Intl writes spaces that do not break. @param {string} text */
const plain = (text) => text.replaceAll(/[\u00a0\u202f]/g, " ");

Deno.test("short times have a tenth, longer ones the two largest units", () => {
  const written = [0.04, 3.24, 12.4, 65, 120, 3725].map((seconds) => plain(duration(seconds, "en")));

  assert.deepEqual(written, ["0 sec", "3.2 sec", "12 sec", "1 min 5 sec", "2 min", "1 hr 2 min"]);
});

Deno.test("a time just under a minute is a minute once it is rounded", () => {
  assert.equal(plain(duration(59.7, "en")), "1 min");
});

Deno.test("times follow the language", () => {
  assert.equal(plain(duration(3.24, "de")), "3,2 Sek.");
});

Deno.test("the day is named only where it is not today", () => {
  const now = new Date(2026, 10, 21, 18, 0);
  const today = when(new Date(2026, 10, 21, 9, 5).toISOString(), "en-GB", now);
  const before = when(new Date(2026, 10, 19, 9, 5).toISOString(), "en-GB", now);

  assert.equal(today, "09:05");
  assert.match(before, /19 Nov/);
});

Deno.test("a share beyond its ends is written as the end", () => {
  assert.deepEqual([-0.2, 0.456, 1.2].map((share) => percent(share, "en")), ["0%", "46%", "100%"]);
});
