/** Running a workflow several times with one input that changes: a batch. */

import { useState } from "preact/hooks";
import { typeOfNode } from "../model/sockets.js";
import { submissionOf } from "../net/submission.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { attempt } from "./faults.js";
import { readValues, seedsFrom, varying } from "./varying.js";
import { socketLabel } from "../view/labels.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, WorkflowDocument } from "../interfaces.d.ts" */
/** @import { Varying } from "./varying.js" */

/** Jobs that a batch has at most when it is made here. */
const MOST = 100;

/**
 * Asks which input changes and how, and submits the batch.
 *
 * @param {Editor} editor
 */
export const showManyRuns = async (editor) => {
  const document = editor.document.peek();
  const inputs = varying(document, editor.catalog);
  if (inputs.length === 0) return editor.ui.toast({ id: "panels.many.none" });
  const chosen = await editor.ui.dialog({
    title: { id: "panels.many.title" },
    body: (close) =>
      html`<${ManyRuns} editor=${editor} document=${document} inputs=${inputs} close=${close} />`,
  });
  if (chosen) await attempt(editor, () => submitBatch(editor, document, chosen));
};

/** @typedef {{ input: Varying, values: import("../interfaces.d.ts").JSONValue[] }} Chosen */

/** @param {{ editor: Editor, document: WorkflowDocument, inputs: Varying[], close: (chosen: Chosen) => void }} props */
const ManyRuns = ({ editor, document, inputs, close }) => {
  const [at, setAt] = useState(Math.max(0, inputs.findIndex(({ isSeed }) => isSeed)));
  const [count, setCount] = useState(4);
  const [text, setText] = useState("");
  const input = inputs[at];
  const read = input.isSeed ? { values: seedsFrom(input.value, count) } : readValues(text, input.type);
  const values = read.values ?? [];
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (values.length > 0) close({ input, values });
  };
  /** @param {Varying} entry */
  const titleOf = ({ node, name }) =>
    `${nodeTitle(document, node, typeOfNode(document, editor.catalog, node))} · ${socketLabel(name)}`;
  return html`<form class="many-runs" onSubmit=${submit}>
    <label>${say("panels.many.input")}
      <select value=${at} onChange=${(/** @type {Event} */ event) => setAt(Number(valueOf(event)))}>
        ${inputs.map((entry, index) => html`<option value=${index}>${titleOf(entry)}</option>`)}
      </select>
    </label>
    ${
    input.isSeed
      ? html`<label>${say("panels.many.count")}
          <input type="number" min="1" max=${MOST} value=${count} onInput=${(/** @type {Event} */ event) =>
        setCount(Math.min(MOST, Math.max(1, Math.round(Number(valueOf(event))) || 1)))} />
        </label>`
      : html`<label>${say("panels.many.values")}
          <textarea rows="6" value=${text} onInput=${(/** @type {Event} */ event) =>
        setText(valueOf(event))}></textarea>
        </label>`
  }
    ${
    read.unreadable &&
    html`<p class="fault" role="alert">${
      say("panels.many.unreadable", { line: read.unreadable, type: input.type })
    }</p>`
  }
    <div class="buttons">
      <button type="submit" class="primary" disabled=${values.length === 0 || values.length > MOST}>
        ${say("panels.many.run", { count: values.length })}
      </button>
    </div>
  </form>`;
};

/**
 * @param {Editor} editor
 * @param {WorkflowDocument} document
 * @param {Chosen} chosen
 */
const submitBatch = async (editor, document, { input, values }) => {
  // The input that changes becomes one of the workflow's for this batch alone.
  const own = Object.entries(document.inputs).find(([, { to }]) => to.includes(input.socket))?.[0];
  const name = own ?? "varied";
  const shown = own
    ? document
    : { ...document, inputs: { ...document.inputs, [name]: { to: [input.socket] } } };
  const { workflow, inputs, outputs = null } = submissionOf(shown, editor.catalog);
  await editor.api.submitBatch({
    workflow,
    name: document.title || editor.tabs.current.peek().name.peek(),
    inputs,
    outputs,
    priority: 0,
    vary: { [name]: values },
    combine: "zip",
  });
  editor.settings.panel.value = "queue";
};

/** @param {Event} event */
const valueOf = (event) => /** @type {HTMLInputElement} */ (event.target).value;
