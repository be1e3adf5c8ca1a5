/** What can be done with documents: begin, open, save, rename, restore, delete, download. */

import { emptyDocument, normalize, toJSON } from "../model/document.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { ChangeList } from "./changes.js";
import { tabTitle } from "./titles.js";
import { writeJSON } from "../model/json.js";

/** @import { Editor, SaveConflict, Tab, Words, WorkflowDocument } from "../interfaces.d.ts" */

/** What may be the name of a saved workflow; the server's rule. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}_ .-]{0,98}[\p{L}\p{N}])?$/u;

/** Begins an empty document, in a tab that has one already if there is one. @param {Editor} editor */
export const newDocument = ({ tabs, desk }) => {
  const { id } = tabs.all.peek().find(isBlank) ?? tabs.open(emptyDocument());
  tabs.show(id);
  desk.begun.value = new Set([...desk.begun.peek()].filter((begun) => begun !== id));
};

/** @param {Tab} tab */
const isBlank = ({ name, history }) =>
  name.peek() === null && history.entries.peek().length === 0 &&
  Object.keys(history.document.peek().nodes).length === 0;

/**
 * Opens a document in a tab.
 *
 * @param {Editor} editor
 * @param {unknown} json What was saved, or what a picture carries.
 * @param {{ name?: string | null, revision?: number }} [options]
 */
export const openDocument = (editor, json, options) => editor.tabs.open(normalize(json), options);

/**
 * Opens the workflow behind a picture.
 *
 * @param {Editor} editor
 * @param {string} digest
 */
export const openPictureWorkflow = async (editor, digest) =>
  openDocument(editor, (await editor.api.assetWorkflow(digest)).workflow);

/**
 * Opens what a job runs.
 *
 * @param {Editor} editor
 * @param {string} job
 */
export const openJobWorkflow = async (editor, job) => {
  const tab = openDocument(editor, (await editor.api.jobDocument(job)).workflow);
  editor.runs.show(tab.id, job);
};

/**
 * Closes a tab; nothing is asked, since it can be brought back.
 *
 * @param {Editor} editor
 * @param {Tab} tab
 */
export const closeTab = (editor, tab) => {
  const title = tabTitle(tab);
  const isDirty = tab.isDirty.peek();
  editor.tabs.close(tab.id);
  if (!isDirty) return;
  editor.ui.toast({ id: "panels.tab.closed", with: { title } }, {
    action: { words: { id: "command.document.reopen" }, run: () => void editor.tabs.reopen() },
  });
};

/**
 * Saves a document, and asks for a name where it has none. A workflow that another document carries goes back into that.
 *
 * @param {Editor} editor
 * @param {Tab} tab
 * @param {{ as?: boolean }} [options] `as` asks for another name.
 */
export const saveTab = async (editor, tab, { as = false } = {}) => {
  const home = as ? null : editor.tabs.putBack(tab);
  if (home) {
    const titles = { title: tabTitle(tab), home: tabTitle(home) };
    return editor.ui.toast({ id: "panels.part.saved", with: titles }, { kind: "ok" });
  }
  const name = as ? null : tab.name.peek();
  const wanted = name ?? await askName(editor, { id: "panels.save.name" }, freeName(editor, tab));
  if (wanted === null) return;
  try {
    await editor.tabs.save(tab, wanted);
  } catch (fault) {
    if (!isConflict(fault)) throw fault;
    return await settle(editor, tab, fault);
  }
  editor.ui.toast({ id: "panels.saved", with: { name: wanted } }, { kind: "ok" });
};

/**
 * Lets a person choose between what is here and what somebody else saved under the name. Nothing is lost: what is
 * saved over stays among the revisions, what is closed can be brought back.
 *
 * @param {Editor} editor
 * @param {Tab} tab
 * @param {SaveConflict} conflict
 */
const settle = async (editor, tab, conflict) => {
  /** @type {SaveConflict["choices"][number] | null} */
  const choice = await editor.ui.dialog({
    // Who saves for the first time has only met a name that is taken.
    title: {
      id: tab.name.peek() === conflict.workflow ? "panels.conflict.title" : "panels.conflict.taken",
      with: { name: conflict.workflow },
    },
    body: (close) => html`<${Conflict} conflict=${conflict} tab=${tab} close=${close} />`,
  });
  if (!choice) return;
  const name = choice.id === "copy"
    ? await askName(editor, { id: "panels.save.name" }, freeName(editor, tab))
    : conflict.workflow;
  if (name !== null) await choice.run(name);
};

