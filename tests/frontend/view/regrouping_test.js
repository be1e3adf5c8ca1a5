import assert from "node:assert/strict";
import { computed, signal } from "@preact/signals";
import { createHistory } from "../../../frontend/model/history.js";
import { regroupingCommands } from "../../../frontend/view/regrouping.js";
import { catalog, documentOf, link } from "../model/toy_documents.js";
import { toyTab } from "../net/toy_tab.js";

/** @import { Editor, JSONValue, WorkflowDocument } from "../../../frontend/interfaces.d.ts" */

const document = documentOf({ open: ["image.open"], blur: ["image.blur", { image: link("open.image") }] });

/**
 * Makes an editor with a selection, whose user names every workflow "made".
 *
 * @param {WorkflowDocument} document
 * @param {string[]} selected
 * @param {(editor: Editor) => void} meanwhile What happens while a workflow is saved for the first time.
 */
const editing = (document, selected, meanwhile = () => {}) => {
  /** @type {{ document: Record<string, JSONValue>, over: string | null | undefined }[]} */
  const saved = [];
  const tab = { ...toyTab("mine"), history: createHistory(document) };
  const current = signal(tab);
  tab.selection.set({ nodes: selected });
  const editor = /** @type {Editor} */ (/** @type {unknown} */ ({
    catalog,
    tabs: { current },
    document: computed(() => current.value.history.document.value),
    selection: computed(() => current.value.selection),
    api: {
      saveWorkflow: (
        /** @type {string} */ _name,
        /** @type {any} */ document,
        /** @type {any} */ { over },
      ) => {
        saved.push({ document, over });
        if (saved.length === 1) meanwhile(editor);
        return Promise.resolve({ revision: saved.length });
      },
    },
    ui: { ask: () => Promise.resolve("made"), toast: () => {} },
  }));
  /** @param {string} id */
  const run = (id) => regroupingCommands(editor).find((command) => command.id === id)?.run();
  return { editor, tab, current, saved, run };
};

Deno.test("what is changed while a workflow is being made of nodes is in the workflow, and is saved", async () => {
  const { tab, saved, run } = editing(document, ["blur"], () => {
    const changes = [{ node: "blur", input: "radius", value: 9 }];
    tab.history.perform({ id: "x" }, { op: "set-inputs", changes });
  });

  await run("edit.make-workflow");

  assert.deepEqual(saved.map(({ over }) => over), [null, '"1"']);
  assert.equal(/** @type {any} */ (saved[1].document.nodes).blur.inputs.radius, 9);
  assert.deepEqual(Object.keys(tab.history.document.value.nodes), ["open", "made"]);
});

Deno.test("what is changed elsewhere meanwhile stays, and the workflow is saved once", async () => {
  const { tab, saved, run } = editing(document, ["blur"], () => {
    tab.history.perform({ id: "x" }, { op: "set-words", title: "Titled" });
  });

  await run("edit.make-workflow");

  assert.deepEqual([tab.history.document.value.title, saved.length], ["Titled", 1]);
});

Deno.test("the edit is made in the tab that it was begun in, though another one came to the front", async () => {
  const { tab, run, current } = editing(document, ["blur"], () => {
    current.value = toyTab("other");
  });

  await run("edit.make-workflow");

  assert.ok(Object.hasOwn(tab.history.document.value.nodes, "made"));
  assert.deepEqual(current.value.history.entries.value, []);
});

Deno.test("a value that is changed while a carried workflow is being published stays", async () => {
  const carrying = documentOf({ one: ["workflow:inner"], open: ["image.open"] }, {
    workflows: { inner: document },
  });
  const { tab, run } = editing(carrying, ["one"], () => {
    tab.history.perform({ id: "x" }, { op: "rename-node", node: "open", name: "opened" });
  });

  await run("edit.publish-workflow");

  const { nodes, workflows } = tab.history.document.value;
  assert.deepEqual(Object.entries(nodes).map(([id, { type }]) => [id, type]), [
    ["one", "workflow:made"],
    ["opened", "image.open"],
  ]);
  assert.equal(workflows, undefined);
});
