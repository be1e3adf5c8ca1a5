/** The saved workflows: open, rename, delete, and look back at how they were. */

import { useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { when } from "./amounts.js";
import { deleteSaved, renameSaved } from "./document_actions.js";
import { attempt } from "./faults.js";
import { IconButton, Nothing, Search, Thumbnail } from "./pieces.js";
import { showRevisions } from "./revisions.js";
import { matches } from "./workflow_cards.js";
import { workflowPicture } from "./workflow_pictures.js";

/** @import { Editor, WorkflowEntry } from "../interfaces.d.ts" */

/**
 * The saved workflows and the templates.
 *
 * @param {{ editor: Editor }} props
 */
export const Documents = ({ editor }) => {
  const [wanted, setWanted] = useState("");
  const found = editor.catalog.workflows.value.filter((entry) => matches(entry, wanted));
  const saved = found.filter((entry) => !entry.template);
  return html`<div class="documents">
    <div class="bar">
      <button type="button" onClick=${() => editor.commands.run("document.save")}>
        <${Icon} name="save" />${say("command.document.save")}
      </button>
      <button type="button" onClick=${() => editor.commands.run("document.import")}>
        <${Icon} name="upload" />${say("command.document.import")}
      </button>
    </div>
    <${Search} label=${say("panels.workflows.search")} value=${wanted} onInput=${setWanted} />
    <h3>${say("panels.workflows.saved")}</h3>
    ${saved.length === 0 && html`<${Nothing}>${say("panels.workflows.none")}<//>`}
    <ul class="lines">${
    saved.toSorted(byDate).map((entry) => html`<${Row} key=${entry.name} editor=${editor} entry=${entry} />`)
  }</ul>
    <h3>${say("panels.workflows.templates")}</h3>
    <ul class="lines">
      ${
    found.filter((entry) => entry.template).map((entry) =>
      html`<${Row} key=${entry.name} editor=${editor} entry=${entry} />`
    )
  }
    </ul>
  </div>`;
};

/** @param {{ editor: Editor, entry: WorkflowEntry }} props */
const Row = ({ editor, entry }) => {
  const isOpen = editor.tabs.all.value.some((tab) => tab.name.value === entry.name);
  const open = () => attempt(editor, () => editor.tabs.openSaved(entry.name));
  const picture = workflowPicture(editor, entry);
  return html`<li class=${`line workflow ${isOpen ? "open" : ""}`}>
    <button type="button" class="quiet line-open" onClick=${open}>
      <span class="thumbnail">${
    picture ? html`<${Thumbnail} src=${picture} />` : html`<${Icon} name="workflow" />`
  }</span>
      <span class="line-main">
        <span class="line-title">${entry.title || entry.name}</span>
        <span class="line-note">${
    entry.modified_at === null ? entry.description : `${entry.name} · ${when(entry.modified_at)}`
  }</span>
      </span>
    </button>
    ${
    !entry.template &&
    html`
      <${IconButton}
        icon="more"
        label=${say("panels.workflows.more", { name: entry.name })}
        onClick=${(/** @type {MouseEvent} */ event) => openMenu(editor, entry.name, event)}
      />
    `
  }
  </li>`;
};

/**
 * @param {Editor} editor
 * @param {string} name
 * @param {MouseEvent} event
 */
const openMenu = (editor, name, event) => {
  const { right, bottom } = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
  editor.ui.menu([right - 180, bottom + 4], [
    {
      title: say("panels.workflows.rename"),
      run: () => void attempt(editor, () => renameSaved(editor, name)),
    },
    {
      title: say("panels.workflows.revisions"),
      run: () => void attempt(editor, () => showRevisions(editor, name)),
    },
    {
      title: say("panels.workflows.delete"),
      run: () => void attempt(editor, () => deleteSaved(editor, name)),
    },
  ]);
};

/** @type {(a: WorkflowEntry, b: WorkflowEntry) => number} */
const byDate = (a, b) => (b.modified_at ?? "").localeCompare(a.modified_at ?? "");
