/**
 * What is said of a link that is refused: why, and which nodes would make it fit.
 *
 * @import { Conversion, Editor, Fit, Point, Socket } from "../../interfaces.d.ts"
 * @import { Ends } from "./link.js"
 */

import { say, sayWords } from "../../ui/texts.js";
import { connectThrough } from "./edits.js";

/** @type {(editor: Editor, conversion: Conversion) => string} */
const offerTitle = ({ catalog }, { type }) =>
  say("hands.link.insert", { title: catalog.get(type)?.title ?? type });

/**
 * Says at the pointer why a link is refused, and offers what converts. A choice inserts the node and links both its
 * sides, as one step.
 *
 * @param {Editor} editor
 * @param {Point} client
 * @param {Ends} ends
 * @param {{ socket: Socket, fit: Fit }} refused
 */
export const offerConversions = (editor, client, { fixed, moving }, { socket, fit }) => {
  if (fit.fits) return;
  editor.ui.announce(fit.reason);
  // Several links that are moved at once would need as many nodes: for them there is only the reason.
  const conversions = fixed.length === 1 ? fit.conversions : [];
  if (conversions.length === 0) {
    editor.ui.toast(fit.reason, { kind: "error" });
    return;
  }
  editor.ui.menu(client, [
    { group: sayWords(fit.reason) },
    ...conversions.map((conversion) => ({
      title: offerTitle(editor, conversion),
      run: () => connectThrough(editor, { end: fixed[0], socket, conversion, moving }),
    })),
  ]);
};
