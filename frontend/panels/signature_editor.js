/** What the document takes and gives: pick, order, name. */

import {
  exposable,
  exposeInput,
  exposeOutput,
  movePort,
  removePort,
  titlePort,
} from "../model/edits/signature.js";
import { isRefused } from "../model/edits/outcome.js";
import { typeOfNode } from "../model/sockets.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { IconButton, Nothing } from "./pieces.js";
import { socketLabel } from "../view/labels.js";
import { nodeTitle } from "./titles.js";

/** @import { Editor, Op, Socket } from "../interfaces.d.ts" */
/** @import { Side } from "../model/edits/signature.js" */

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
          perform(titlePort(document, side, name, /** @type {HTMLInputElement} */ (event.target).value))}
      />
      <${IconButton} icon="chevron-up" label=${say("panels.signature.up", { title })} disabled=${isFirst}
        onClick=${() => perform(movePort(document, side, name, -1))} />
      <${IconButton} icon="chevron-down" label=${say("panels.signature.down", { title })} disabled=${isLast}
        onClick=${() => perform(movePort(document, side, name, 1))} />
      <${IconButton} icon="close" label=${say("panels.signature.remove", { title })}
        onClick=${() => perform(removePort(document, side, name))} />
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
  const found = exposable(document, editor.catalog, side);
  editor.ui.menu(
    [left, bottom + 4],
    found.flatMap((socket, at) => {
      const { node, name } = socket;
      const entry = { title: socketLabel(name), run: () => expose(editor, socket) };
      const isNew = at === 0 || found[at - 1].node !== node;
      const group = nodeTitle(document, node, typeOfNode(document, editor.catalog, node));
      return isNew ? [{ group }, entry] : [entry];
    }),
  );
};

/**
 * @param {Editor} editor
 * @param {Socket} socket
 */
const expose = (editor, socket) => {
  const edit = socket.side === "input" ? exposeInput : exposeOutput;
  const done = edit(editor.document.peek(), editor.catalog, socket, { title: socketLabel(socket.name) });
  if (!isRefused(done)) editor.perform({ id: "panels.edit.signature" }, done.op);
};
