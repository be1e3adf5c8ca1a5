import assert from "node:assert/strict";

import { oncePerFrame, onceQuiet } from "../../../frontend/net/pacing.js";
import { until } from "./toy_server.js";

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("work is done once in a frame, and again in a later one", async () => {
  let count = 0;
  const ask = oncePerFrame(() => count += 1);

  ask();
  ask();
  assert.equal(count, 0);
  await until(() => count === 1);
  ask();
  await until(() => count === 2);
});

Deno.test("work is done once things are quiet", async () => {
  let count = 0;
  const ask = onceQuiet(() => count += 1, { quiet: 20 });

  ask();
  ask();
  await until(() => count === 1);
  await pause(50);

  assert.equal(count, 1);
});

Deno.test("work is done in the end even where things are never quiet", async () => {
  let count = 0;
  const ask = onceQuiet(() => count += 1, { quiet: 1e6, most: 30 });
  const asking = setInterval(ask, 5);

  await until(() => count === 1);

  clearInterval(asking);
  ask.cancel();
});

Deno.test("what is due is done at once when it is flushed, and nothing where nothing is due", () => {
  let count = 0;
  const ask = onceQuiet(() => count += 1, { quiet: 1e6 });

  ask.flush();
  ask();
  ask.flush();
  ask.flush();

  assert.equal(count, 1);
});

Deno.test("what was called off is not done", async () => {
  let count = 0;
  const ask = onceQuiet(() => count += 1, { quiet: 5 });

  ask();
  ask.cancel();
  ask.flush();
  await pause(30);

  assert.equal(count, 0);
});
