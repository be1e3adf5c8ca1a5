/** What is selected: a node with all its fields, its help and its run; else the document itself. */

import { typeIn, typeOfNode } from "../model/sockets.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { DocumentInspector } from "./document_inspector.js";
import { hasField, NodeFields } from "./node_fields.js";
import { NodeHelp } from "./node_help.js";
import { NodeRunState } from "./node_run_state.js";
import { IconButton } from "./pieces.js";
import { goToNode } from "./problems.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, NodeEntry, NodeType } from "../interfaces.d.ts" */

/** Nodes of a selection that are listed at most. */
const MOST_LISTED = 50;

/**
 * The inspector.
 *
 * @param {{ editor: Editor }} props
 */
export const Inspector = ({ editor }) => {
  const document = editor.document.value;
  const nodes = [...editor.selection.value.nodes.value].filter((node) => node in document.nodes);
  if (nodes.length === 0) return html`<${DocumentInspector} editor=${editor} />`;
  if (nodes.length > 1) return html`<${SeveralNodes} editor=${editor} nodes=${nodes} />`;
  return html`<${NodeInspector} key=${nodes[0]} editor=${editor} node=${nodes[0]} />`;
};

/** @param {{ editor: Editor, node: string }} props */
const NodeInspector = ({ editor, node }) => {
  const document = editor.document.value;
  const entry = document.nodes[node];
  const type = typeIn(document, editor.catalog, entry.type);
  const title = nodeTitle(document, node, type);
  /** @param {Event} event */
  const rename = (event) => {
    const text = /** @type {HTMLInputElement} */ (event.target).value.trim();
    const looks = { [node]: { title: text && text !== type?.title ? text : null } };
    editor.perform({ id: "panels.edit.node-title", with: { title: text } }, { op: "set-looks", looks });
  };
  return html`<div class="inspector-body">
    <header class="inspector-head">
      <input class="title-field" aria-label=${
    say("panels.inspector.title")
  } value=${title} maxlength="200" onChange=${rename} />
      <p class="line-note">${entry.type}${type ? "" : ` · ${say("panels.inspector.unknown")}`}</p>
      <${ModeSwitch} editor=${editor} node=${node} mode=${entry.mode ?? "run"} />
    </header>
    <${NodeRunState} editor=${editor} node=${node} fields=${fieldsOf(type, entry)} />
    ${type && html`<${NodeFields} editor=${editor} node=${node} type=${type} />`}
    ${type && html`<${NodeHelp} type=${type} />`}
  </div>`;
};

/** @type {(type: NodeType | undefined, entry: NodeEntry) => Set<string>} */
const fieldsOf = (type, { inputs }) =>
  new Set(type?.inputs.filter((input) => hasField(input, inputs[input.name])).map(({ name }) => name));

/** @param {{ editor: Editor, node: string, mode: "run" | "bypass" | "off" }} props */
const ModeSwitch = ({ editor, node, mode }) =>
  html`<div class="segments" role="group" aria-label=${say("panels.inspector.mode")}>
    ${
    /** @type {const} */ (["run", "bypass", "off"]).map((name) =>
      html`
        <button
          type="button"
          aria-pressed=${String(mode === name)}
          data-tip=${say(`panels.mode.${name}.doc`)}
          onClick=${() =>
            editor.perform({ id: `panels.edit.mode.${name}` }, {
              op: "set-node",
              node,
              fields: { mode: name === "run" ? null : name },
            })}
        >${say(`panels.mode.${name}`)}</button>
      `
    )
  }
  </div>`;

/** @param {{ editor: Editor, nodes: readonly string[] }} props */
const SeveralNodes = ({ editor, nodes }) => {
  const document = editor.document.value;
  return html`
    <div class="inspector-body">
      <h2>${say("panels.inspector.several", { count: nodes.length })}</h2>
      <ul class="lines">
          ${nodes.slice(0, MOST_LISTED).map((node) =>
            html`
              <li class="line">
                <span class="line-main">${nodeTitle(
                  document,
                  node,
                  typeOfNode(document, editor.catalog, node),
                )}</span>
                <${IconButton} icon="eye" label=${say("panels.inspector.go")} onClick=${() =>
                  goToNode(editor, node)} />
              </li>
            `
          )}
        </ul>
    </div>
  `;
};
