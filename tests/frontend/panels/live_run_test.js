import assert from "node:assert/strict";
import { computed, signal } from "@preact/signals";
import { apiFault } from "../../../frontend/net/fault.js";
import { createLiveRun, isSameWork } from "../../../frontend/panels/live_run.js";
import { until } from "../net/toy_server.js";
import { toyTab } from "../net/toy_tab.js";

/** @import { Editor, Words } from "../../../frontend/interfaces.d.ts" */

/**
 * Begins a live run whose jobs a function begins or refuses.
 *
 * @param {() => Promise<{ id: string }>} submit
 */
const live = (submit) => {
  const tab = toyTab();
  /** @type {Words[]} */
  const said = [];
  let asked = 0;
  const editor = /** @type {Editor} */ (/** @type {unknown} */ ({
    tabs: { current: signal(tab) },
    document: computed(() => tab.history.document.value),
    settings: { liveRun: signal(true) },
    advice: { ok: signal(true) },
    runs: {
      jobs: signal([]),
      submit: () => {
        asked += 1;
        return submit();
      },
    },
    ui: { toast: (/** @type {Words} */ words) => said.push(words) },
  }));
  const stop = createLiveRun(editor);
  /** @param {number} value */
  const edit = async (value) => {
    const before = asked;
    const changes = [{ node: "make", input: "size", value }];
    tab.history.perform({ id: "x" }, { op: "set-inputs", changes });
    await until(() => asked > before);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { edit, said, stop, tab };
};

Deno.test("the same refusal is said once, until a run has begun or there is another reason", async () => {
  let answer = () => Promise.reject(apiFault({ code: "queue-full", message: "The queue is full." }));
  const { edit, said, stop } = live(() => answer());

  await edit(1);
  await edit(2);
  assert.deepEqual(said, [{ id: "panels.run.live-refused", with: { fault: "The queue is full." } }]);

  answer = () => Promise.reject(apiFault({ code: "unreachable", message: "The server does not answer." }));
  await edit(3);
  assert.equal(said.length, 2);

  const refuse = answer;
  answer = /** @type {any} */ (() => Promise.resolve({ id: "job" }));
  await edit(4);
  answer = refuse;
  await edit(5);
  assert.equal(said.length, 3);
  stop();
});

Deno.test("moving a node is no edit that asks for a run, and another value is", () => {
  const { tab, stop } = live(() => Promise.resolve({ id: "job" }));
  stop();
  const before = tab.history.document.value;
  tab.history.perform({ id: "x" }, { op: "set-looks", looks: { make: { at: [5, 5] } } });
  assert.ok(isSameWork(before, tab.history.document.value));

  tab.history.perform({ id: "x" }, {
    op: "set-inputs",
    changes: [{ node: "make", input: "size", value: 9 }],
  });
  assert.ok(!isSameWork(before, tab.history.document.value));
});
