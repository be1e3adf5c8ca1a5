/** Whether the server is there. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";

/** @import { Editor } from "../interfaces.d.ts" */

/**
 * Says that the server is away, and nothing while it is there.
 *
 * @param {{ editor: Editor }} props
 */
export const ConnectionState = ({ editor }) => {
  const connection = editor.runs.connection.value;
  return html`<div class=${`connection ${connection}`} role="status">
    ${connection !== "open" && html`<span class="dot"></span>${say(`panels.connection.${connection}`)}`}
  </div>`;
};
