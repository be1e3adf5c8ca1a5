/** The queue: what runs, what waits and in which order, and what has ended. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { joined, progressText, when } from "./amounts.js";
import { attempt } from "./faults.js";
import { EndedJobs } from "./history.js";
import { IconButton, Nothing } from "./pieces.js";
import { openBatches, sortJobs } from "./queue_rows.js";

/** @import { Editor, JobView } from "../interfaces.d.ts" */

/**
 * The queue, and below it what has ended.
 *
 * @param {{ editor: Editor }} props
 */
export const Queue = ({ editor }) => {
  const { running, waiting, ended } = sortJobs(editor.runs.jobs.value);
  return html`<div class="queue">
    <${QueueHead} editor=${editor} />
    ${running.length + waiting.length === 0 && html`<${Nothing}>${say("panels.queue.empty")}<//>`}
    <ul class="lines" aria-label=${say("panels.queue.running")}>
      ${running.map((job) => html`<${RunningJob} key=${job.id} editor=${editor} job=${job} />`)}
    </ul>
    <ol class="lines" aria-label=${say("panels.queue.waits")}>
      ${waiting.map((job) => html`<${WaitingJob} key=${job.id} editor=${editor} job=${job} />`)}
    </ol>
    <${EndedJobs} editor=${editor} jobs=${ended} />
  </div>`;
};

/** @param {{ editor: Editor }} props */
const QueueHead = ({ editor }) => {
  const isPaused = editor.runs.queue.value?.paused ?? false;
  const batches = openBatches(editor.runs.jobs.value);
  return html`<div class="bar">
      <button type="button" onClick=${() => editor.commands.run("run.pause")}>
        ${say(isPaused ? "panels.queue.resume" : "panels.queue.pause")}
      </button>
      ${isPaused && html`<span class="badge warn">${say("panels.queue.paused")}</span>`}
    </div>
    ${
    batches.map((batch) =>
      html`
        <div class="line batch" key=${batch.id}>
          <span class="line-main">${say("panels.queue.batch", {
            title: batch.name,
            count: batch.left,
          })}</span>
          <${IconButton}
            icon="stop"
            label=${say("panels.queue.cancel-batch", { title: batch.name })}
            onClick=${() => attempt(editor, () => editor.api.cancelBatch(batch.id))}
          />
        </div>
      `
    )
  }`;
};

/** @param {{ editor: Editor, job: JobView }} props */
const RunningJob = ({ editor, job }) => {
  const progress = editor.runs.progress(job.id).value;
  return html`
    <li class="line job running">
      <div class="line-main">
        <span class="line-title">${job.name || say("panels.untitled")}</span>
        <progress max="1" value=${progress.done} aria-label=${say("panels.run.progress", {
          title: job.name,
        })}></progress>
        <span class="line-note">${job.cancelling
          ? say("panels.queue.cancelling")
          : progressText(progress)}</span>
      </div>
      <${CancelButton} editor=${editor} job=${job} />
    </li>
  `;
};

/** @param {{ editor: Editor, job: JobView }} props */
const WaitingJob = ({ editor, job }) => {
  const note = joined(
    job.position !== null && say("panels.queue.position", { count: job.position }),
    when(job.created_at),
    job.priority !== 0 && say("panels.queue.priority", { priority: job.priority }),
  );
  return html`<li class="line job">
    <div class="line-main">
      <span class="line-title">${job.name || say("panels.untitled")}</span>
      <span class="line-note">${note}</span>
    </div>
    ${
    job.position !== 1 &&
    html`
      <${IconButton}
        icon="chevron-up"
        label=${say("panels.queue.first", { title: job.name })}
        onClick=${() => attempt(editor, () => editor.runs.putFirst(job.id))}
      />
    `
  }
    <${CancelButton} editor=${editor} job=${job} />
  </li>`;
};

/** @param {{ editor: Editor, job: JobView }} props */
const CancelButton = ({ editor, job }) =>
  html`
    <${IconButton}
      icon="stop"
      label=${say("panels.queue.cancel", { title: job.name })}
      disabled=${job.cancelling}
      onClick=${() => attempt(editor, () => editor.runs.cancel(job.id))}
    />
  `;
