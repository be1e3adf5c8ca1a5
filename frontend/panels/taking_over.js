/** Workflows of ComfyUI: the server takes them over, and what became of each node is told. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { openDocument } from "./document_actions.js";

/** @import { Editor, JSONValue } from "../interfaces.d.ts" */
/** @import { TakenView } from "../types.d.ts" */

/**
 * Takes a workflow over and opens it; where anything is different, a list says what.
 *
 * @param {Editor} editor
 * @param {Record<string, JSONValue>} workflow
 * @param {string} name Name of its file.
 */
export const takeOver = async (editor, workflow, name) => {
  const taken = await editor.api.convert({ workflow });
  openDocument(editor, { ...taken.workflow, title: name.replace(/\.\w+$/, "") });
  if (taken.nodes.every(({ state }) => state === "same")) {
    return editor.ui.toast({ id: "panels.drop.opened", with: { name } }, { kind: "ok" });
  }
  await editor.ui.dialog({
    title: { id: "panels.foreign.title", with: { name } },
    body: () => html`<${Report} nodes=${taken.nodes} />`,
  });
};

/** @param {{ nodes: readonly TakenView[] }} props */
const Report = ({ nodes }) =>
  ["unknown", "different", "same"].map((state) => {
    const found = nodes.filter((node) => node.state === state);
    return found.length > 0 && html`
      <h3>${say(`panels.foreign.${state}`, { count: found.length })}</h3>
      <ul class="changes">
        ${found.map(({ title, type, notes }) =>
          html`<li>${title || type}${notes.length > 0 && `: ${notes.join(" ")}`}</li>`
        )}
      </ul>
    `;
  });
