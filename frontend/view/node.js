/** One node on the page. */

import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { say } from "../ui/texts.js";
import { isLong, nodeTitle } from "./labels.js";
import { footOf } from "./node_state.js";
import { Pictures } from "./node_pictures.js";
import { CollapsedSockets, InputRow, OutputRow } from "./node_rows.js";

/**
 * @import { ReadonlySignal } from "@preact/signals"
 * @import { Editor } from "../interfaces.d.ts"
 * @import { LaidBox } from "./plane.js"
 * @import { Mark, NodeFacts } from "./node_state.js"
 */

/**
 * @typedef {object} NodeProps
 * @property {Editor} editor
 * @property {ReadonlySignal<LaidBox>} box
 * @property {NodeFacts} facts
 * @property {ReadonlySignal<ReadonlyMap<string, string>>} exposed Titles of the workflow's inputs and outputs, by
 * `in:node.input` and `out:node.output`.
 */

/** Circumference of the ring. */
const AROUND = 2 * Math.PI * 6;

/** Icon of what a node did or would do. @type {Record<Mark, string>} */
const ICONS = {
  running: "play",
  waiting: "clock",
  ran: "check",
  cached: "bolt",
  failed: "warning",
  incomplete: "link",
  cancelled: "stop",
  skipped: "off",
  ready: "bolt",
  stale: "play",
  off: "off",
  bypass: "bypass",
  none: "info",
};

/**
 * Shows how far a node is, as a ring.
 * @param {{ facts: NodeFacts }} props
 */
const Ring = ({ facts }) => {
  const run = facts.run.value;
  const share = run?.state === "running" && run.total ? (run.step ?? 0) / run.total : 0;
  return html`<svg class="ring" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <circle class="track" cx="8" cy="8" r="6" />
    ${
    run?.state === "running" &&
    html`
      <circle class=${share > 0 ? "arc" : "arc unknown"} cx="8" cy="8" r="6"
        stroke-dasharray=${`${Math.max(share, 0.15) * AROUND} ${AROUND}`} />
    `
  }
  </svg>`;
};

/**
 * Folds or unfolds a node.
 * @param {Editor} editor
 * @param {LaidBox} box
 */
const fold = (editor, { id, look }) =>
  editor.perform({ id: look.collapsed ? "node.do.unfold" : "node.do.fold" }, {
    op: "set-looks",
    looks: { [id]: { collapsed: look.collapsed ? null : true } },
  });

/** What stands beside the title and the last line of a node, in pixels. */
const BESIDE_TITLE = 96;
const BESIDE_FOOT = 36;

/** @param {NodeProps} props */
const Header = ({ editor, box, facts }) => {
  const { look, entry, type, width } = box.value;
  const title = nodeTitle(box.value);
  return html`<header>
    <button class="fold" aria-expanded=${!look.collapsed} aria-label=${say("node.fold")} onClick=${() =>
    fold(editor, box.value)}><${Icon} name=${look.collapsed ? "chevron-right" : "chevron-down"} /></button>
    <span class=${isLong(title, width - BESIDE_TITLE, 13) ? "title cut" : "title"}
      data-tip=${type?.summary ?? null}>${title}</span>
    ${look.pinned && html`<${Icon} name="pin" label=${say("node.pinned")} />`}
    ${entry.mode && html`<${Icon} name=${entry.mode} label=${say(`node.${entry.mode}`)} />`}
    ${!type && html`<${Icon} name="warning" label=${say("node.unknown-type")} />`}
    <${Mark} box=${box} facts=${facts} />
  </header>`;
};

/** @param {Pick<NodeProps, "box" | "facts">} props */
const Mark = ({ box, facts }) => {
  const { mark } = footNow(box, facts);
  // How a node is switched is shown beside its title already.
  if (mark === "bypass" || mark === "off") return null;
  if (mark === "running" || mark === "none") return html`<${Ring} facts=${facts} />`;
  return html`<span class="mark"><${Icon} name=${ICONS[mark]} /></span>`;
};

/** @param {ReadonlySignal<LaidBox>} box @param {NodeFacts} facts */
const footNow = (box, { run, step, isOutdated, problems }) =>
  footOf({
    entry: box.value.entry,
    run: run.value,
    step: step.value,
    isOutdated: isOutdated.value,
    problems: problems.value,
  });

/** @param {Pick<NodeProps, "box" | "facts">} props */
const Foot = ({ box, facts }) => {
  const { text, time } = footNow(box, facts);
  const what = text || box.value.entry.type;
  const run = facts.run.value;
  const share = run?.state === "running" && run.total ? (run.step ?? 0) / run.total : 0;
  return html`<p class="foot" id=${`foot-${box.value.id}`}>
    ${share > 0 && html`<span class="progress" style=${{ "--share": share }}></span>`}
    <span class=${isLong(what + time, box.value.width - BESIDE_FOOT, 11) ? "what cut" : "what"}
      data-tip=${text}>${what}</span><span class="time">${time}</span>
  </p>`;
};

/** @param {Pick<NodeProps, "box">} props */
const Problems = ({ box }) => {
  const area = box.value.problems;
  if (!area) return null;
  return html`<div class="problems" style=${{
    height: `${area.height}px`,
  }} data-tip=${box.value.extras.problems}>
    ${box.value.extras.problems.split("\n").map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
  </div>`;
};

/**
 * Shows a node.
 * @param {NodeProps} props
 */
export const Node = (props) => {
  const { editor, box, facts, exposed } = props;
  const { look, rows } = box.value;
  if (look.collapsed) {
    return html`
      <${Header} ...${props} />
      <${CollapsedSockets} editor=${editor} box=${box} />
    `;
  }
  const parts = { editor, box: box.value, facts, exposed };
  return html`
    <${Header} ...${props} />
    <div class="rows">
          ${rows.map((row) =>
            html`<${
              row.side === "output" ? OutputRow : InputRow
            } key=${`${row.side} ${row.name}`} row=${row} ...${parts} />`
          )}
        </div>
    <${Pictures} editor=${editor} box=${box.value} facts=${facts} />
    <${Problems} box=${box} />
    <${Foot} box=${box} facts=${facts} />
  `;
};

/**
 * Gives the mark of a node, for its looks.
 * @param {ReadonlySignal<LaidBox>} box
 * @param {NodeFacts} facts
 * @returns {Mark}
 */
export const markOf = (box, facts) => footNow(box, facts).mark;
