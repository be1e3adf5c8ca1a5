/** A workflow as it once was: what changed since, and going back. */

import { useEffect, useState } from "preact/hooks";
import { normalize, toJSON } from "../model/document.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { joined, when } from "./amounts.js";
import { ChangeList } from "./changes.js";
import { openDocument } from "./document_actions.js";
import { attempt } from "./faults.js";
import { Thumbnail } from "./pieces.js";
import { findRevisionPictures } from "./revision_pictures.js";

/** @import { Editor, WorkflowDocument } from "../interfaces.d.ts" */
/** @import { RevisionView } from "../types.d.ts" */

/** @param {number} count */
const sinceThen = (count) => ({ id: "panels.revisions.since", with: { count } });

/**
 * Shows the revisions of a saved workflow.
 *
 * @param {Editor} editor
 * @param {string} name
 */
export const showRevisions = async (editor, name) => {
  const [{ revisions }, now] = await Promise.all([editor.api.revisions(name), editor.api.workflow(name)]);
  await editor.ui.dialog({
    title: { id: "panels.revisions.title", with: { name } },
    wide: true,
    body: (close) =>
      html`<${Revisions} editor=${editor} name=${name} revisions=${revisions} now=${now.document} close=${() =>
        close(null)} />`,
  });
};

/** @param {{ editor: Editor, name: string, revisions: RevisionView[], now: WorkflowDocument, close: () => void }} props */
const Revisions = ({ editor, name, revisions, now, close }) => {
  const [chosen, setChosen] = useState(
    /** @type {{ revision: number, document: WorkflowDocument } | null} */ (null),
  );
  const [pictures, setPictures] = useState(/** @type {ReadonlyMap<number, string>} */ (new Map()));
  useEffect(() => findRevisionPictures(editor, name, revisions, setPictures), [editor, name, revisions]);
  /** @param {number} revision */
  const choose = (revision) =>
    attempt(
      editor,
      async () =>
        setChosen({ revision, document: normalize(asJSON(await editor.api.revision(name, revision))) }),
    );
  return html`<div class="revisions">
    <ul class="lines" aria-label=${say("panels.revisions.list")}>
      ${
    revisions.map((entry, at) =>
      html`
        <li>
          <button
            type="button"
            class="line quiet"
            aria-pressed=${String(chosen?.revision === entry.revision)}
            disabled=${entry.deleted}
            onClick=${() => choose(entry.revision)}
          >
            <span class="thumbnail">${pictures.has(entry.revision) &&
              html`<${Thumbnail} src=${pictures.get(entry.revision)} />`}</span>
            <span class="line-main">
              <span class="line-title">${say("panels.revisions.number", { number: entry.revision })}</span>
              <span class="line-note">${noteOf(entry, at === 0)}</span>
            </span>
          </button>
        </li>
      `
    )
  }
    </ul>
    ${
    chosen
      ? html`<${ChosenRevision} editor=${editor} name=${name} chosen=${chosen} now=${now} close=${close} />`
      : html`<p class="nothing">${say("panels.revisions.choose")}</p>`
  }
  </div>`;
};

/** @type {(entry: RevisionView, isNewest: boolean) => string} */
const noteOf = (entry, isNewest) =>
  joined(
    when(entry.saved_at),
    entry.deleted ? say("panels.revisions.deleted") : isNewest && say("panels.revisions.now"),
  );

/**
 * @param {{
 *   editor: Editor, name: string, chosen: { revision: number, document: WorkflowDocument }, now: WorkflowDocument,
 *   close: () => void,
 * }} props
 */
const ChosenRevision = ({ editor, name, chosen, now, close }) => {
  const restore = async () => {
    const saved = await attempt(editor, () => editor.api.saveWorkflow(name, toJSON(chosen.document)));
    if (!saved) return;
    close();
    // A tab that has what was saved over can be brought back, but no longer saves under that name by mistake.
    const stale = editor.tabs.all.peek().filter((tab) => tab.name.peek() === name);
    openDocument(editor, chosen.document, { name, revision: saved.revision });
    for (const tab of stale) editor.tabs.close(tab.id);
    editor.ui.toast({ id: "panels.revisions.restored", with: { number: chosen.revision } }, { kind: "ok" });
  };
  const look = () => {
    close();
    openDocument(editor, chosen.document);
  };
  return html`
    <section class="revision" aria-label=${say("panels.revisions.number", { number: chosen.revision })}>
      <${ChangeList} before=${chosen.document} after=${normalize(asJSON(now))} title=${sinceThen} />
      <div class="buttons">
        <button type="button" onClick=${look}>${say("panels.revisions.look")}</button>
        <button type="button" class="primary" onClick=${restore}>${say("panels.restore")}</button>
      </div>
    </section>
  `;
};

/** @param {unknown} document @returns {import("../interfaces.d.ts").JSONValue} */
const asJSON = (document) => /** @type {import("../interfaces.d.ts").JSONValue} */ (document);
