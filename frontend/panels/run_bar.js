/** Running: the button that starts, what goes on right now, and the ways to stop it. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { showKeys } from "../ui/keymap.js";
import { costText, progressText } from "./amounts.js";
import { commandEntry, IconButton, openMenuBelow } from "./pieces.js";
import { activeJob } from "./queue_rows.js";

/** @import { Editor, JobView } from "../interfaces.d.ts" */

/**
 * The buttons that start and stop runs, with the progress of what runs.
 *
 * @param {{ editor: Editor }} props
 */
export const RunBar = ({ editor }) => {
  const job = activeJob(editor.runs.jobs.value);
  return html`<div class="run-bar">
    ${job && html`<${JobProgress} editor=${editor} job=${job} />`}
    <${QueueCount} editor=${editor} />
    <${RunButton} editor=${editor} />
  </div>`;
};

/** @param {{ editor: Editor }} props */
const RunButton = ({ editor }) => {
  const { commands, settings, advice } = editor;
  const isLive = settings.liveRun.value;
  const entries = () => [
    commandEntry(editor, "run.all", say("command.run.all")),
    commandEntry(editor, "run.selection", say("command.run.selection")),
    commandEntry(editor, "run.many", say("command.run.many")),
    commandEntry(editor, "run.live", say("command.run.live"), isLive),
  ];
  const usual = costText({
    seconds: advice.seconds.value,
    heldBytes: advice.heldBytes.value,
    missing: advice.missingModels.value,
  }) || say("command.run.all");
  return html`
    <div class=${`split-button ${isLive ? "live" : ""}`}>
      <button
        type="button"
        class="run"
        disabled=${!commands.isEnabled("run.all")}
        data-tip=${`${usual} (${commands.keys("run.all").map((keys) => showKeys(keys)).join(", ")})`}
        onClick=${() => commands.run("run.all")}
      ><${Icon} name="play" /><span>${say(isLive ? "panels.run.live" : "panels.run")}</span></button>
      <button
        type="button"
        class="run-more"
        aria-haspopup="menu"
        aria-label=${say("panels.run.more")}
        onClick=${(/** @type {MouseEvent} */ event) => openMenuBelow(editor, event, entries())}
      ><${Icon} name="chevron-down" /></button>
    </div>
  `;
};

/** @param {{ editor: Editor, job: JobView }} props */
const JobProgress = ({ editor, job }) => {
  const progress = editor.runs.progress(job.id).value;
  return html`
    <div class="job-progress">
      <progress aria-label=${say("panels.run.progress", { title: job.name })} max="1" value=${progress
        .done}></progress>
      <span class="job-progress-text">${progressText(progress)}</span>
      <${IconButton}
        icon="stop"
        label=${say("command.run.cancel")}
        keys=${editor.commands.keys("run.cancel")[0]}
        disabled=${job.cancelling}
        onClick=${() => editor.commands.run("run.cancel")}
      />
    </div>
  `;
};

/** @param {{ editor: Editor }} props */
const QueueCount = ({ editor }) => {
  const queue = editor.runs.queue.value;
  if (!queue || (queue.counts.queued === 0 && !queue.paused)) return null;
  const label = say("panels.queue.waiting", { count: queue.counts.queued });
  return html`
    <button
      type="button"
      class=${`queue-count ${queue.paused ? "paused" : ""}`}
      aria-label=${queue.paused ? `${label} ${say("panels.queue.paused")}` : label}
      title=${label}
      onClick=${() => editor.settings.panel.value = "queue"}
    ><${Icon} name=${queue.paused ? "pause" : "queue"} />${queue.counts.queued}</button>
  `;
};
