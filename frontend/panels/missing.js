/** What a workflow asks for and is not there, and what can be done about it where its problem is shown. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { attempt } from "./faults.js";
import { showModelDownload } from "./model_download.js";

/** @import { Editor, JSONValue, ProblemEntry } from "../interfaces.d.ts" */

/**
 * What can be done about a problem, if it is that something is missing.
 *
 * @param {{ editor: Editor, problem: ProblemEntry }} props
 */
export const Missing = ({ editor, problem }) => {
  const pack = missingPack(editor, problem);
  if (pack) {
    return html`
      <div class="missing">
        <p class="line-note">${pack}</p>
        <button type="button" onClick=${() => attempt(editor, () => editor.api.reloadPacks())}>${say(
          "panels.problems.reload",
        )}</button>
      </div>
    `;
  }
  const models = missingModels(editor, problem);
  return models.length > 0 &&
    html`<div class="missing">${
      models.map(({ name, folder }) =>
        html`<button type="button" onClick=${() =>
          attempt(editor, () => showModelDownload(editor, name, folder))}>${
          say("panels.problems.get", { name })
        }</button>`
      )
    }</div>`;
};

/**
 * Says why the pack of an unknown type of nodes is not there; null where the problem is another.
 *
 * @param {Editor} editor
 * @param {ProblemEntry} problem
 */
const missingPack = ({ catalog, document }, { code, node }) => {
  const type = node ? document.value.nodes[node]?.type ?? "" : "";
  const [name, area] = type.split(":");
  if (code !== "node-type-unknown" || !area || name === "workflow") return null;
  const pack = catalog.packs.value.find((found) => found.name === name);
  if (!pack) return say("panels.problems.pack-missing", { name });
  return pack.error
    ? say("panels.problems.pack-broken", { name, fault: pack.error.message })
    : say("panels.problems.pack-without", { name, version: pack.version || "?" });
};

/**
 * @param {Editor} editor
 * @param {ProblemEntry} problem
 * @returns {{ name: string, folder: string }[]}
 */
const missingModels = ({ catalog, document }, { node, input, details }) => {
  const names = details?.missing_models;
  if (!node || !Array.isArray(names)) return [];
  const type = catalog.get(document.value.nodes[node]?.type ?? "");
  const folder = folderOf(type?.inputs.find(({ name }) => name === input)?.widget ?? null);
  return names.map((name) => ({ name: String(name), folder }));
};

/**
 * The folder of the models folder in which files of an input belong; "" where that is the models folder itself.
 *
 * @param {JSONValue | undefined} widget
 * @returns {string}
 */
const folderOf = (widget) => {
  const { folders, item } = /** @type {Record<string, JSONValue>} */ (widget ?? {});
  if (item) return folderOf(item);
  return Array.isArray(folders) ? String(folders[0] ?? "") : "";
};
