/** What the document takes and gives: pick, order, name. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { IconButton, Nothing } from "./pieces.js";
import { addEntry, candidates, moveEntry, removeEntry, titleEntry } from "./signature_edits.js";
import { socketLabel } from "../view/labels.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, Op } from "../interfaces.d.ts" */
/** @import { Side } from "./signature_edits.js" */

/**
 * Both lists.
 *
 * @param {{ editor: Editor }} props
 */
export const SignatureEditor = ({ editor }) =>
  html`
    <div class="signature">
      <${SideList} editor=${editor} side="inputs" />
      <${SideList} editor=${editor} side="outputs" />
    </div>
  `;

/** @param {{ editor: Editor, side: Side }} props */
const SideList = ({ editor, side }) => {
  const document = editor.document.value;
  const names = Object.keys(document[side]);
  return html`<section aria-label=${say(`panels.signature.${side}`)}>
    <h3>${say(`panels.signature.${side}`)}</h3>
    ${names.length === 0 && html`<${Nothing}>${say(`panels.signature.no-${side}`)}<//>`}
    <ol class="lines">
      ${
    names.map((name, at) =>
      html`
        <${Entry} key=${name} editor=${editor} side=${side} name=${name} isFirst=${at === 0}
          isLast=${at === names.length - 1} />
      `
    )
  }
    </ol>
    <button type="button" aria-haspopup="menu" onClick=${(/** @type {MouseEvent} */ event) =>
    offer(editor, side, event)}>
      <${Icon} name="add" />${say(`panels.signature.add-${side}`)}
    </button>
  </section>`;
};

/** @param {{ editor: Editor, side: Side, name: string, isFirst: boolean, isLast: boolean }} props */
const Entry = ({ editor, side, name, isFirst, isLast }) => {
  const document = editor.document.value;
  const title = document[side][name].title || socketLabel(name);
  const label = { id: `panels.edit.signature` };
  /** @param {Op} op */
  const perform = (op) => editor.perform(label, op);
  return html`
    <li class="line signature-entry">
      <input
        aria-label=${say("panels.signature.title", { name })}
        value=${title}
        maxlength="200"
        onChange=${(/** @type {Event} */ event) =>
          perform(titleEntry(document, side, name, /** @type {HTMLInputElement} */ (event.target).value))}
      />
      <${IconButton} icon="chevron-up" label=${say("panels.signature.up", { title })} disabled=${isFirst}
        onClick=${() => perform(moveEntry(document, side, name, -1))} />
      <${IconButton} icon="chevron-down" label=${say("panels.signature.down", { title })} disabled=${isLast}
        onClick=${() => perform(moveEntry(document, side, name, 1))} />
      <${IconButton} icon="close" label=${say("panels.signature.remove", { title })}
        onClick=${() => perform(removeEntry(document, side, name))} />
    </li>
  `;
};

/**
 * @param {Editor} editor
 * @param {Side} side
 * @param {MouseEvent} event
 */
const offer = (editor, side, event) => {
  const { left, bottom } = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
  const document = editor.document.peek();
  const found = candidates(document, editor.catalog, side);
  editor.ui.menu(
    [left, bottom + 4],
    found.flatMap(({ socket, node, name }, at) => {
      const entry = {
        title: socketLabel(name),
        run: () =>
          editor.perform(
            { id: "panels.edit.signature" },
            addEntry(document, side, socket, socketLabel(name)),
          ),
      };
      const isNew = at === 0 || found[at - 1].node !== node;
      const group = nodeTitle(document, node, editor.catalog.get(document.nodes[node].type));
      return isNew ? [{ group }, entry] : [entry];
    }),
  );
};
