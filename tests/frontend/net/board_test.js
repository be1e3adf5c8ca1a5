import assert from "node:assert/strict";

import { createApi } from "../../../frontend/net/api.js";
import { createBoard } from "../../../frontend/net/board.js";
import { createStream } from "../../../frontend/net/stream.js";
import { toyDocument } from "./toy_tab.js";
import { startToyServer, toyJob, toyPicture, until } from "./toy_server.js";

/** @import { JobView } from "../../../frontend/interfaces.d.ts" */
/** @import { ToyServer } from "./toy_server.js" */

const running = { state: /** @type {const} */ ("running"), attempt: 1 };

/**
 * Makes the board of a page that was just loaded.
 *
 * @param {ToyServer} server
 * @param {Record<string, string[]>} [shown] Jobs that tabs showed before.
 */
const loaded = async (server, shown = {}) => {
  const api = createApi({ base: server.base });
  const stream = createStream(api, { delays: { first: 5, most: 20 } });
  const memory = {
    jobsOf: (/** @type {string} */ tab) => shown[tab] ?? [],
    namesOf: () => ({}),
    keepJobs: (/** @type {string} */ tab, /** @type {readonly string[]} */ jobs) =>
      void (shown[tab] = [...jobs]),
  };
  const board = createBoard(api, stream, memory);
  stream.start();
  await until(() => board.jobs.queue.value !== null);
  const end = async () => {
    stream.close();
    await server.stop();
  };
  return {
    board,
    stream,
    shown,
    end,
    state: (/** @type {string} */ node) => board.tabOf("t").node(node).value?.state,
  };
};

/** @param {JobView[]} made */
const serverWith = (...made) => {
  const server = startToyServer();
  for (const job of made) {
    server.jobs.set(job.id, job);
    server.documents.set(job.id, toyDocument);
  }
  return server;
};

Deno.test("a page that is loaded in the middle of a run shows the run from its beginning", async () => {
  const server = serverWith(toyJob({ number: 1 }));
  server.move("job-1", running);
  server.emit("nodes", "job-1", {
    attempt: 1,
    total: 3,
    finished: [["make", "hit", "hit-ram", 0]],
    started: ["scale"],
  });

  const { board, state, end } = await loaded(server, { t: ["job-1"] });
  const progress = board.progress("job-1");
  await until(() => state("scale") === "running");
  assert.equal(state("make"), "cached");
  server.emit("nodes", "job-1", { finished: [["scale", "ran", "first-run", 1]] });
  await until(() => state("scale") === "ran");
  assert.equal(progress.value.done, 2 / 3);

  server.move("job-1", { state: "succeeded", outputs: [toyPicture("result", "d")] });
  await until(() => board.tabOf("t").pictures("scale").value.length === 1);
  await until(() => progress.value.done === 1);
  await end();
});

Deno.test("a run that ended while the page was away is shown as it ended", async () => {
  const server = serverWith(toyJob({ number: 1 }));
  const { board, state, end } = await loaded(server);
  board.show("t", "job-1");
  server.move("job-1", running);
  server.emit("nodes", "job-1", { attempt: 1, total: 2, started: ["make"] });
  await until(() => state("make") === "running");

  server.hangUp();
  server.emit("nodes", "job-1", { finished: [["make", "failed", "out-of-memory", 0, "There is no room."]] });
  server.move("job-1", { state: "failed" });

  await until(() => state("make") === "failed" && board.jobs.known.value.get("job-1")?.state === "failed");
  await end();
});

Deno.test("a job whose worker died runs anew from its first node on", async () => {
  const server = serverWith(toyJob({ number: 1 }));
  const { board, state, end } = await loaded(server);
  board.show("t", "job-1");
  server.move("job-1", running);
  server.emit("nodes", "job-1", { attempt: 1, total: 2, finished: [["make", "ran", "first-run", 1]] });
  await until(() => state("make") === "ran");

  server.move("job-1", { state: "queued" });
  await until(() => state("make") === "waiting");
  server.move("job-1", { state: "running", attempt: 2 });
  server.emit("nodes", "job-1", { attempt: 2, total: 2, started: ["make"] });

  await until(() => state("make") === "running");
  await end();
});

