import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { createFacts, footOf, isPreviewed, sentences } from "../../../frontend/view/node_state.js";

/** @import { NodeEntry, NodeRun, ProblemEntry, StepView } from "../../../frontend/interfaces.d.ts" */

/** @type {NodeEntry} */
const ENTRY = { type: "t", version: 1, inputs: {} };

/** @param {string} code @param {string} message @returns {ProblemEntry} */
const problem = (code, message, hint = "") => ({
  code,
  message,
  hint,
  node: "a",
  input: null,
  severity: "error",
  details: {},
});

/** @param {Partial<NodeRun>} run @returns {NodeRun} */
const run = (run) => ({ state: "ran", problems: [], ...run });

/** @param {"hit" | "run"} action @param {string} code @param {string[]} [inputs] @returns {StepView} */
const step = (action, code, inputs = []) => ({
  node: "a",
  action,
  reason: { code, text: "", inputs },
  seconds_last: 2,
  held_bytes_last: null,
});

/** @param {Partial<Parameters<typeof footOf>[0]>} parts */
const foot = (parts) =>
  footOf({ entry: ENTRY, run: null, step: null, isOutdated: false, problems: [], ...parts });

Deno.test("before a run a node says what would happen and why", () => {
  assert.deepEqual(foot({ step: step("run", "input-changed", ["text"]) }), {
    mark: "stale",
    text: "Would run: Text changed",
    time: "≈ 2.0s",
  });
  assert.equal(foot({ step: step("hit", "hit-ram") }).text, "Ready from memory");
  assert.equal(
    foot({ step: { ...step("run", "first-run"), held_bytes_last: 196_608 } }).time,
    "≈ 2.0s · 197 kB",
  );
});

Deno.test("a long list of inputs is cut", () => {
  const { text } = foot({ step: step("run", "input-changed", ["a", "b", "c", "d"]) });

  assert.equal(text, "Would run: A, B +2 changed");
});

Deno.test("a running node says how far it is and how long it takes yet", () => {
  const { text, time } = foot({ run: run({ state: "running", step: 7, total: 20, secondsLeft: 1.43 }) });

  assert.deepEqual([text, time], ["Step 7 of 20", "1.4s left"]);
});

Deno.test("after a run a node says why it ran, how long it took and what it holds", () => {
  const reason = { code: "first-run", text: "", inputs: [] };

  assert.deepEqual(foot({ run: run({ reason, seconds: 2.31 }) }), {
    mark: "ran",
    text: "First run",
    time: "2.3s",
  });
  assert.equal(foot({ run: run({ reason, seconds: 0.8, heldBytes: 12e6 }) }).time, "800ms · 12 MB");
  assert.equal(foot({ run: run({ state: "cached", seconds: 0, heldBytes: 12e6 }) }).time, "12 MB");
});

Deno.test("what a run did gives way once an edit has outdated it", () => {
  const parts = { run: run({}), step: step("run", "input-changed", ["text"]) };

  assert.equal(foot(parts).mark, "ran");
  assert.equal(foot({ ...parts, isOutdated: true }).mark, "stale");
});

Deno.test("a node that is bypassed says so before all else but that it runs", () => {
  const entry = { ...ENTRY, mode: /** @type {const} */ ("bypass") };

  assert.equal(foot({ entry, run: run({}) }).mark, "bypass");
});

Deno.test("inputs that are missing are counted, and anything worse comes first", () => {
  const missing = [problem("input-missing", "x"), problem("input-missing", "y")];

  assert.deepEqual(foot({ problems: missing }), {
    mark: "incomplete",
    text: "2 inputs are not connected",
    time: "",
  });
  assert.equal(foot({ problems: [...missing, problem("trait-mismatch", "z")] }).mark, "failed");
});

Deno.test("sentences come with their hints, and inputs that are missing need none", () => {
  assert.equal(
    sentences([problem("a", "No.", "Do."), problem("input-missing", "x"), problem("b", "Nor.")]),
    "No. Do.\nNor.",
  );
});

Deno.test("an unfinished picture is shown while its node runs, and else where there is no other", () => {
  const unfinished = { preview: "blob:1" };
  const picture = /** @type {any} */ ({});

  assert.ok(isPreviewed(run({ ...unfinished, state: "running" }), [picture]));
  assert.ok(isPreviewed(run(unfinished), []));
  assert.ok(!isPreviewed(run(unfinished), [picture]));
  assert.ok(!isPreviewed(null, []));
});

/** Facts of a node whose sources can be told. */
const told = () => {
  const parts = {
    run: signal(/** @type {NodeRun | null} */ (null)),
    pictures: signal(/** @type {any[]} */ ([])),
    job: signal(/** @type {any} */ (null)),
    step: signal(/** @type {StepView | null} */ (null)),
    checked: signal(/** @type {ProblemEntry[]} */ ([])),
  };
  const editor = /** @type {any} */ ({
    runs: { node: () => parts.run, pictures: () => parts.pictures, shown: () => parts.job },
    advice: { ofNode: () => parts.checked, step: () => parts.step },
  });
  const tab = /** @type {any} */ ({ id: "tab" });
  return { parts, facts: createFacts(editor).facts(tab, "a") };
};

Deno.test("the steps of a run do not change what the node has room for", () => {
  const { parts, facts } = told();
  parts.run.value = run({ state: "running", step: 1, total: 9, preview: "blob:1" });
  const before = facts.extras.value;
  parts.run.value = run({ state: "running", step: 2, total: 9, preview: "blob:2" });

  assert.equal(facts.extras.value, before);
  assert.deepEqual(before.pictures, { count: 1, ratio: 1 });
});

Deno.test("a problem that the check and the run both found is told once", () => {
  const { parts, facts } = told();
  parts.checked.value = [problem("a", "No.")];
  parts.run.value = run({ problems: [problem("a", "No."), problem("b", "Nor.")] });

  assert.deepEqual(facts.problems.value.map(({ message }) => message), ["No.", "Nor."]);
});

Deno.test("what was foretold before a run outdates nothing after it, and what is foretold then does", () => {
  const { parts, facts } = told();
  parts.step.value = step("run", "first-run");
  parts.job.value = { state: "running" };
  assert.equal(facts.isOutdated.value, false);
  parts.job.value = { state: "succeeded" };
  assert.equal(facts.isOutdated.value, false);
  parts.step.value = step("hit", "hit-ram");
  assert.equal(facts.isOutdated.value, false);
  parts.step.value = step("run", "input-changed", ["text"]);
  assert.equal(facts.isOutdated.value, true);
});

Deno.test("a run that was cancelled before the page was loaded is outdated by the first edit, not by what it left", () => {
  const { parts, facts } = told();
  parts.job.value = { state: "cancelled" };
  parts.run.value = run({ state: "cancelled" });
  parts.step.value = step("run", "first-run");
  assert.equal(facts.isOutdated.value, false);

  parts.step.value = step("run", "inputs-changed");
  assert.equal(facts.isOutdated.value, true);
});
