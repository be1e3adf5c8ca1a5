/** How a node's last run went and why it ran, what its next run would do, and what is wrong with it. */

import { html } from "../ui/html.js";
import { sizeOf } from "../ui/sizes.js";
import { hasText, say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { joined, percent } from "./amounts.js";
import { capitalized, socketLabel, spanOf } from "../view/labels.js";

/** @import { Editor, NodeRun, ProblemEntry, ReasonView, StepView } from "../interfaces.d.ts" */

/**
 * The run of a node, before and after.
 *
 * @param {{ editor: Editor, node: string, fields: ReadonlySet<string> }} props `fields` names the inputs whose fields
 *   say themselves what is wrong with them.
 */
export const NodeRunState = ({ editor, node, fields }) => {
  const run = editor.runs.node(editor.tabs.current.value.id, node).value;
  const step = editor.advice.step(node).value;
  // What a run ran into and what the check says may be the same thing.
  const problems = unique([...editor.advice.ofNode(node).value, ...run?.problems ?? []])
    .filter(({ input }) => !input || !fields.has(input));
  return html`
    ${problems.map((problem) =>
      html`
        <div class=${`notice ${problem.severity}`}>
          <${Icon} name=${problem.severity === "error" ? "error" : "warning"} />
          <div>
                  <p>${problem.message}</p>
                  ${problem.hint && html`<p class="line-note">${problem.hint}</p>`}
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
  const time = run.seconds !== undefined && spanOf(run.seconds);
  const share = run.state === "running" && run.step && run.total && percent(run.step / run.total);
  return html`
    <dt>${say("panels.inspector.last")}</dt>
    <dd>
          <span class=${`badge ${run.state}`}>${say(`node.state.${run.state}`)}</span> ${joined(
            time,
            run.heldBytes !== undefined && sizeOf(run.heldBytes),
            run.peakBytes !== undefined && say("panels.inspector.peak", { size: sizeOf(run.peakBytes) }),
            share || null,
          )}
          ${run.reason && html`<p class="line-note">${whyText(run.reason)}</p>`}
        </dd>
  `;
};

/** @param {{ step: StepView }} props */
const NextRun = ({ step }) => {
  const { seconds_last: seconds, held_bytes_last: bytes } = step;
  const time = step.action === "hit" || seconds === null
    ? ""
    : say("panels.inspector.about", { time: joined(spanOf(seconds), bytes ? sizeOf(bytes) : "") });
  return html`
    <dt>${say("panels.inspector.next")}</dt>
    <dd>
          <span class=${`badge ${step.action}`}>${say(`panels.step.${step.action}`)}</span> ${time}
          <p class="line-note">${whyText(step.reason)}</p>
        </dd>
  `;
};

/** Gives a reason in the language of the editor, or in the server's words. @param {ReasonView} reason */
const whyText = ({ code, text, inputs }) => {
  const id = `node.why.${code}`;
  return hasText(id) ? capitalized(say(id, { inputs: inputs.map(socketLabel).join(", ") })) : text;
};

/** @param {readonly ProblemEntry[]} problems */
const unique = (problems) => [
  ...new Map(problems.map((problem) => [`${problem.code} ${problem.input} ${problem.message}`, problem]))
    .values(),
];
