import assert from "node:assert/strict";
import { effect, signal } from "@preact/signals";

import { createAdvice } from "../../../frontend/net/advice.js";
import { createApi } from "../../../frontend/net/api.js";
import { createStream } from "../../../frontend/net/stream.js";
import { toyCatalog } from "./toy_catalog.js";
import { problem, startToyServer, until } from "./toy_server.js";
import { toyDocument } from "./toy_tab.js";

/** @import { Stream } from "../../../frontend/net/stream.js" */

/** @param {string} node */
const missing = (node) => ({
  code: "value-missing",
  message: `${node} has no value.`,
  hint: "",
  node,
  input: "text",
  severity: "error",
  details: {},
});
const reason = { code: "first-run", text: "It has not run.", inputs: [] };
/** @type {(node: string, action: string, seconds_last?: number | null, held_bytes_last?: number | null) => object} */
const step = (node, action, seconds_last = null, held_bytes_last = null) => ({
  node,
  action,
  reason,
  seconds_last,
  held_bytes_last,
});

/**
 * @param {(server: ReturnType<typeof startToyServer>) => Stream} [listen]
 * @param {() => unknown} [subject]
 */
const advised = (listen, subject) => {
  const server = startToyServer();
  const found = {
    problems: /** @type {object[]} */ ([]),
    steps: /** @type {object[]} */ ([]),
    seconds: 0,
    held_bytes: 0,
  };
  server.answers.set(
    "POST /api/check",
    () => Response.json({ ok: !found.problems.length, problems: found.problems, signature: null }),
  );
  server.answers.set("POST /api/plan", () => {
    const { steps, seconds, held_bytes } = found;
    return Response.json({ steps, seconds, held_bytes });
  });
  const document = signal(toyDocument);
  const stream = listen?.(server);
  const api = createApi({ base: server.base });
  const advice = createAdvice(api, document, { catalog: toyCatalog, stream, subject, name: () => "saved" });
  const checks = () => server.requests.filter(({ path }) => path === "/api/check");
  const end = async () => {
    advice.destroy();
    stream?.close();
    await server.stop();
  };
  return { server, document, advice, found, checks, end };
};

Deno.test("a document is checked and planned as it would be submitted", async () => {
  const { server, advice, found, end } = advised();
  found.steps = [step("make", "run", 2), step("scale", "hit")];
  found.seconds = 2;
  found.held_bytes = 640;
  await until(() => advice.state.value === "known");

  const [check, plan] = server.requests;
  assert.deepEqual([check.path, plan.path], ["/api/check", "/api/plan"]);
  assert.deepEqual(Object.keys(check.body.workflow.outputs), ["result", "other_image"]);
  assert.equal(check.body.name, "saved");
  assert.deepEqual(plan.body, check.body);
  assert.deepEqual([advice.ok.value, advice.seconds.value, advice.heldBytes.value], [true, 2, 640]);
  assert.deepEqual(advice.step("make").value, step("make", "run", 2));
  assert.equal(advice.step("nobody").value, null);
  await end();
});

Deno.test("problems are known by their node, and what is wrong is not planned", async () => {
  const { server, advice, found, end } = advised();
  found.problems = [missing("make"), missing("inner/deep"), { ...missing("x"), node: null }];
  await until(() => advice.state.value === "known");

  assert.deepEqual(advice.problems.value, found.problems);
  assert.deepEqual(advice.ofNode("make").value, [missing("make")]);
  assert.deepEqual(advice.ofNode("inner").value, [missing("inner/deep")]);
  assert.deepEqual(advice.ofNode("scale").value, []);
  assert.deepEqual([advice.ok.value, advice.seconds.value, advice.heldBytes.value], [false, null, null]);
  assert.ok(!server.requests.some(({ path }) => path === "/api/plan"));
  await end();
});

Deno.test("model files that are not there are named once each", async () => {
  const { advice, found, end } = advised();
  const lacking = (/** @type {string[]} */ ...names) => ({
    ...missing("a"),
    details: { missing_models: names },
  });
  found.problems = [lacking("base", "ink"), missing("b"), lacking("ink")];
  await until(() => advice.state.value === "known");

  assert.deepEqual(advice.missingModels.value, ["base", "ink"]);
  await end();
});

