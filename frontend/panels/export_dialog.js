/** The document in front as a command line and as a program. */

import { useState } from "preact/hooks";
import { curl, python } from "../model/export.js";
import { toJSON } from "../model/document.js";
import { loosePictures, submissionOf } from "../net/submission.js";
import { html } from "../ui/html.js";
import { say, sayWords } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { downloadDocument } from "./document_actions.js";
import { tabTitle } from "./titles.js";

/** @import { Editor, JSONValue, Tab, Words } from "../interfaces.d.ts" */
/** @import { Installed } from "../model/sockets.js" */

const WRITERS = { curl, python };

/**
 * Shows how a workflow is run from elsewhere.
 *
 * @param {Editor} editor
 * @param {Tab} tab
 */
export const showExport = (editor, tab) =>
  editor.ui.dialog({
    title: { id: "panels.export.title" },
    wide: true,
    body: () => html`<${Export} editor=${editor} tab=${tab} />`,
  });

/**
 * Gives what a program has to send to get the pictures that a run in the editor makes: what is saved is called by its
 * name only where that gives all of them.
 *
 * @param {Pick<Tab, "history" | "isDirty" | "name">} tab
 * @param {Installed} catalog
 * @returns {{ document: { [key: string]: JSONValue }, name: string | null, why: Words | null }} `why` says, for what has
 *   a name, why that is not enough.
 */
export const runOf = ({ history, isDirty, name: saved }, catalog) => {
  const document = history.document.value;
  const count = loosePictures(document, catalog).length;
  const name = saved.value;
  if (name !== null && !isDirty.value && count === 0) return { document: toJSON(document), name, why: null };
  /** @type {Words} */
  const why = isDirty.value
    ? { id: "panels.export.changed", with: { name: String(name) } }
    : { id: "panels.export.loose", with: { name: String(name), count } };
  return { document: submissionOf(document, catalog).workflow, name: null, why: name === null ? null : why };
};

/** @param {{ editor: Editor, tab: Tab }} props */
const Export = ({ editor, tab }) => {
  const [language, setLanguage] = useState(/** @type {keyof typeof WRITERS} */ ("curl"));
  const { why, ...exported } = runOf(tab, editor.catalog);
  const text = WRITERS[language]({ origin: location.origin, ...exported });
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    editor.ui.toast({ id: "panels.export.copied" }, { kind: "ok" });
  };
  return html`
    <div class="export">
      <div class="bar">
        <div class="segments" role="group" aria-label=${say("panels.export.language")}>
            ${/** @type {(keyof typeof WRITERS)[]} */ (Object.keys(WRITERS)).map((name) =>
              html`<button type="button" aria-pressed=${String(language === name)} onClick=${() =>
                setLanguage(name)}>
          ${say(`panels.export.${name}`)}
        </button>`
            )}
          </div>
        <span class="gap"></span>
        <button type="button" onClick=${copy}><${Icon} name="copy" />${say("panels.export.copy")}</button>
        <button type="button" onClick=${() => downloadDocument(tab.history.document.peek(), tabTitle(tab))}>
            <${Icon} name="download" />${say("command.document.download")}
          </button>
      </div>
      ${why && html`<p class="line-note">${sayWords(why)}</p>`}
      <pre tabindex="0" aria-label=${say(`panels.export.${language}`)}><code>${text}</code></pre>
    </div>
  `;
};
