/** Says that a second picture is to be chosen for a comparison. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { IconButton } from "./pieces.js";

/** @import { Editor } from "../interfaces.d.ts" */

/**
 * The hint; nothing unless one picture is chosen and the other is not.
 *
 * @param {{ editor: Editor }} props
 */
export const ComparisonHint = ({ editor }) => {
  const chosen = editor.desk.comparison.value;
  if (!chosen || chosen.second) return null;
  return html`<p class="comparison-hint" role="status">
    <img src=${chosen.first.thumbnail} alt="" />${say("panels.compare.second")}
    <${IconButton} icon="close" label=${say("ui.cancel")} onClick=${() =>
    editor.desk.comparison.value = null} />
  </p>`;
};