Deno.test("many changes are one question, and moving things is none", async () => {
  const { document, advice, checks, end } = advised();
  for (const title of ["a", "ab", "abc"]) document.value = { ...document.value, title };
  await until(() => advice.state.value === "known");
  assert.equal(checks().length, 1);

  document.value = { ...document.value, view: { nodes: {}, frames: [], notes: [] } };
  assert.equal(advice.state.value, "known");
  document.value = { ...document.value, nodes: {} };
  assert.equal(advice.state.value, "asking");
  await until(() => advice.state.value === "known");

  assert.equal(checks().length, 2);
  await end();
});

Deno.test("the answer to an older question is not taken", async () => {
  const { server, document, advice, found, checks, end } = advised();
  /** @type {(answer: Response) => void} */
  let late = () => {};
  const usual = server.answers.get("POST /api/check");
  server.answers.set("POST /api/check", () => new Promise((resolve) => late = resolve));
  await until(() => checks().length === 1);
  if (usual) server.answers.set("POST /api/check", usual);
  document.value = { ...document.value, title: "newer" };
  await until(() => advice.state.value === "known");

  late(Response.json({ ok: false, problems: [missing("old")], signature: null }));
  await new Promise((resolve) => setTimeout(resolve, 50));

  assert.deepEqual([advice.ok.value, advice.problems.value], [true, found.problems]);
  await end();
});

Deno.test("the last answer stays while the next is awaited, and while the server is away", async () => {
  const { server, document, advice, found, end } = advised();
  found.problems = [missing("make")];
  await until(() => advice.state.value === "known");
  /** @type {string[]} */
  const states = [];
  effect(() => void states.push(`${advice.state.value} ${advice.problems.value.length}`));

  await server.stop();
  document.value = { ...document.value, title: "offline" };
  await until(() => advice.state.value === "unreachable");

  assert.deepEqual(states, ["known 1", "asking 1", "unreachable 1"]);
  await end();
});

Deno.test("the server is asked again when it is back, and when an answer may have changed by itself", async () => {
  const { server, advice, checks, end } = advised((server) => {
    const stream = createStream(createApi({ base: server.base }), { delays: { first: 5, most: 20 } });
    stream.start();
    return stream;
  });
  await until(() => server.clients.size === 1 && advice.state.value === "known");
  const before = checks().length;

  server.emit("nodes", "j", { started: ["make"] });
  server.emit("job", "j", { state: "running" });
  server.emit("job", "j", { state: "succeeded" });
  await until(() => checks().length === before + 1);
  await until(() => advice.state.value === "known");
  server.emit("catalog", "", {});
  await until(() => checks().length === before + 2);
  await until(() => advice.state.value === "known");
  server.hangUp();
  await until(() => checks().length === before + 3);

  await end();
});

Deno.test("what is no workflow at all is a problem too", async () => {
  const { server, advice, end } = advised();
  const whole = problem(422, "body-invalid", "nodes must be an object.");
  const told = { ...await whole.json(), problems: [{ ...missing("x"), node: null }] };
  server.answers.set("POST /api/check", () => Response.json(told, { status: 422 }));
  await until(() => advice.state.value === "known");

  assert.deepEqual([advice.ok.value, advice.problems.value.length], [false, 1]);
  await end();
});

Deno.test("of a sub-workflow that is planned, what runs says most, and the cost is that of all", async () => {
  const { advice, found, end } = advised();
  found.steps = [step("inner/a", "hit", 1, 100), step("inner/b", "run", 2, 50), step("inner/c", "unknown")];
  await until(() => advice.state.value === "known");

  const summed = advice.step("inner").value;
  assert.deepEqual([summed?.node, summed?.action], ["inner", "run"]);
  assert.deepEqual([summed?.seconds_last, summed?.held_bytes_last], [3, 150]);
  assert.equal(advice.step("inner"), advice.step("inner"));
  await end();
});

Deno.test("what was said of one document is not said of the next", async () => {
  const tab = signal("one");
  const { advice, document, found, checks, end } = advised(undefined, () => tab.value);
  found.problems = [missing("make")];
  await until(() => advice.state.value === "known");
  document.value = { ...document.value, title: "changed" };
  assert.equal(advice.problems.value.length, 1);
  await until(() => advice.state.value === "known");

  tab.value = "two";

  assert.deepEqual([advice.problems.value, advice.ok.value, advice.seconds.value], [[], false, null]);
  await until(() => advice.state.value === "known");
  assert.deepEqual([advice.problems.value.length, checks().length], [1, 3]);
  await end();
});
