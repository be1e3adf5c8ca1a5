/** The inputs of a node, each with its field, or with what feeds it. */

import { Field } from "../fields/field.js";
import { linksIn } from "../model/links.js";
import { typeOfNode } from "../model/sockets.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { joined } from "./amounts.js";
import { goToNode } from "./problems.js";
import { socketLabel } from "../view/labels.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, FieldProps, InputValue, JSONValue, NodeType } from "../interfaces.d.ts" */

/**
 * Tells whether a value is entered at an input, and nothing linked.
 *
 * @param {NodeType["inputs"][number]} input
 * @param {InputValue | undefined} given
 */
export const hasField = (input, given) => !input.link_only && linksIn(given).length === 0;

/**
 * The inputs of a node.
 *
 * @param {{ editor: Editor, node: string, type: NodeType }} props
 */
export const NodeFields = ({ editor, node, type }) => {
  const given = editor.document.value.nodes[node].inputs;
  const problems = editor.advice.ofNode(node).value;
  /** @type {(input: string, value: JSONValue | undefined, options?: { isTyping?: boolean }) => void} */
  const change = (input, value, { isTyping = false } = {}) =>
    editor.perform(
      { id: "panels.edit.input", with: { input: socketLabel(input) } },
      { op: "set-inputs", changes: [value === undefined ? { node, input } : { node, input, value }] },
      isTyping ? { merge: `input ${node}.${input}` } : {},
    );
  return html`<section class="node-fields" aria-label=${say("panels.inspector.inputs")}>
    ${
    type.inputs.map((input) => {
      const links = linksIn(given[input.name]);
      if (links.length > 0) {
        return html`<${Linked} key=${input.name} editor=${editor} name=${input.name} links=${links} />`;
      }
      if (input.link_only) return html`<${Unlinked} key=${input.name} input=${input} />`;
      return html`
        <${Field}
          key=${input.name}
          editor=${editor}
          id=${`inspector ${node}.${input.name}`.replaceAll(" ", "-")}
          label=${socketLabel(input.name)}
          doc=${input.doc}
          widget=${input.widget}
          type=${input.type}
          value=${given[input.name]}
          fallback=${input.default}
          problems=${problems.filter((problem) => problem.input === input.name)}
          at=${`${node}.${input.name}`}
          onChange=${(/** @type {Parameters<FieldProps["onChange"]>} */ ...chosen) =>
            change(input.name, ...chosen)}
        />
      `;
    })
  }
  </section>`;
};

/** @param {{ editor: Editor, name: string, links: ReturnType<typeof linksIn> }} props */
const Linked = ({ editor, name, links }) => {
  const document = editor.document.value;
  return html`
    <div class="linked">
      <span class="linked-name">${socketLabel(name)}</span>
      <div class="links">${links.map(({ source: { node, output } }) => {
        const title = nodeTitle(document, node, typeOfNode(document, editor.catalog, node));
        return html`<button type="button" class="quiet" onClick=${() => goToNode(editor, node)}>
        <${Icon} name="link" />${joined(title, socketLabel(output))}
      </button>`;
      })}</div>
    </div>
  `;
};

/** @param {{ input: NodeType["inputs"][number] }} props */
const Unlinked = ({ input: { name, type, required } }) =>
  html`
    <div class="linked">
      <span class="linked-name">${socketLabel(name)}</span>
      <span class="line-note">${say(required ? "panels.inspector.needs" : "panels.inspector.may", {
        type,
      })}</span>
    </div>
  `;
