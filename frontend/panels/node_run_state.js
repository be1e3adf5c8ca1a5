/** How a node's last run went and why it ran, what its next run would do, and what is wrong with it. */

import { html } from "../ui/html.js";
import { language, say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { duration, percent } from "./amounts.js";

/** @import { Editor, NodeRun, ProblemEntry, StepView } from "../interfaces.d.ts" */

/**
 * The run of a node, before and after.
 *
 * @param {{ editor: Editor, node: string }} props
 */
export const NodeRunState = ({ editor, node }) => {
  const run = editor.runs.node(editor.tabs.current.value.id, node).value;
  const step = editor.advice.step(node).value;
  // What a run ran into and what the check says may be the same thing.
  const problems = unique([...editor.advice.ofNode(node).value, ...run?.problems ?? []]);
  return html`
    ${problems.map((problem) =>
      html`
        <div class=${`notice ${problem.severity}`}>
          <${Icon} name=${problem.severity === "error" ? "error" : "warning"} />
          <div>
                  <p>${problem.message}</p>
                  ${problem.hint && html`<p class="row-note">${problem.hint}</p>`}
                </div>
        </div>
      `
    )}
    <dl class="facts">
      ${run && html`<${LastRun} run=${run} />`}
      ${step && html`<${NextRun} step=${step} />`}
    </dl>
  `;
};

/** @param {{ run: NodeRun }} props */
const LastRun = ({ run }) => {
  const time = run.seconds === undefined ? "" : ` · ${duration(run.seconds, language())}`;
  const progress = run.state === "running" && run.step && run.total
    ? ` · ${percent(run.step / run.total, language())}`
    : "";
  return html`
    <dt>${say("panels.inspector.last")}</dt>
    <dd>
          <span class=${`badge ${run.state}`}>${say(`panels.node.${run.state}`)}</span>${time}${progress}
          ${run.reason && html`<p class="row-note">${run.reason.text}</p>`}
        </dd>
  `;
};

/** @param {{ step: StepView }} props */
const NextRun = ({ step }) => {
  const time = step.action === "hit" || step.seconds_last === null
    ? ""
    : ` · ${say("panels.inspector.about", { time: duration(step.seconds_last, language()) })}`;
  return html`
    <dt>${say("panels.inspector.next")}</dt>
    <dd>
          <span class=${`badge ${step.action}`}>${say(`panels.step.${step.action}`)}</span>${time}
          <p class="row-note">${step.reason.text}</p>
        </dd>
  `;
};

/** @param {readonly ProblemEntry[]} problems */
const unique = (problems) => [
  ...new Map(problems.map((problem) => [`${problem.code} ${problem.input} ${problem.message}`, problem]))
    .values(),
];
