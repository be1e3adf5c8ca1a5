import assert from "node:assert/strict";

import { createApi } from "../../../frontend/net/api.js";
import { isApiFault } from "../../../frontend/net/fault.js";
import { fetchSaved, saveTab } from "../../../frontend/net/saving.js";
import { problem, startToyServer } from "./toy_server.js";
import { toyDocument, toyTab } from "./toy_tab.js";

/** @import { SaveConflict } from "../../../frontend/interfaces.d.ts" */

/**
 * Starts a server that keeps one workflow, `mine`.
 *
 * @param {{ revision: number, template?: boolean } | null} kept
 */
const keeping = (kept) => {
  const server = startToyServer();
  const state = { kept };
  const tag = () => state.kept && (state.kept.template ? '"template-0"' : `"${state.kept.revision}"`);
  server.answers.set(
    "GET /api/workflows/mine",
    () =>
      state.kept
        ? Response.json({ ...toyDocument, title: "theirs" }, { headers: { ETag: tag() ?? "" } })
        : problem(404, "workflow-unknown", "There is none."),
  );
  server.answers.set("PUT /api/workflows/mine", (request) => {
    const [wanted, unwanted] = [request.headers.get("If-Match"), request.headers.get("If-None-Match")];
    const isMet = wanted === null ? unwanted === null || !state.kept : wanted === tag();
    if (!isMet) return problem(412, "precondition-failed", "It is not what it was.");
    state.kept = { revision: (state.kept?.revision ?? 0) + 1 };
    return Response.json({ name: "mine", revision: state.kept.revision });
  });
  server.answers.set("PUT /api/workflows/copy", () => Response.json({ name: "copy", revision: 1 }));
  const api = createApi({ base: server.base });
  return { server, state, api };
};

/** @param {Promise<void>} saving @returns {Promise<SaveConflict>} */
const conflictOf = (saving) => saving.then(() => assert.fail("It was saved."), (fault) => fault);
const ignore = () => {};

Deno.test("a document without a name is not saved", async () => {
  const api = createApi({ base: "http://127.0.0.1:1" });

  await assert.rejects(
    saveTab(api, toyTab(), undefined, ignore),
    (fault) => isApiFault(fault) && fault.code === "name-missing",
  );
});

Deno.test("a document that is saved has its name and revision, and is no longer dirty", async () => {
  const { server, api } = keeping(null);
  const tab = toyTab();
  tab.history.perform({ id: "x" }, { op: "set-words", title: "changed" });

  await saveTab(api, tab, "mine", ignore);
  assert.deepEqual([tab.name.value, tab.revision.value], ["mine", 1]);
  assert.equal(tab.saved.value, tab.history.document.value);
  await saveTab(api, tab, undefined, ignore);

  assert.equal(tab.revision.value, 2);
  await server.stop();
});

Deno.test("what was changed while it was being saved stays unsaved", async () => {
  const { server, api } = keeping(null);
  const tab = toyTab();

  const saving = saveTab(api, tab, "mine", ignore);
  tab.history.perform({ id: "x" }, { op: "set-words", title: "meanwhile" });
  await saving;

  assert.equal(tab.saved.value, toyDocument);
  await server.stop();
});

Deno.test("a name that is taken, also by a template, is not saved over without a word", async () => {
  for (const kept of [{ revision: 7 }, { revision: 0, template: true }]) {
    const { server, api, state } = keeping(kept);
    const tab = toyTab();

    // deno-lint-ignore no-await-in-loop -- one server after the other
    const conflict = await conflictOf(saveTab(api, tab, "mine", ignore));
    assert.deepEqual([conflict.code, conflict.workflow, conflict.theirs], [
      "precondition-failed",
      "mine",
      kept.revision,
    ]);
    assert.deepEqual(conflict.choices.map(({ id }) => id), ["copy", "overwrite", "theirs"]);
    // deno-lint-ignore no-await-in-loop
    await conflict.choices[1].run("");

    assert.deepEqual([tab.name.value, tab.revision.value, state.kept?.revision], [
      "mine",
      kept.revision + 1,
      kept.revision + 1,
    ]);
    // deno-lint-ignore no-await-in-loop
    await server.stop();
  }
});

Deno.test("where somebody else was faster, a copy is saved under another name", async () => {
  const { server, api, state } = keeping({ revision: 5 });
  const tab = toyTab();
  [tab.name.value, tab.revision.value] = ["mine", 4];

  const conflict = await conflictOf(saveTab(api, tab, undefined, ignore));
  assert.deepEqual([tab.name.value, tab.revision.value], ["mine", 4]);
  await conflict.choices[0].run("copy");

  assert.deepEqual([tab.name.value, tab.revision.value, state.kept?.revision], ["copy", 1, 5]);
  await server.stop();
});

Deno.test("saving over theirs minds who was faster once more", async () => {
  const { server, api, state } = keeping({ revision: 5 });
  const tab = toyTab();
  [tab.name.value, tab.revision.value] = ["mine", 4];
  const conflict = await conflictOf(saveTab(api, tab, undefined, ignore));

  state.kept = { revision: 6 };
  await assert.rejects(conflict.choices[1].run(""), (fault) => isApiFault(fault) && fault.status === 412);

  assert.equal(state.kept.revision, 6);
  await server.stop();
});

Deno.test("theirs is handed over with its revision", async () => {
  const { server, api } = keeping({ revision: 5 });
  const tab = toyTab();
  [tab.name.value, tab.revision.value] = ["mine", 4];
  /** @type {unknown[]} */
  const taken = [];

  const conflict = await conflictOf(
    saveTab(
      api,
      tab,
      undefined,
      ({ document, name, revision }) => void taken.push(document.title, name, revision),
    ),
  );
  assert.equal(conflict.document?.title, "theirs");
  await conflict.choices[2].run("");

  assert.deepEqual(taken, ["theirs", "mine", 5]);
  await server.stop();
});

Deno.test("what was deleted in the meantime is saved anew if that is wanted", async () => {
  const { server, api, state } = keeping(null);
  const tab = toyTab();
  [tab.name.value, tab.revision.value] = ["mine", 4];

  const conflict = await conflictOf(saveTab(api, tab, undefined, ignore));
  assert.deepEqual([conflict.theirs, conflict.choices.map(({ id }) => id)], [null, ["copy", "overwrite"]]);
  await conflict.choices[1].run("");

  assert.equal(state.kept?.revision, 1);
  await server.stop();
});

Deno.test("a server that is away keeps a document unsaved", async () => {
  const { server, api } = keeping(null);
  await server.stop();
  const tab = toyTab();

  await assert.rejects(
    saveTab(api, tab, "mine", ignore),
    (fault) => isApiFault(fault) && fault.code === "unreachable",
  );

  assert.equal(tab.name.value, null);
});

Deno.test("a template is fetched without its name, and nothing where nothing is", async () => {
  const { server, api, state } = keeping({ revision: 0, template: true });
  assert.equal((await fetchSaved(api, "mine"))?.name, null);

  state.kept = null;

  assert.equal(await fetchSaved(api, "mine"), null);
  await server.stop();
});
