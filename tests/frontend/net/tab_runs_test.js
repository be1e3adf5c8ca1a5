import assert from "node:assert/strict";
import { effect } from "@preact/signals";

import { normalize } from "../../../frontend/model/document.js";
import { createNodeRuns } from "../../../frontend/net/node_runs.js";
import { createTabRuns } from "../../../frontend/net/tab_runs.js";
import { toyJob, toyPicture, until } from "./toy_server.js";

/** @import { JobView } from "../../../frontend/interfaces.d.ts" */
/** @import { NodeRuns } from "../../../frontend/net/node_runs.js" */

const workflow = normalize({
  weft: 1,
  outputs: { small: { from: "scale.image" }, large: { from: "make.image" } },
  nodes: {
    make: { type: "t" },
    scale: { type: "t", inputs: { image: { from: "make.image" } } },
    lonely: { type: "t" },
  },
});

/** @param {JobView[]} made */
const watching = (...made) => {
  const jobs = new Map(made.map((job) => [job.id, job]));
  /** @type {Map<string, NodeRuns>} */
  const runs = new Map();
  const known = {
    job: (/** @type {string} */ id) => jobs.get(id),
    run: (/** @type {string} */ id) => runs.get(id),
  };
  const tab = createTabRuns({ ...known, document: () => Promise.resolve(workflow) });
  return { tab, jobs, runs };
};

/** @param {number} number @param {Record<string, string>} pictures Digests by output. */
const finished = (number, pictures) =>
  toyJob({
    number,
    state: "succeeded",
    outputs: Object.entries(pictures).map(([output, digest]) => toyPicture(output, digest)),
  });

Deno.test("nodes that the shown run needs wait, others have no state", async () => {
  const { tab } = watching(toyJob({ number: 1 }));

  tab.show("job-1");
  await until(() => tab.node("make").value !== null);

  assert.equal(tab.node("scale").value?.state, "waiting");
  assert.equal(tab.node("lonely").value, null);
});

Deno.test("pictures are shown by the node that made them", async () => {
  const { tab } = watching(finished(1, { small: "s1", large: "l1", "lonely.image": "n1" }));

  tab.show("job-1");
  await until(() => tab.pictures("make").value.length === 1);

  const [picture] = tab.pictures("scale").value;
  assert.deepEqual(picture, {
    digest: "s1",
    socket: "scale.image",
    index: 0,
    width: 8,
    height: 8,
    url: "/api/assets/s1",
    thumbnail: "/api/assets/s1/thumbnail",
    job: "job-1",
  });
  assert.deepEqual(tab.pictures("lonely").value.map(({ digest }) => digest), ["n1"]);
});

Deno.test("a later run that made no picture of a node leaves the one before", async () => {
  const { tab } = watching(
    finished(1, { small: "s1", large: "l1" }),
    finished(2, { large: "l2" }),
    toyJob({ number: 3 }),
  );

  tab.show("job-1");
  tab.show("job-2");
  tab.show("job-3");
  await until(() => tab.pictures("make").value[0]?.digest === "l2");

  assert.deepEqual(tab.pictures("scale").value.map(({ digest, job }) => [digest, job]), [["s1", "job-1"]]);
  assert.deepEqual(tab.trail(), ["job-1", "job-2", "job-3"]);
});

Deno.test("showing an older run shows its pictures", async () => {
  const { tab } = watching(finished(1, { small: "s1" }), finished(2, { small: "s2" }));
  tab.show("job-1");
  tab.show("job-2");
  await until(() => tab.pictures("scale").value[0]?.digest === "s2");

  tab.show("job-1");
  await until(() => tab.pictures("scale").value[0]?.digest === "s1");

  tab.show(null);
  assert.equal(tab.node("scale").value, null);
});

