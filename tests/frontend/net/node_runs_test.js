import assert from "node:assert/strict";

import { createNodeRuns, isFinal, outermost } from "../../../frontend/net/node_runs.js";
import { toyJob } from "./toy_server.js";

/** @import { ServerEvent } from "../../../frontend/net/socket.js" */

/** @type {(number: number, data: object, type?: ServerEvent["type"]) => ServerEvent} */
const event = (number, data, type = "nodes") => ({ number, at: 0, type, job: "j", data });
const running = toyJob({ number: 1, state: "running" });
const ended = toyJob({ number: 1, state: "succeeded" });

/** A run as the log has it: one node from the cache, one that ran, one that failed. */
const story = [
  event(1, { state: "queued", attempt: 0 }, "job"),
  event(2, { state: "running", attempt: 1 }, "job"),
  event(3, { attempt: 1, total: 3, started: ["encode", "sample"] }),
  event(4, {
    finished: [["load", "hit", "hit-disk", 0], ["encode", "ran", "input-changed", 1.5, "text, clip"]],
  }),
  event(5, { finished: [["sample", "failed", "out-of-memory", 0, "There is no room."]] }),
];

Deno.test("a node has the state and the reason of its newest event", () => {
  const run = createNodeRuns();
  story.slice(0, 4).forEach(run.hear);

  const states = ["load", "encode", "sample"].map((node) => run.of(node, running, true));

  assert.deepEqual(states, [
    { state: "cached", reason: { code: "hit-disk", text: "", inputs: [] }, seconds: 0, problems: [] },
    {
      state: "ran",
      reason: { code: "input-changed", text: "", inputs: ["text", "clip"] },
      seconds: 1.5,
      problems: [],
    },
    { state: "running", problems: [] },
  ]);
  assert.equal(run.total(), 3);
});

Deno.test("a node tells what it holds, and one with nodes inside what they hold and the highest peak", () => {
  const run = createNodeRuns();
  run.hear(event(1, {
    finished: [
      ["decode", "ran", "first-run", 0.5, "", 196_608],
      ["inner/a", "ran", "first-run", 1, "", 100, 7e9],
      ["inner/b", "hit", "hit-ram", 0, "", 50],
      ["inner/c", "ran", "first-run", 1, "text", 0, 8e9],
    ],
  }));

  assert.equal(run.of("decode", ended, true)?.heldBytes, 196_608);
  assert.equal(run.of("decode", ended, true)?.peakBytes, undefined);
  const { heldBytes, peakBytes } = run.of("inner", ended, true) ?? {};
  assert.deepEqual([heldBytes, peakBytes], [150, 8e9]);
});

Deno.test("events in any order, twice or not, come to the same", () => {
  const nodes = ["load", "encode", "sample"];
  const straight = createNodeRuns();
  story.forEach(straight.hear);
  const shuffled = createNodeRuns();
  [4, 2, 0, 3, 3, 1, 2, 4].forEach((place) => shuffled.hear(story[place]));

  assert.deepEqual(
    nodes.map((node) => shuffled.of(node, ended, true)),
    nodes.map((node) => straight.of(node, ended, true)),
  );
});

Deno.test("a new attempt begins anew, and what is told of the old one afterwards is void", () => {
  const run = createNodeRuns();
  story.slice(0, 4).forEach(run.hear);
  run.hear(event(6, { state: "queued", attempt: 1 }, "job"));
  run.hear(story[4]);

  assert.deepEqual([...run.parts()], []);
  assert.deepEqual(run.of("encode", running, true), { state: "waiting", problems: [] });
});

Deno.test("asking a job to stop leaves its nodes as they are", () => {
  const run = createNodeRuns();
  story.slice(0, 4).forEach(run.hear);
  run.hear(event(6, { state: "running", attempt: 1, is_cancelling: true }, "job"));

  assert.equal(run.of("encode", running, true)?.state, "ran");
});

