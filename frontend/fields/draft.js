/** What is typed into a field and not yet taken over. */

import { useRef, useState } from "preact/hooks";

/**
 * Keeps what is typed, and draws the field anew whenever it changes.
 *
 * A key may follow the one before it sooner than the page is drawn again, so what is typed is known at once.
 *
 * @returns {{ typed: { readonly current: string | null }, setDraft: (text: string | null) => void }} `typed` holds
 *   null while nothing is typed.
 */
export function useDraft() {
  const typed = useRef(/** @type {string | null} */ (null));
  const [, redraw] = useState(/** @type {string | null} */ (null));
  /** @param {string | null} text */
  const setDraft = (text) => {
    typed.current = text;
    redraw(text);
  };
  return { typed, setDraft };
}
