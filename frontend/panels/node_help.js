/** The help of a node: what its author wrote beside its code. */

import { Markdown } from "../ui/markdown.js";
import { joined } from "./amounts.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { readDocstring } from "./docstring.js";
import { socketLabel } from "../view/labels.js";

/** @import { NodeType } from "../interfaces.d.ts" */

/**
 * The help of a node type.
 *
 * @param {{ type: NodeType }} props
 */
export const NodeHelp = ({ type }) => {
  const help = readDocstring(type.doc || type.summary);
  return html`<section class="node-help" aria-label=${say("panels.help")}>
    <h3>${say("panels.help")}</h3>
    <${Markdown} text=${help.text} />
    ${type.outputs.length > 0 && html`<h4>${say("panels.help.gives")}</h4>`}
    <dl>
      ${
    type.outputs.map((output) =>
      html`
        <dt>${socketLabel(output.name)} <code>${output.type}</code></dt>
        <dd>${output.doc}</dd>
      `
    )
  }
    </dl>
    ${help.raises.length > 0 && html`<h4>${say("panels.help.fails")}</h4>`}
    <ul>${help.raises.map(({ name, text }) => html`<li><code>${name}</code> ${text}</li>`)}</ul>
    <p class="line-note">
      ${
    joined(
      say("panels.help.from", { pack: type.pack, version: type.version }),
      !type.pure && say("panels.help.impure"),
    )
  }
    </p>
  </section>`;
};
