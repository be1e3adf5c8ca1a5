/**
 * The words at the pointer while a link is dragged over a socket that refuses it.
 *
 * @import { Editor } from "../../interfaces.d.ts"
 */

import { effect } from "@preact/signals";
import { sayWords } from "../../ui/texts.js";

/**
 * Shows why, for as long as it is so. Screen readers hear it when the link is dropped.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @returns {{ destroy(): void }}
 */
export const showHint = (host, editor) => {
  const hint = document.createElement("p");
  hint.className = "hands-hint";
  hint.ariaHidden = "true";
  hint.hidden = true;
  host.append(hint);
  const stop = effect(() => {
    const gesture = editor.gesture.value;
    const fit = gesture.kind === "link" ? gesture.fit : null;
    hint.hidden = fit === null || fit.fits;
    if (gesture.kind !== "link" || fit === null || fit.fits) return;
    const [x, y] = editor.viewport.toClient(gesture.to);
    const { left, top } = host.getBoundingClientRect();
    hint.textContent = sayWords(fit.reason);
    hint.style.translate = `${Math.round(x - left + 14)}px ${Math.round(y - top + 18)}px`;
  });
  return {
    destroy: () => {
      stop();
      hint.remove();
    },
  };
};
