/** What is said where something that a person asked for does not work. */

/** @import { ApiFault, Editor } from "../interfaces.d.ts" */

/**
 * Does something, and says so where it fails.
 *
 * @template T
 * @param {Editor} editor
 * @param {() => Promise<T>} work
 * @returns {Promise<T | null>} null where it failed.
 */
export const attempt = async (editor, work) => {
  try {
    return await work();
  } catch (fault) {
    editor.ui.toast(faultText(fault), { kind: "error" });
    return null;
  }
};

/**
 * Gives the sentence of a fault, with its hint.
 *
 * @param {unknown} fault
 */
export const faultText = (fault) => {
  if (!(fault instanceof Error)) return String(fault);
  const { message, hint, problems } = /** @type {ApiFault} */ (fault);
  const first = problems?.[0];
  if (first) return [first.message, first.hint].filter(Boolean).join(" ");
  return [message, hint].filter(Boolean).join(" ");
};
