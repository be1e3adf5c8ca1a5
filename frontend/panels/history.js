/** What has run: with its pictures, its problems, and the ways to go on from there. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { joined, when } from "./amounts.js";
import { spanOf } from "../view/labels.js";
import { ComparisonHint } from "./comparison_hint.js";
import { pickForComparison } from "./comparing.js";
import { openJobWorkflow } from "./document_actions.js";
import { attempt, faultText } from "./faults.js";
import { IconButton, Nothing, Thumbnail } from "./pieces.js";
import { picturesOf } from "./shown_pictures.js";

/** @import { Editor, JobView, MenuEntry } from "../interfaces.d.ts" */

/** Pictures of a job that are shown in its row. */
const MOST_PICTURES = 4;

/**
 * The jobs that have ended, newest first.
 *
 * @param {{ editor: Editor, jobs: readonly JobView[] }} props
 */
export const EndedJobs = ({ editor, jobs }) =>
  html`<section class="history" aria-label=${say("panels.history")}>
    <h3>${say("panels.history")}</h3>
    <${ComparisonHint} editor=${editor} />
    ${jobs.length === 0 && html`<${Nothing}>${say("panels.history.empty")}<//>`}
    <ul class="lines">${
    jobs.map((job) => html`<${EndedJob} key=${job.id} editor=${editor} job=${job} />`)
  }</ul>
    <button type="button" onClick=${() => showOlder(editor)}>${say("panels.older")}</button>
  </section>`;

const STATE_ICONS = { succeeded: "check", failed: "error", cancelled: "stop" };

/** @param {{ editor: Editor, job: JobView }} props */
const EndedJob = ({ editor, job }) => {
  const pictures = picturesOf(job);
  const state = say(`panels.state.${job.state}`);
  const note = joined(when(job.finished_at ?? job.created_at), job.seconds !== null && spanOf(job.seconds));
  return html`
    <li class=${`line job ${job.state}`}>
      <span class="state-icon" role="img" aria-label=${state} title=${state}>
        <${Icon} name=${STATE_ICONS[/** @type {"succeeded"} */ (job.state)]} />
      </span>
      <div class="line-main">
          <span class="line-title">${job.name || say("panels.untitled")}</span>
          <span class="line-note">${note}</span>
          ${job.state === "failed" && job.problems[0] &&
            html`<span class="line-fault">${job.problems[0].message}</span>`}
          ${pictures.length > 0 &&
            html`<span class="line-pictures">
        ${
              pictures.slice(0, MOST_PICTURES).map((picture, at) =>
                html`
                  <button
                    type="button"
                    class="thumbnail"
                    aria-label=${say("panels.picture.open", { title: job.name })}
                    onClick=${() => editor.desk.viewer.value = { pictures, at }}
                  ><${Thumbnail} src=${picture.thumbnail} /></button>
                `
              )
            }
        ${
              pictures.length > MOST_PICTURES &&
              html`<span class="line-note">+${pictures.length - MOST_PICTURES}</span>`
            }
      </span>`}
        </div>
      <${IconButton}
        icon="more"
        label=${say("panels.history.more", { title: job.name })}
        onClick=${(/** @type {MouseEvent} */ event) => openJobMenu(editor, job, event)}
      />
    </li>
  `;
};

/**
 * @param {Editor} editor
 * @param {JobView} job
 * @param {MouseEvent} event
 */
const openJobMenu = (editor, job, event) => {
  const { bottom, right } = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
  const pictures = picturesOf(job);
  /** @type {MenuEntry[]} */
  const entries = [
    {
      title: say("panels.history.open"),
      run: () => void attempt(editor, () => openJobWorkflow(editor, job.id)),
    },
    { title: say("panels.history.retry"), run: () => void attempt(editor, () => editor.runs.retry(job.id)) },
    { title: say("panels.history.show"), run: () => editor.runs.show(editor.tabs.current.peek().id, job.id) },
    {
      title: say("panels.compare"),
      disabled: pictures.length === 0,
      run: () => pickForComparison(editor.desk, pictures[0]),
    },
    {
      title: say("panels.history.remove"),
      run: () => void attempt(editor, () => removeAsked(editor, job)),
    },
  ];
  editor.ui.menu([right - 200, bottom + 4], entries);
};

/**
 * Deletes a job once it was said what goes with it.
 *
 * @param {Editor} editor
 * @param {JobView} job
 */
const removeAsked = async (editor, { id, name }) => {
  const question = { id: "panels.history.delete", with: { title: name || say("panels.untitled") } };
  if (await editor.ui.confirm(question, { id: "panels.history.remove" })) await editor.runs.remove(id);
};

/** @param {Editor} editor */
const showOlder = async (editor) => {
  const hasMore = await editor.runs.loadOlder().catch((fault) => {
    editor.ui.toast(faultText(fault), { kind: "error" });
    return true;
  });
  if (!hasMore) editor.ui.toast({ id: "panels.history.all" });
};
