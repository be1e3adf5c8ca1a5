import assert from "node:assert/strict";
import { costText, joined, percent, progressText, when } from "../../../frontend/panels/amounts.js";

Deno.test("the day is named only where it is not today", () => {
  const now = new Date(2026, 10, 21, 18, 0);
  const today = when(new Date(2026, 10, 21, 9, 5).toISOString(), "en-GB", now);
  const before = when(new Date(2026, 10, 19, 9, 5).toISOString(), "en-GB", now);

  assert.equal(today, "09:05");
  assert.match(before, /19 Nov/);
});

Deno.test("shares are whole percents", () => {
  assert.deepEqual([0, 0.456, 4].map((share) => percent(share, "en")), ["0%", "46%", "400%"]);
});

Deno.test("what is not known leaves no gap between what is", () => {
  assert.equal(joined("a", "", null, undefined, false, "b"), "a · b");
});

Deno.test("progress says the time that is left only where it is known", () => {
  assert.equal(progressText({ done: 0.5, secondsLeft: null }), "50%");
  assert.match(progressText({ done: 0.5, secondsLeft: 3 }), /^50% · 3.0s left$/);
});

Deno.test("what a run would cost is its time and memory, and before all the model files that are not there", () => {
  const usual = { seconds: 12, heldBytes: 45e6, missing: [] };

  assert.equal(costText(usual), "Run; takes about 12s · 45 MB");
  assert.equal(costText({ ...usual, heldBytes: 0 }), "Run; takes about 12s");
  assert.equal(costText({ seconds: null, heldBytes: null, missing: [] }), "");
  assert.equal(costText({ ...usual, missing: ["base"] }), "1 model file is not there: base");
  assert.equal(costText({ ...usual, missing: ["base", "ink"] }), "2 model files are not there: base, ink");
});