/** @param {number} count */
const fromTheirs = (count) => ({ id: "panels.conflict.differs", with: { count } });

/** @param {{ conflict: SaveConflict, tab: Tab, close: (choice: SaveConflict["choices"][number]) => void }} props */
const Conflict = ({ conflict, tab, close }) =>
  html`
    <p>${say("panels.conflict.what")}</p>
    ${conflict.document &&
      html`<${ChangeList} before=${conflict.document} after=${tab.history.document.peek()} title=${fromTheirs} />`}
    <div class="buttons">
      ${conflict.choices.map((choice) =>
        html`<button type="button" onClick=${() => close(choice)}>${
          say(`panels.conflict.${choice.id}`)
        }</button>`
      )}
    </div>
  `;

/** @type {(fault: unknown) => fault is SaveConflict} */
const isConflict = (fault) => fault instanceof Error && "choices" in fault;

/**
 * Gives a saved workflow another name. Tabs that have it follow.
 *
 * @param {Editor} editor
 * @param {string} name
 */
export const renameSaved = async (editor, name) => {
  const wanted = await askName(editor, { id: "panels.rename.name" }, name);
  if (wanted === null || wanted === name) return;
  const { document } = await editor.api.workflow(name);
  // The new one is there before the old one goes, so that no moment has neither.
  const saved = await editor.api.saveWorkflow(wanted, toJSON(document), { over: null });
  await editor.api.deleteWorkflow(name);
  for (const tab of editor.tabs.all.peek().filter((open) => open.name.peek() === name)) {
    tab.name.value = wanted;
    tab.revision.value = saved.revision;
  }
  editor.ui.toast({ id: "panels.renamed", with: { name: wanted } }, { kind: "ok" });
};

/**
 * Deletes a saved workflow. Its revisions stay, and the toast brings it back.
 *
 * @param {Editor} editor
 * @param {string} name
 */
export const deleteSaved = async (editor, name) => {
  const { document } = await editor.api.workflow(name);
  await editor.api.deleteWorkflow(name);
  for (const tab of editor.tabs.all.peek().filter((open) => open.name.peek() === name)) tab.name.value = null;
  editor.ui.toast({ id: "panels.deleted", with: { name } }, {
    action: {
      words: { id: "panels.restore" },
      run: () => void editor.api.saveWorkflow(name, toJSON(document), { over: null }),
    },
  });
};

/**
 * Gives a document as a file to its user.
 *
 * @param {WorkflowDocument} document
 * @param {string} title
 */
export const downloadDocument = (document, title) => {
  const text = `${writeJSON(toJSON(document), 2)}\n`;
  download(
    URL.createObjectURL(new Blob([text], { type: "application/json" })),
    `${suggestedName(title)}.json`,
  );
};

/**
 * Lets the browser save what lies at an address.
 *
 * @param {string} url
 * @param {string} name Name of the file.
 */
export const download = (url, name) => {
  const link = Object.assign(globalThis.document.createElement("a"), { href: url, download: name });
  link.click();
  if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 60_000);
};

/**
 * Makes a name of a title that the server takes: "Text to image!" is "text-to-image".
 *
 * @param {string} title
 */
export const suggestedName = (title) => {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.join("-").slice(0, 100).replace(/-$/, "") || "workflow";
};

/**
 * Suggests a name that neither a saved workflow nor a template has.
 *
 * @param {Editor} editor
 * @param {Tab} tab
 */
const freeName = (editor, tab) => {
  const taken = new Set(editor.catalog.workflows.peek().map(({ name }) => name));
  const wanted = suggestedName(tabTitle(tab));
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`;
  return name;
};

/**
 * @param {Editor} editor
 * @param {Words} words
 * @param {string} value
 */
export const askName = (editor, words, value) =>
  editor.ui.ask(words, {
    value,
    action: { id: "panels.save" },
    check: (text) => NAME.test(text) ? null : { id: "panels.name.refused" },
  });
