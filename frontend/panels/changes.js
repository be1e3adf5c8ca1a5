/** What differs between two documents, as a list for people. */

import { diff } from "../model/diff.js";
import { html } from "../ui/html.js";
import { sayWords } from "../ui/texts.js";

/** @import { WorkflowDocument, Words } from "../interfaces.d.ts" */

/** Changes that are listed at most. */
const MOST_CHANGES = 40;

/**
 * The list, below a title that counts.
 *
 * @param {{ before: WorkflowDocument, after: WorkflowDocument, title: (count: number) => Words }} props
 */
export const ChangeList = ({ before, after, title }) => {
  const changes = diff(before, after);
  return html`
    <h3>${sayWords(title(changes.length))}</h3>
    <ul class="changes">
      ${changes.slice(0, MOST_CHANGES).map((change) => html`<li>${sayWords(change.words)}</li>`)}
      ${changes.length > MOST_CHANGES && html`<li>…</li>`}
    </ul>
  `;
};
