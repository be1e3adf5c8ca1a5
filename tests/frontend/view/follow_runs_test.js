import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { followRuns } from "../../../frontend/view/follow_runs.js";

/** Follows three nodes that are told how they fare. */
const told = () => {
  const runs = new Map(["a", "b", "c"].map((id) => [id, signal(/** @type {any} */ (null))]));
  const problems = signal(/** @type {any[]} */ ([]));
  const editor = {
    tabs: { current: signal({ id: "tab" }) },
    plane: { boxes: signal(new Map(runs)) },
    advice: { problems },
  };
  const gist = (/** @type {unknown} */ _tab, /** @type {string} */ id) => ({ run: runs.get(id) });
  const followed = followRuns(/** @type {any} */ (editor), /** @type {any} */ ({ gist }));
  /** @param {string} id @param {object | null} run */
  const tell = (id, run) => {
    /** @type {import("@preact/signals").Signal<any>} */ (runs.get(id)).value = run;
  };
  return { ...followed, tell, problems };
};

Deno.test("nodes are listed by how they fare", () => {
  const { states, running, faulty, tell, problems } = told();
  tell("a", { state: "running" });
  tell("b", { state: "failed" });
  problems.value = [{ node: "c", severity: "error", code: "value-invalid" }];

  assert.deepEqual([...states.value], [["a", "running"], ["b", "failed"]]);
  assert.deepEqual([...running.value], ["a"]);
  assert.deepEqual([...faulty.value], ["c", "b"]);
});

Deno.test("a step of a run leaves the states as they are, and its end does not", () => {
  const { states, tell } = told();
  tell("a", { state: "running", step: 1 });
  const before = states.value;
  tell("a", { state: "running", step: 2 });

  assert.equal(states.value, before);

  tell("a", { state: "ran" });

  assert.deepEqual([...states.value], [["a", "ran"]]);

  tell("a", null);

  assert.equal(states.value.size, 0);
});