Deno.test("progress and previews are asked for of jobs that are looked at alone", async () => {
  const server = serverWith(toyJob({ number: 1, ...running }), toyJob({ number: 2, ...running }));
  const { board, end } = await loaded(server);
  const [client] = server.clients;

  board.show("t", "job-1");
  await until(() => JSON.stringify(client.said.at(-1)) === '{"watch":["job-1"]}');
  board.progress("job-2");
  await until(() => JSON.stringify(client.said.at(-1)) === '{"watch":["job-1","job-2"]}');
  server.move("job-1", { state: "succeeded" });
  await until(() => JSON.stringify(client.said.at(-1)) === '{"watch":["job-2"]}');

  await end();
});

Deno.test("the newest preview is shown by its node, and gone once nobody shows the run", async () => {
  const server = serverWith(toyJob({ number: 1, ...running }), toyJob({ number: 2 }));
  const { board, end } = await loaded(server);
  board.show("t", "job-1");
  const node = board.tabOf("t").node("make");
  for (const byte of [1, 2, 3]) server.pass("job-1", { node: "make" }, new Uint8Array([byte]));
  await until(() => node.value?.preview !== undefined);

  await until(() => node.value?.state === "running");
  const url = node.value?.preview ?? "";
  assert.equal((await (await fetch(url)).bytes()).length, 1);
  server.move("job-1", { state: "succeeded" });
  board.show("t", "job-2");
  await until(() => node.value?.preview === undefined);

  let isGone = false;
  await until(() => {
    fetch(url).then((answer) => answer.bytes(), () => isGone = true);
    return isGone;
  });
  await end();
});

Deno.test("of several runs of a tab, the one that runs is shown", async () => {
  const server = serverWith(toyJob({ number: 1, ...running }), toyJob({ number: 2 }));
  const { board, shown, end } = await loaded(server);
  board.show("t", "job-1");
  board.show("t", "job-2");
  board.show("t", "job-1");
  assert.equal(board.tabOf("t").shown.value, "job-1");

  server.move("job-1", { state: "succeeded" });
  server.move("job-2", running);

  await until(() => board.tabOf("t").shown.value === "job-2");
  assert.deepEqual(shown.t, ["job-2", "job-1"]);
  await end();
});

Deno.test("a job that runs is not left for one that begins beside it", async () => {
  const server = serverWith(toyJob({ number: 1, ...running }), toyJob({ number: 2 }));
  const { board, end } = await loaded(server);
  board.show("t", "job-2");
  board.show("t", "job-1");

  server.move("job-2", running);
  await until(() => board.jobs.known.value.get("job-2")?.state === "running");

  assert.equal(board.tabOf("t").shown.value, "job-1");
  await end();
});

Deno.test("a tab that remembers an old job reads it by itself", async () => {
  const server = serverWith(toyJob({ number: 1, state: "succeeded", outputs: [toyPicture("result", "d")] }));
  for (let number = 2; number < 70; number += 1) {
    server.jobs.set(`job-${number}`, toyJob({ number, state: "succeeded" }));
  }

  const { board, end } = await loaded(server, { t: ["gone", "job-1"] });

  await until(() => board.tabOf("t").pictures("scale").value.length === 1);
  await end();
});

Deno.test("a server that comes back without a job takes it out of the list", async () => {
  const first = serverWith(toyJob({ number: 1, ...running }));
  const { board, stream } = await loaded(first);
  board.show("t", "job-1");
  await until(() => board.jobs.known.value.size === 1);
  await first.stop();

  const second = startToyServer({ port: first.port });
  await until(() => board.jobs.known.value.size === 0);

  assert.equal(stream.connection.value, "open");
  stream.close();
  await second.stop();
});
