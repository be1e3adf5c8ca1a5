/** The zoom in a corner, for those who have no wheel at hand. */

import { useComputed } from "@preact/signals";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { say } from "../ui/texts.js";

/** @import { Editor } from "../interfaces.d.ts" */

/**
 * A button that runs a command.
 * @param {{ editor: Editor, id: string, label?: string, children: unknown }} props
 */
const Button = ({ editor, id, label = "", children }) => {
  const title = say(`command.${id}`);
  return html`<button class="quiet" aria-label=${
    label ? `${label}, ${title}` : title
  } data-tip=${title} onClick=${() => editor.commands.run(id)}>
    ${children}
  </button>`;
};

/**
 * Shows the zoom with what changes it.
 * @param {{ editor: Editor }} props
 */
export const ZoomBar = ({ editor }) => {
  const percent = useComputed(() => `${Math.round(editor.viewport.state.value.zoom * 100)} %`).value;
  return html`
    <${Button} editor=${editor} id="view.zoom-out">
      <${Icon} name="minus" />
      <//>
      <${Button} editor=${editor} id="view.full-size"
        label=${percent}><span class="percent">${percent}</span><//>
    <${Button} editor=${editor} id="view.zoom-in"><${Icon} name="add" /><//>
    <${Button} editor=${editor} id="view.fit"><${Icon} name="fit" /><//>
  `;
};
