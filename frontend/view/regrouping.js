/**
 * Commands that make a workflow of nodes, go into it, publish it, and unpack it again.
 *
 * @import { Command, Editor, WorkflowDocument } from "../interfaces.d.ts"
 */

import { normalize, toJSON } from "../model/document.js";
import { publish } from "../model/edits/carried.js";
import { isRefused } from "../model/edits/outcome.js";
import { makeWorkflow, unpack } from "../model/edits/workflows.js";
import { workflowOf } from "../model/workflow_types.js";
import { askName } from "../panels/document_actions.js";
import { selectedNodes } from "./editing.js";
import { attempt } from "./hands/edits.js";

/** The name of the workflow that the one selected node stands for; null for any other selection. @type {(editor: Editor) => string | null} */
export const selectedWorkflow = (editor) => {
  const [node, ...others] = selectedNodes(editor);
  return node === undefined || others.length > 0 ? null : workflowOf(editor.document.peek().nodes[node].type);
};

/** @type {(editor: Editor, name: string) => Promise<WorkflowDocument>} */
const readInner = async ({ document, api }, name) => {
  const carried = document.peek().workflows ?? {};
  return Object.hasOwn(carried, name) ? carried[name] : normalize((await api.workflow(name)).document);
};

/**
 * Saves the selected nodes as a workflow and puts a node in their place that stands for it.
 *
 * @param {Editor} editor
 */
const make = async (editor) => {
  const name = await askName(editor, { id: "hands.workflow.title" }, "");
  if (name === null) return;
  const made = makeWorkflow(editor.document.peek(), editor.catalog, selectedNodes(editor), name);
  if (!isRefused(made)) await editor.api.saveWorkflow(name, toJSON(made.document), { over: null });
  const done = attempt(editor, { id: "step.make-workflow" }, made);
  if (done !== null) editor.selection.peek().set({ nodes: [done.node] });
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
  const name = selectedWorkflow(editor);
  const saved = name && await askName(editor, { id: "hands.workflow.publish" }, name);
  if (!name || !saved) return;
  const published = publish(editor.document.peek(), name, saved);
  if (!isRefused(published)) {
    await editor.api.saveWorkflow(saved, toJSON(published.document), { over: null });
  }
  if (attempt(editor, { id: "step.publish-workflow" }, published) === null) return;
  editor.ui.toast({ id: "panels.saved", with: { name: saved } }, { kind: "ok" });
};

/** @type {(editor: Editor) => Promise<void>} */
const open = async (editor) => {
  const name = selectedWorkflow(editor);
  if (name === null) return;
  // A workflow that came inside the document has no place of its own until it is published.
  if (isCarried(editor)) editor.tabs.open(await readInner(editor, name));
  else await editor.tabs.openSaved(name);
};

/** @type {(editor: Editor) => Promise<void>} */
const unpackSelected = async (editor) => {
  const name = selectedWorkflow(editor);
  const [node] = selectedNodes(editor);
  if (name === null) return;
  const inner = await readInner(editor, name);
  const done = attempt(
    editor,
    { id: "step.unpack" },
    unpack(editor.document.peek(), editor.catalog, node, inner),
  );
  if (done !== null) editor.selection.peek().set({ nodes: done.nodes });
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