Deno.test("a node that ran when its job ended was cancelled, and one that nobody needs has no state", () => {
  const run = createNodeRuns();
  story.slice(0, 3).forEach(run.hear);
  const cancelled = toyJob({ number: 1, state: "cancelled" });

  assert.equal(run.of("sample", cancelled, true)?.state, "cancelled");
  assert.equal(run.of("other", cancelled, true), null);
  assert.equal(run.of("other", running, false), null);
});

Deno.test("a running node says how far it is, and progress that comes late changes nothing", () => {
  const run = createNodeRuns();
  story.slice(0, 3).forEach(run.hear);
  const progress = { type: /** @type {const} */ ("progress"), job: "j" };
  run.pass({ ...progress, data: { node: "sample", step: 3, total: 20, seconds_left: 4.5 } });

  assert.deepEqual(run.of("sample", running, true), {
    state: "running",
    step: 3,
    total: 20,
    secondsLeft: 4.5,
    problems: [],
  });
  story.slice(3).forEach(run.hear);
  run.pass({ ...progress, data: { node: "sample", step: 4, total: 20 } });
  assert.equal(run.of("sample", ended, true)?.state, "failed");
});

Deno.test("progress shows a node as running before its event is there", () => {
  const run = createNodeRuns();

  run.pass({ type: "progress", job: "j", data: { node: "sample", step: 1, total: 2 } });

  assert.equal(run.of("sample", running, true)?.state, "running");
});

Deno.test("a node says of its problems, and those of the nodes within it", () => {
  const problem = (/** @type {string | null} */ node) => ({
    code: "c",
    message: `of ${node}`,
    hint: "",
    node,
    input: null,
    severity: /** @type {const} */ ("error"),
    details: {},
  });
  const job = toyJob({
    number: 1,
    state: "failed",
    problems: [problem("a"), problem("a/b"), problem("ab"), problem(null)],
  });

  const state = createNodeRuns().of("a", job, true);

  assert.equal(state?.state, "failed");
  assert.deepEqual(state?.problems.map(({ message }) => message), ["of a", "of a/b"]);
});

Deno.test("a sub-workflow runs as long as anything within it does, and takes as long as all of it", () => {
  const run = createNodeRuns();
  run.hear(event(1, { started: ["inner/b"], finished: [["inner/a", "ran", "first-run", 2]] }));
  assert.equal(run.of("inner", running, true)?.state, "running");

  run.hear(
    event(2, { finished: [["inner/b", "hit", "hit-ram", 0], ["inner/deep/c", "ran", "first-run", 3]] }),
  );

  const state = run.of("inner", running, true);
  assert.deepEqual([state?.state, state?.seconds], ["ran", 5]);
  assert.equal(outermost("inner/deep/c"), "inner");
});

Deno.test("only the newest preview is kept, and none once they are given up", async () => {
  const run = createNodeRuns();
  const preview = (/** @type {string} */ text) =>
    run.pass({ type: "preview", job: "j", data: { node: "sample" }, picture: new Blob([text]) });
  run.hear(story[2]);
  preview("one");
  preview("two");
  const first = run.of("sample", running, true)?.preview ?? "";
  assert.equal(await (await fetch(first)).text(), "two");

  preview("three");
  const second = run.of("sample", running, true)?.preview ?? "";
  await assert.rejects(fetch(first));
  assert.equal(run.of("sample", running, true)?.preview, second);

  run.destroy();
  await assert.rejects(fetch(second));
});

Deno.test("each node that changed is named once", () => {
  const run = createNodeRuns();
  story.slice(0, 4).forEach(run.hear);

  assert.deepEqual([...run.takeChanged()].sort(), ["encode", "load", "sample"]);
  assert.deepEqual([...run.takeChanged()], []);
});

Deno.test("a run is over when its job says so", () => {
  const run = createNodeRuns();
  story.forEach(run.hear);
  assert.ok(!run.isOver());

  run.hear(event(9, { state: "failed", attempt: 1 }, "job"));

  assert.ok(run.isOver());
  assert.deepEqual(["queued", "running", "succeeded", "failed", "cancelled"].map(isFinal), [
    false,
    false,
    true,
    true,
    true,
  ]);
});
