/** The inputs of a node, each with its field, or with what feeds it. */

import { Field } from "../fields/field.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { goToNode } from "./problems.js";
import { socketLabel } from "../view/labels.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, FieldProps, InputValue, JSONValue, Link, NodeType } from "../interfaces.d.ts" */

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
      if (
        links.length > 0
      ) return html`<${Linked} key=${input.name} editor=${editor} name=${input.name} links=${links} />`;
      if (
        input.link_only
      ) {
        return html`<${Unlinked} key=${input.name} name=${input.name} type=${input.type} isRequired=${input.required} />`;
      }
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

/** @param {{ editor: Editor, name: string, links: readonly Link[] }} props */
const Linked = ({ editor, name, links }) => {
  const document = editor.document.value;
  return html`<div class="linked">
    <span class="linked-name">${socketLabel(name)}</span>
    ${
    links.map(({ from }) => {
      const node = from.slice(0, from.lastIndexOf("."));
      const title = nodeTitle(document, node, editor.catalog.get(document.nodes[node]?.type));
      return html`<button type="button" class="quiet" onClick=${() => goToNode(editor, node)}>
        <${Icon} name="link" />${title} · ${socketLabel(from.slice(from.lastIndexOf(".") + 1))}
      </button>`;
    })
  }
  </div>`;
};

/** @param {{ name: string, type: string, isRequired: boolean }} props */
const Unlinked = ({ name, type, isRequired }) =>
  html`
    <div class="linked">
      <span class="linked-name">${socketLabel(name)}</span>
      <span class="line-note">${say(isRequired ? "panels.inspector.needs" : "panels.inspector.may", {
        type,
      })}</span>
    </div>
  `;

/**
 * @param {InputValue | undefined} value
 * @returns {Link[]}
 */
const linksIn = (value) =>
  (Array.isArray(value) ? value : [value]).filter(/** @returns {item is Link} */ (item) =>
    typeof item === "object" && item !== null && !Array.isArray(item) && Object.keys(item).length === 1 &&
    "from" in item
  );
