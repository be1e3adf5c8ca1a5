/** Workflows as cards with pictures. */

import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { attempt } from "./faults.js";
import { workflowPicture } from "./workflow_pictures.js";

/** @import { Editor, WorkflowEntry } from "../interfaces.d.ts" */

/** The template that makes the first picture. */
export const FIRST = "text-to-image";

/**
 * Whether name, title or description have what is looked for.
 *
 * @type {(entry: WorkflowEntry, wanted: string) => boolean}
 */
export const matches = ({ name, title, description }, wanted) =>
  `${name} ${title} ${description}`.toLowerCase().includes(wanted.trim().toLowerCase());

/**
 * Cards that open a workflow; of a template, a copy.
 *
 * @param {{ editor: Editor, entries: readonly WorkflowEntry[] }} props
 */
export const WorkflowCards = ({ editor, entries }) =>
  html`<ul class="cards">${
    entries.toSorted(byUse).map((entry) =>
      html`<${Card} key=${entry.name} editor=${editor} entry=${entry} />`
    )
  }</ul>`;

/** @param {{ editor: Editor, entry: WorkflowEntry }} props */
const Card = ({ editor, entry }) => {
  const picture = workflowPicture(editor, entry);
  return html`
    <li>
      <button type="button" class="card" onClick=${() =>
        attempt(editor, () => editor.tabs.openSaved(entry.name))}>
        <span class="card-picture">
            ${picture ? html`<img src=${picture} alt="" />` : html`<${Icon} name="workflow" />`}
          </span>
        <span class="card-title">${entry.title || entry.name}</span>
        <span class="line-note" data-tip=${entry.description}>${entry.description}</span>
      </button>
    </li>
  `;
};

/** The one that makes the first picture stands first. @type {(a: WorkflowEntry, b: WorkflowEntry) => number} */
const byUse = (a, b) => Number(b.name === FIRST) - Number(a.name === FIRST);
