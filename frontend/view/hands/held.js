/**
 * Which keys that change the meaning of the mouse are held: Space pans, Y is the knife.
 */

import { takesText } from "../../ui/keymap.js";

/** A shorter press of Space is a tap, in milliseconds. */
const TAP_MS = 350;

/**
 * @typedef {object} Held
 * @property {() => boolean} space
 * @property {() => boolean} knife
 * @property {() => void} use Notes that Space was used with the mouse, so that letting go of it is no tap.
 */

/**
 * Watches the keys.
 *
 * @param {HTMLElement} host The canvas; Space is left to buttons and fields.
 * @param {{ onTap: () => void, signal: AbortSignal }} options `onTap` hears a short press of Space alone.
 * @returns {Held}
 */
export const watchHeld = (host, { onTap, signal }) => {
  /** @type {{ time: number, used: boolean } | null} */
  let space = null;
  let knife = false;
  const release = () => {
    space = null;
    knife = false;
    delete host.dataset.held;
  };
  addEventListener("keydown", (event) => {
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
    if (takesText(event.composedPath()[0]) || hasModifier) return;
    if (event.key.toLowerCase() === "y") knife = true;
    if (event.key === " " && (event.target === host || event.target === document.body)) {
      event.preventDefault();
      space ??= { time: event.timeStamp, used: false };
    }
    host.dataset.held = space ? "space" : knife ? "knife" : "";
  }, { signal });
  addEventListener("keyup", (event) => {
    const isTap = event.key === " " && space !== null && !space.used && event.timeStamp - space.time < TAP_MS;
    if (event.key === " " || event.key.toLowerCase() === "y") release();
    if (isTap) onTap();
  }, { signal });
  // The key may be let go of in another window.
  addEventListener("blur", release, { signal });
  return {
    space: () => space !== null,
    knife: () => knife,
    use: () => {
      if (space !== null) space = { ...space, used: true };
    },
  };
};
