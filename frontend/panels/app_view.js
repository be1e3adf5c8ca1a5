/** The workflow as a form: what it takes, a button, and what it makes. For a desk and for a phone. */

import { formOf } from "../model/signature.js";
import { Field } from "../fields/field.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { progressText } from "./amounts.js";
import { attempt } from "./faults.js";
import { Nothing } from "./pieces.js";
import { hasEnded } from "./queue_rows.js";
import { FormResults } from "./form_results.js";
import { SignatureEditor } from "./signature_editor.js";
import { WorkflowCards } from "./workflow_cards.js";

/** @import { Editor } from "../interfaces.d.ts" */
/** @import { FormInput } from "../model/signature.js" */

/**
 * The document in front as a form.
 *
 * @param {{ editor: Editor }} props
 */
export const AppView = ({ editor }) => {
  const document = editor.document.value;
  if (Object.keys(document.nodes).length === 0) return html`<${ChooseApp} editor=${editor} />`;
  const form = formOf(document, editor.catalog);
  return html`
    <div class="app-view">
      <section class="app-form" aria-label=${say("panels.app.form")}>
          <h1>${document.title || say("panels.untitled")}</h1>
          ${document.description && html`<p class="app-description">${document.description}</p>`}
          ${form.inputs.length === 0 && html`<${Nothing}>${say("panels.app.no-inputs")}<//>`}
          ${form.inputs.map((input) =>
            html`<${FormField} key=${input.name} editor=${editor} input=${input} />`
          )}
          <details class="app-choose" open=${form.inputs.length === 0}>
            <summary>${say("panels.app.choose")}</summary>
            <${SignatureEditor} editor=${editor} />
          </details>
          <${FormRun} editor=${editor} />
        </section>
      <${FormResults} editor=${editor} outputs=${form.outputs} />
    </div>
  `;
};

/** @param {{ editor: Editor, input: FormInput }} props */
const FormField = ({ editor, input }) => {
  const [{ node, input: first }] = input.sockets;
  /** @type {import("../interfaces.d.ts").FieldProps["onChange"]} */
  const change = (value, { isTyping = false } = {}) =>
    editor.perform(
      { id: "panels.edit.input", with: { input: input.title } },
      input.setValue(value),
      isTyping ? { merge: `form ${input.name}` } : {},
    );
  return html`
    <${Field}
      editor=${editor}
      id=${`form-${input.name}`}
      label=${input.title}
      doc=${input.doc}
      widget=${input.widget}
      type=${input.type}
      value=${input.value}
      fallback=${input.fallback}
      problems=${editor.advice.ofNode(node).value.filter((problem) => problem.input === first)}
      at=${`${node}.${first}`}
      onChange=${change}
    />
  `;
};

/** @param {{ editor: Editor }} props */
const FormRun = ({ editor }) => {
  const { commands } = editor;
  const job = editor.runs.shown(editor.tabs.current.value.id).value;
  const isRunning = job !== null && !hasEnded(job);
  const problem = editor.advice.problems.value.find(({ severity }) => severity === "error");
  return html`<div class="app-run">
    ${problem && html`<p class="fault" role="alert">${problem.message} ${problem.hint}</p>`}
    ${job && isRunning && html`<${FormProgress} editor=${editor} job=${job.id} />`}
    <button type="button" class="primary" onClick=${() => commands.run("run.all")}><${Icon} name="play" />${
    say("panels.run")
  }</button>
    ${
    job && isRunning &&
    html`<button type="button" disabled=${job.cancelling} onClick=${() =>
      attempt(editor, () => editor.runs.cancel(job.id))}>
      <${Icon} name="stop" />${say("ui.cancel")}
    </button>`
  }
  </div>`;
};

/** @param {{ editor: Editor, job: string }} props */
const FormProgress = ({ editor, job }) => {
  const progress = editor.runs.progress(job).value;
  return html`
    <div class="app-progress">
      <progress max="1" value=${progress.done} aria-label=${say("panels.app.progress")}></progress>
      <span class="line-note">${progressText(progress)}</span>
    </div>
  `;
};

/**
 * What there is to open, where the document in front is empty.
 *
 * @param {{ editor: Editor }} props
 */
const ChooseApp = ({ editor }) =>
  html`
    <div class="app-view choosing">
      <section class="app-form">
        <h1>${say("panels.app.which")}</h1>
        <${WorkflowCards} editor=${editor} entries=${editor.catalog.workflows.value} />
      </section>
    </div>
  `;
