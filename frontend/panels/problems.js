/** Every problem of the document in front: press one to go there. */

import { typeOfNode } from "../model/sockets.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { Missing } from "./missing.js";
import { Nothing } from "./pieces.js";
import { socketLabel } from "../view/labels.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, ProblemEntry } from "../interfaces.d.ts" */

/** Milliseconds in which a node that is seen is mounted, even on a slow machine. */
const MOUNTED_MS = 2000;

/**
 * The list of problems.
 *
 * @param {{ editor: Editor }} props
 */
export const Problems = ({ editor }) => {
  const problems = editor.advice.problems.value;
  if (problems.length === 0) {
    const state = editor.advice.state.value;
    return html`<${Nothing}>${
      say(state === "known" ? "panels.problems.none" : `panels.problems.${state}`)
    }<//>`;
  }
  return html`<ul class="lines">
    ${
    problems.map((problem) =>
      html`
        <li>
          <${ProblemRow} editor=${editor} problem=${problem} />
          <${Missing} editor=${editor} problem=${problem} />
        </li>
      `
    )
  }
  </ul>`;
};

/** @param {{ editor: Editor, problem: ProblemEntry }} props */
const ProblemRow = ({ editor, problem }) => {
  const document = editor.document.value;
  const { node } = problem;
  const type = node ? typeOfNode(document, editor.catalog, node) : undefined;
  const place = node &&
    [nodeTitle(document, node, type), problem.input && socketLabel(problem.input)].filter(Boolean);
  return html`
    <button
      type="button"
      class=${`line problem ${problem.severity}`}
      disabled=${!node || !document.nodes[node]}
      onClick=${() => goToProblem(editor, problem)}
    >
      <span class="state-icon"><${Icon} name=${problem.severity === "error" ? "error" : "warning"} /></span>
      <span class="line-main">
          ${place && html`<span class="line-title">${place.join(" · ")}</span>`}
          <span>${problem.message}</span>
          ${problem.hint && html`<span class="line-note">${problem.hint}</span>`}
        </span>
    </button>
  `;
};

/**
 * Shows the node of a problem, and puts the keyboard into the input that has it.
 *
 * @param {Editor} editor
 * @param {ProblemEntry} problem
 */
export const goToProblem = (editor, { node, input }) => {
  if (!node) return;
  editor.desk.face.value = "graph";
  goToNode(editor, node);
  focusOnceMounted(node, input ?? null, performance.now() + MOUNTED_MS);
};

/**
 * Selects a node and moves the view so that it is seen.
 *
 * @param {Editor} editor
 * @param {string} node
 */
export const goToNode = (editor, node) => {
  editor.selection.peek().set({ nodes: [node] });
  const bounds = editor.plane.bounds([node]);
  if (!bounds) return;
  // In the overview a node is too small to read.
  if (editor.viewport.state.peek().zoom < 0.5) editor.viewport.fit(bounds, { padding: 160, most: 1 });
  else editor.viewport.reveal(bounds);
};

/**
 * Puts the keyboard into a field of a node, or on its socket, or on the node. A node that was far away is mounted a
 * few frames after it is seen.
 *
 * @param {string} node
 * @param {string | null} input
 * @param {number} until
 */
const focusOnceMounted = (node, input, until) => {
  const element = document.querySelector(`[data-node="${CSS.escape(node)}"]`);
  if (!element) {
    if (performance.now() < until) requestAnimationFrame(() => focusOnceMounted(node, input, until));
    return;
  }
  const field = document.getElementById(`${node}.${input}`);
  const socket = element.querySelector(`[data-socket="in:${CSS.escape(input ?? "")}"]`);
  for (const target of [field, socket, element]) {
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
    if (target && target === document.activeElement) return;
  }
};