Deno.test("the pictures of a list are shown in their order", async () => {
  const outputs = [0, 1, 2].map((index) => toyPicture("small", `s${index}`, index));
  const { tab } = watching(toyJob({ number: 1, state: "succeeded", outputs }));

  tab.show("job-1");
  await until(() => tab.pictures("scale").value.length === 3);

  assert.deepEqual(tab.pictures("scale").value.map(({ index }) => index), [0, 1, 2]);
});

Deno.test("pictures come with the end of a job, and stay the same list where nothing is new", async () => {
  const { tab, jobs } = watching(toyJob({ number: 1, state: "running" }));
  tab.show("job-1");
  const list = tab.pictures("scale");
  assert.equal(list.value.length, 0);

  jobs.set("job-1", finished(1, { small: "s1" }));
  await tab.lookForPictures();
  const before = list.value;
  assert.equal(before.length, 1);
  await tab.lookForPictures();

  assert.equal(list.value, before);
});

Deno.test("jobs of before a reload are taken up, and the last is shown", async () => {
  const { tab } = watching(finished(1, { small: "s1" }), finished(2, { large: "l2" }));

  tab.restore(["job-1", "job-2"]);
  await until(() => tab.pictures("make").value.length === 1);

  assert.equal(tab.shown.value, "job-2");
  assert.equal(tab.pictures("scale").value[0].digest, "s1");
});

Deno.test("only nodes that changed are told", () => {
  const { tab, runs } = watching(toyJob({ number: 1, state: "running" }));
  const run = createNodeRuns();
  runs.set("job-1", run);
  tab.show("job-1");
  /** @type {Record<string, number>} */
  const looks = { make: 0, scale: 0 };
  for (const node of ["make", "scale"]) {
    effect(() => {
      looks[node] += Number(tab.node(node).value !== undefined);
    });
  }

  run.hear({ number: 1, at: 0, type: "nodes", job: "job-1", data: { started: ["make"] } });
  tab.update(run.takeChanged());
  tab.update();

  assert.deepEqual(looks, { make: 2, scale: 1 });
  assert.equal(tab.node("make").value?.state, "running");
});

Deno.test("following a job leaves the order in which pictures cover each other", () => {
  const { tab } = watching(toyJob({ number: 1, state: "running" }), toyJob({ number: 2 }));
  tab.show("job-1");
  tab.show("job-2");

  tab.follow("job-1");

  assert.deepEqual([tab.shown.value, tab.trail()], ["job-1", ["job-1", "job-2"]]);
});

Deno.test("what is known of a node goes on under its new name, and back under the old one", async () => {
  const { tab, runs } = watching(finished(1, { small: "s1" }));
  const run = createNodeRuns();
  runs.set("job-1", run);
  run.hear({
    number: 1,
    at: 0,
    type: "nodes",
    job: "job-1",
    data: { finished: [["scale", "ran", "first", 0.5]] },
  });
  tab.show("job-1");
  const [before, after] = [tab.node("scale"), tab.node("sized")];
  await until(() => tab.pictures("scale").value.length === 1);

  tab.rename("scale", "sized");
  await until(() => tab.pictures("sized").value.length === 1);
  assert.deepEqual([after.value?.state, before.value], ["ran", null]);
  assert.equal(tab.pictures("sized").value[0].socket, "sized.image");
  assert.deepEqual(tab.pictures("scale").value, []);

  tab.rename("sized", "scale");
  await until(() => tab.pictures("scale").value.length === 1);
  assert.deepEqual([after.value, before.value?.state], [null, "ran"]);
});

Deno.test("what happens to a node that was renamed is told under its new name", () => {
  const { tab, runs } = watching(toyJob({ number: 1, state: "running" }));
  const run = createNodeRuns();
  runs.set("job-1", run);
  tab.show("job-1");
  const state = tab.node("made");
  tab.rename("make", "made");

  run.hear({ number: 1, at: 0, type: "nodes", job: "job-1", data: { started: ["make"] } });
  tab.update(run.takeChanged());

  assert.equal(state.value?.state, "running");
});
