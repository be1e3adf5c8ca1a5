/** Where an empty document begins: a first picture in one click, templates, recent documents, a file. */

import { useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { when } from "./amounts.js";
import { attempt } from "./faults.js";
import { IconButton, Nothing, Search } from "./pieces.js";
import { FIRST, matches, WorkflowCards } from "./workflow_cards.js";

/** @import { Editor, JSONValue, Tab } from "../interfaces.d.ts" */

const MOST_RECENT = 5;

/**
 * The start page; nothing once there is something on the canvas.
 *
 * @param {{ editor: Editor }} props
 */
export const StartPage = ({ editor }) => {
  const tab = editor.tabs.current.value;
  const { nodes, view } = editor.document.value;
  const isEmpty = Object.keys(nodes).length + view.frames.length + view.notes.length === 0 &&
    tab.history.entries.value.length === 0;
  if (!isEmpty || editor.desk.begun.value.has(tab.id) || editor.palette.value) return null;
  return html`
    <section class="start" aria-label=${say("panels.start")}>
      <${IconButton} icon="close" class="start-close" label=${say("panels.start.close")} onClick=${() =>
        putAway(editor, tab)} />
      <${FirstPicture} editor=${editor} />
      <div class="start-columns">
        <${Templates} editor=${editor} />
        <${Elsewhere} editor=${editor} tab=${tab} />
      </div>
    </section>
  `;
};

/** @param {{ editor: Editor }} props */
const FirstPicture = ({ editor }) => {
  const [isBusy, setBusy] = useState(false);
  /** @param {SubmitEvent} event */
  const make = async (event) => {
    event.preventDefault();
    const prompt = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("prompt") ?? "");
    setBusy(true);
    await attempt(editor, () => makeFirstPicture(editor, prompt.trim()));
    setBusy(false);
  };
  return html`
    <form class="first-picture" onSubmit=${make}>
      <h1>${say("panels.start.title")}</h1>
      <div class="first-picture-line">
        <input
          type="text"
          name="prompt"
          required
          maxlength="2000"
          aria-label=${say("panels.start.prompt")}
          value=${say("panels.start.example")}
          onFocus=${(/** @type {FocusEvent} */ event) =>
            /** @type {HTMLInputElement} */ (event.target).select()}
        />
        <button type="submit" class="primary" disabled=${isBusy}>
            <${Icon} name="play" />${say("panels.start.make")}
          </button>
      </div>
      <p class="line-note">${say("panels.start.model")}</p>
    </form>
  `;
};

/** @param {{ editor: Editor }} props */
const Templates = ({ editor }) => {
  const [wanted, setWanted] = useState("");
  const found = editor.catalog.workflows.value.filter((entry) => entry.template && matches(entry, wanted));
  return html`
    <section>
      <header class="start-templates">
        <h2>${say("panels.start.templates")}</h2>
        <${Search} label=${say("panels.start.search")} value=${wanted} onInput=${setWanted} />
      </header>
      ${found.length === 0 && wanted && html`<${Nothing}>${say("panels.start.none")}<//>`}
      <${WorkflowCards} editor=${editor} entries=${found} />
    </section>
  `;
};

/** @param {{ editor: Editor, tab: Tab }} props */
const Elsewhere = ({ editor, tab }) => {
  const recent = editor.catalog.workflows.value
    .filter((entry) => !entry.template)
    .toSorted((a, b) => (b.modified_at ?? "").localeCompare(a.modified_at ?? ""))
    .slice(0, MOST_RECENT);
  return html`<aside class="elsewhere">
    <h2>${say("panels.start.else")}</h2>
    <button type="button" onClick=${() => putAway(editor, tab)}><${Icon} name="add" />${
    say("panels.start.empty")
  }</button>
    <button type="button" onClick=${() => editor.commands.run("document.import")}>
      <${Icon} name="upload" />${say("command.document.import")}
    </button>
    <p class="line-note">${say("panels.start.drop")}</p>
    ${recent.length > 0 && html`<h2>${say("panels.start.recent")}</h2>`}
    <ul class="lines">
      ${
    recent.map((entry) =>
      html`
        <li>
          <button type="button" class="line quiet" onClick=${() =>
            attempt(editor, () => editor.tabs.openSaved(entry.name))}>
            <span class="line-main">
              <span class="line-title">${entry.title || entry.name}</span>
              <span class="line-note">${entry.modified_at && when(entry.modified_at)}</span>
            </span>
          </button>
        </li>
      `
    )
  }
    </ul>
  </aside>`;
};

/**
 * Opens the first template with a prompt, and runs it.
 *
 * @param {Editor} editor
 * @param {string} prompt
 */
const makeFirstPicture = async (editor, prompt) => {
  const tab = await editor.tabs.openSaved(FIRST);
  const sockets = tab.history.document.peek().inputs["prompt"]?.to ?? [];
  /** @type {JSONValue} */
  const value = prompt;
  const changes = sockets.map((socket) => {
    const [node, input] = socket.split(".");
    return { node, input, value };
  });
  tab.history.perform({ id: "panels.edit.prompt" }, { op: "set-inputs", changes });
  await editor.runs.submit(tab);
};

/**
 * @param {Editor} editor
 * @param {Tab} tab
 */
const putAway = ({ desk }, tab) => desk.begun.value = new Set([...desk.begun.value, tab.id]);
