/**
 * Commands that make a workflow of nodes, go into it, publish it, and unpack it again.
 *
 * @import { Command, Editor, Op, Tab, WorkflowDocument } from "../interfaces.d.ts"
 * @import { Refused } from "../model/edits/outcome.js"
 */

import { normalize, toJSON } from "../model/document.js";
import { publish } from "../model/edits/carried.js";
import { isRefused } from "../model/edits/outcome.js";
import { makeWorkflow, unpack } from "../model/edits/workflows.js";
import { isSameDocument } from "../model/sameness.js";
import { workflowOf } from "../model/workflow_types.js";
import { tagOf } from "../net/api.js";
import { askName } from "../panels/document_actions.js";
import { selectedNodes } from "./editing.js";

/** The name of the workflow that the one selected node stands for; null for any other selection. @type {(editor: Editor) => string | null} */
export const selectedWorkflow = (editor) => {
  const [node, ...others] = selectedNodes(editor);
  return node === undefined || others.length > 0 ? null : workflowOf(editor.document.peek().nodes[node].type);
};

/** @type {(editor: Editor, document: WorkflowDocument, name: string) => Promise<WorkflowDocument>} */
const readInner = async ({ api }, { workflows = {} }, name) =>
  Object.hasOwn(workflows, name) ? workflows[name] : normalize((await api.workflow(name)).document);

/**
 * Saves what an edit takes out of a document. The edit is made anew where the document was changed while that was
 * being saved, so that no change is lost.
 *
 * @template {object} T
 * @param {Editor} editor
 * @param {Tab} tab
 * @param {string} name
 * @param {(document: WorkflowDocument) => (T & { document: WorkflowDocument }) | Refused} edit
 */
const savedFirst = async ({ api }, { history }, name, edit) => {
  /** @type {WorkflowDocument | null} */
  let saved = null;
  /** @type {string | null} */
  let over = null;
  while (true) {
    const made = edit(history.document.peek());
    if (isRefused(made) || isSameDocument(saved, made.document)) return made;
    // deno-lint-ignore no-await-in-loop -- it is saved again only where it has changed
    over = tagOf((await api.saveWorkflow(name, toJSON(made.document), { over })).revision);
    saved = made.document;
  }
};

/**
 * Performs an edit in the tab that it was begun in, which may no longer be in front, or says why it cannot be done.
 *
 * @template {object} T
 * @param {Editor} editor
 * @param {Tab} tab
 * @param {string} step
 * @param {(T & { op: Op }) | Refused} outcome
 * @returns {(T & { op: Op }) | null}
 */
const performIn = ({ ui }, { history }, step, outcome) => {
  if (isRefused(outcome)) {
    ui.toast(outcome.refusal, { kind: "error" });
    return null;
  }
  history.perform({ id: step }, outcome.op);
  return outcome;
};

/**
 * Saves the selected nodes as a workflow and puts a node in their place that stands for it.
 *
 * @param {Editor} editor
 */
const make = async (editor) => {
  const name = await askName(editor, { id: "hands.workflow.title" }, "");
  if (name === null) return;
  const [tab, selected] = [editor.tabs.current.peek(), selectedNodes(editor)];
  const made = await savedFirst(editor, tab, name, (document) => {
    const there = selected.filter((node) => Object.hasOwn(document.nodes, node));
    return makeWorkflow(document, editor.catalog, there, name);
  });
  const done = performIn(editor, tab, "step.make-workflow", made);
  if (done !== null) tab.selection.set({ nodes: [done.node] });
};

/** Tells whether the document carries the workflow that the selected node stands for. @type {(editor: Editor) => boolean} */
const isCarried = (editor) =>
  Object.hasOwn(editor.document.peek().workflows ?? {}, selectedWorkflow(editor) ?? "");

/**
 * Saves a workflow that the document carries, so that every document can use it.
 *
 * @param {Editor} editor
 */
const publishSelected = async (editor) => {
  const [tab, name] = [editor.tabs.current.peek(), selectedWorkflow(editor)];
  const saved = name && await askName(editor, { id: "hands.workflow.publish" }, name);
  if (!name || !saved) return;
  const published = await savedFirst(editor, tab, saved, (document) => publish(document, name, saved));
  if (performIn(editor, tab, "step.publish-workflow", published) === null) return;
  editor.ui.toast({ id: "panels.saved", with: { name: saved } }, { kind: "ok" });
};

/** @type {(editor: Editor) => Promise<void>} */
const open = async (editor) => {
  const name = selectedWorkflow(editor);
  if (name === null) return;
  // A workflow that came inside the document has no place of its own until it is published.
  if (isCarried(editor)) editor.tabs.openPart(editor.tabs.current.peek(), name);
  else await editor.tabs.openSaved(name);
};

/** @type {(editor: Editor) => Promise<void>} */
const unpackSelected = async (editor) => {
  const [tab, name, [node]] = [editor.tabs.current.peek(), selectedWorkflow(editor), selectedNodes(editor)];
  if (name === null) return;
  const { document } = tab.history;
  const inner = await readInner(editor, document.peek(), name);
  const done = performIn(
    editor,
    tab,
    "step.unpack",
    unpack(document.peek(), editor.catalog, node, inner),
  );
  if (done !== null) tab.selection.set({ nodes: done.nodes });
};

/**
 * The commands.
 *
 * @param {Editor} editor
 * @returns {Command[]}
 */
export const regroupingCommands = (editor) => {
  const isWorkflow = () => selectedWorkflow(editor) !== null;
  return [
    {
      id: "edit.make-workflow",
      keys: ["Mod+Shift+G"],
      isEnabled: () => selectedNodes(editor).length > 0,
      run: () => make(editor),
    },
    { id: "edit.open-workflow", keys: ["Mod+ArrowDown"], isEnabled: isWorkflow, run: () => open(editor) },
    { id: "edit.publish-workflow", isEnabled: () => isCarried(editor), run: () => publishSelected(editor) },
    { id: "edit.unpack", isEnabled: isWorkflow, run: () => unpackSelected(editor) },
  ];
};
