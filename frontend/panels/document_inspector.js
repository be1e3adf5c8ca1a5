/** The document itself: its title, what it takes and gives, and everything that was done to it. */

import { html } from "../ui/html.js";
import { say, sayWords } from "../ui/texts.js";
import { when } from "./amounts.js";
import { SignatureEditor } from "./signature_editor.js";

/** @import { Editor } from "../interfaces.d.ts" */

/**
 * The document in front.
 *
 * @param {{ editor: Editor }} props
 */
export const DocumentInspector = ({ editor }) => {
  const { title = "", description = "", nodes } = editor.document.value;
  /** @type {(field: "title" | "description", event: Event) => void} */
  const write = (field, event) =>
    editor.perform({ id: `panels.edit.${field}` }, {
      op: "set-words",
      [field]: /** @type {HTMLInputElement} */ (event.target).value,
    });
  return html`
    <div class="inspector-body">
      <header class="inspector-head">
        <input
          class="title-field"
          aria-label=${say("panels.document.title")}
          placeholder=${say("panels.untitled")}
          value=${title}
          maxlength="200"
          onChange=${(/** @type {Event} */ event) => write("title", event)}
        />
        <textarea
          aria-label=${say("panels.document.description")}
          placeholder=${say("panels.document.description")}
          rows="2"
          value=${description}
          onChange=${(/** @type {Event} */ event) => write("description", event)}
        ></textarea>
      </header>
      ${Object.keys(nodes).length > 0 && html`<${SignatureEditor} editor=${editor} />`}
      <${HistoryList} editor=${editor} />
    </div>
  `;
};

/** @param {{ editor: Editor }} props */
const HistoryList = ({ editor }) => {
  const { history } = editor.tabs.current.value;
  const entries = history.entries.value;
  const position = history.position.value;
  return html`
    <section class="edits" aria-label=${say("panels.document.history")}>
      <h3>${say("panels.document.history")}</h3>
      <ol reversed>
          ${entries.map((entry, at) => ({ entry, to: at + 1 })).toReversed().map(({ entry, to }) =>
            html`
              <li class=${to > position ? "undone" : ""}>
                <button type="button" class="quiet" aria-current=${to === position
                  ? "step"
                  : undefined} onClick=${() => history.goTo(to)}>
                  <span>${sayWords(entry.label)}</span>
                  <span class="line-note">${when(new Date(entry.at).toISOString())}</span>
                </button>
              </li>
            `
          )}
          <li>
            <button type="button" class="quiet" aria-current=${position === 0
              ? "step"
              : undefined} onClick=${() => history.goTo(0)}>
              ${say("panels.document.opened")}
            </button>
          </li>
        </ol>
    </section>
  `;
};
