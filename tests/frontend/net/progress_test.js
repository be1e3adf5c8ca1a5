import assert from "node:assert/strict";

import { createNodeRuns } from "../../../frontend/net/node_runs.js";
import { createCosts, progressOf } from "../../../frontend/net/progress.js";

/** @param {object} data */
const heard = (data) => {
  const run = createNodeRuns();
  run.hear({ number: 1, at: 0, type: "nodes", job: "j", data });
  return run;
};
const none = new Map();

Deno.test("without costs every node counts the same", () => {
  const run = heard({ total: 4, started: ["c"], finished: [["a", "ran", "x", 9], ["b", "hit", "x", 0]] });
  assert.deepEqual(progressOf(run, none), { done: 0.5, secondsLeft: null });

  run.pass({ type: "progress", job: "j", data: { node: "c", step: 1, total: 2 } });

  assert.equal(progressOf(run, none).done, 0.625);
});

Deno.test("a node counts for as long as it took the last time", () => {
  const costs = new Map([["load", 1], ["sample", 8], ["decode", 1]]);
  const run = heard({ total: 3, started: ["sample"], finished: [["load", "ran", "x", 1]] });
  run.pass({ type: "progress", job: "j", data: { node: "sample", step: 5, total: 10 } });

  assert.deepEqual(progressOf(run, costs), { done: 0.5, secondsLeft: 5 });
});

Deno.test("what a running node says of its end goes before what it took the last time", () => {
  const run = heard({ total: 2, started: ["sample"] });
  run.pass({ type: "progress", job: "j", data: { node: "sample", step: 5, total: 10, seconds_left: 30 } });

  assert.equal(progressOf(run, new Map([["sample", 8], ["decode", 1]])).secondsLeft, 31);
  assert.equal(progressOf(run, none).secondsLeft, 30);
});

Deno.test("a run that has not begun is at its start, and one whose nodes all ended is at its end", () => {
  assert.deepEqual(progressOf(createNodeRuns(), none), { done: 0, secondsLeft: null });
  assert.equal(progressOf(heard({ total: 1, finished: [["a", "ran", "x", 1]] }), none).done, 1);
  assert.equal(
    progressOf(heard({ total: 1, finished: [["a", "hit", "x", 0]] }), new Map([["a", 3]])).done,
    1,
  );
});

Deno.test("costs are learnt from nodes that ran, for each workflow by itself", () => {
  const costs = createCosts();

  costs.learn(
    "one",
    heard({ finished: [["a", "ran", "x", 2], ["b", "hit", "x", 0], ["c", "failed", "x", 0]] }),
  );
  costs.learn("one", heard({ finished: [["a", "ran", "x", 3]] }));

  assert.deepEqual([...costs.of("one")], [["a", 3]]);
  assert.deepEqual([...costs.of("two")], []);
});
