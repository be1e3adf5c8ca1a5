/** The document in front as a command line and as a program. */

import { useState } from "preact/hooks";
import { curl, python } from "../model/export.js";
import { toJSON } from "../model/document.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { downloadDocument } from "./document_actions.js";
import { tabTitle } from "./titles.js";

/** @import { Editor, Tab } from "../interfaces.d.ts" */

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

/** @param {{ editor: Editor, tab: Tab }} props */
const Export = ({ editor, tab }) => {
  const [language, setLanguage] = useState(/** @type {keyof typeof WRITERS} */ ("curl"));
  const text = WRITERS[language]({
    origin: location.origin,
    document: toJSON(tab.history.document.value),
    name: tab.isDirty.value ? null : tab.name.value,
  });
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
      <pre tabindex="0" aria-label=${say(`panels.export.${language}`)}><code>${text}</code></pre>
    </div>
  `;
};
