/** Every problem of the document in front: press one to go there. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { Nothing } from "./pieces.js";
import { socketLabel } from "../view/labels.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, ProblemEntry } from "../interfaces.d.ts" */

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
  const type = node ? editor.catalog.get(document.nodes[node]?.type) : undefined;
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
  // A node far away is mounted only once it is seen.
  setTimeout(() => focusInput(node, input ?? null), 400);
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
 * @param {string} node
 * @param {string | null} input
 */
const focusInput = (node, input) => {
  const element = document.querySelector(`[data-node="${CSS.escape(node)}"]`);
  const socket = input && element?.querySelector(`[data-socket="in:${CSS.escape(input)}"]`);
  const field = socket && socket.closest("[data-input], .row, li")?.querySelector("input, textarea, select");
  const target = field || socket || element;
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
};
