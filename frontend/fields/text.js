/** Text, of one or several lines. */

/** @import { ControlProps } from "./field.js" */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { completions, learnedWords } from "../model/learned_words.js";
import { weigh } from "../model/prompt_weights.js";
import { html } from "../ui/html.js";
import { keysOf } from "../ui/keymap.js";
import { Popover } from "../ui/popover.js";
import { say } from "../ui/texts.js";
import { undoes } from "./undoing.js";

/** What is offered to go on with: where it begins, and which of it is marked. */
const NOTHING = { start: 0, found: /** @type {string[]} */ ([]), marked: 0 };

/**
 * Gives where the caret belongs after a text was changed elsewhere, as by undoing: behind what changed.
 *
 * @param {string} before
 * @param {string} after
 */
export function caretAfter(before, after) {
  let same = 0;
  while (same < Math.min(before.length, after.length) && before.at(-1 - same) === after.at(-1 - same)) same++;
  return after.length - same;
}

/**
 * Shows a text. In one of several lines, Ctrl with the arrow keys up and down changes the weight of the words that
 * are selected, and learned words are offered while they are typed. What is undone are changes of the document, as
 * everywhere else.
 *
 * @param {ControlProps} props
 */
export function TextField(props) {
  const { editor, id, label, at, widget, value, fallback, describedBy, isWrong, onChange } = props;
  const [offer, setOffer] = useState(NOTHING);
  const element = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const text = String(value ?? fallback ?? "");
  const known = useRef({ text, selection: /** @type {readonly [number, number] | null} */ (null) });
  useLayoutEffect(() => {
    const { text: before, selection } = known.current;
    known.current = { text, selection: null };
    // A browser puts the caret at the end of a text that it did not change itself.
    if (document.activeElement !== element.current || (before === text && !selection)) return;
    const caret = caretAfter(before, text);
    element.current?.setSelectionRange(...selection ?? [caret, caret]);
  }, [text]);

  /** @param {string} next @param {readonly [number, number] | null} [selection] */
  const change = (next, selection = null) => {
    known.current = { text: selection ? text : next, selection };
    onChange(next, { isTyping: true });
  };
  const hearInput = () => {
    const { value: now, selectionEnd } = /** @type {HTMLTextAreaElement} */ (element.current);
    change(now);
    if (at === undefined || widget?.multiline !== true) return;
    const words = learnedWords(editor.document.peek(), editor.catalog, at.slice(0, at.indexOf(".")));
    setOffer({ ...completions(now, selectionEnd, words), marked: 0 });
  };
  /** @param {string} word */
  const take = (word) => {
    const { value: now, selectionEnd } = /** @type {HTMLTextAreaElement} */ (element.current);
    const caret = offer.start + word.length;
    change(now.slice(0, offer.start) + word + now.slice(selectionEnd), [caret, caret]);
    setOffer(NOTHING);
  };
  /** @param {KeyboardEvent} event */
  const hearOffer = (event) => {
    const { found, marked } = offer;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (found.length === 0 || event.ctrlKey || event.metaKey) return false;
    if (event.key === "Enter" || event.key === "Tab") take(found[marked]);
    else if (step) setOffer({ ...offer, marked: (marked + step + found.length) % found.length });
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  /** @param {KeyboardEvent} event */
  const hearKey = (event) => {
    if (hearOffer(event)) return;
    const area = /** @type {HTMLTextAreaElement} */ (element.current);
    /** @type {Record<string, 1 | -1>} */
    const weights = { "Mod+ArrowUp": 1, "Mod+ArrowDown": -1 };
    const direction = widget?.multiline === true ? weights[keysOf(event) ?? ""] : undefined;
    if (undoes(editor, event) || direction === undefined) return;
    event.preventDefault();
    const { value: now, selectionStart, selectionEnd } = area;
    const weighed = weigh(now, selectionStart, selectionEnd, direction);
    if (weighed) change(weighed.text, [weighed.start, weighed.end]);
  };
  const common = {
    ref: element,
    id,
    value: text,
    placeholder: typeof widget?.placeholder === "string" ? widget.placeholder : "",
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": isWrong ? "true" : null,
    onInput: hearInput,
    onKeyDown: hearKey,
  };
  if (widget?.multiline !== true) return html`<input type="text" autocomplete="off" ...${common} />`;
  const isOpen = offer.found.length > 0;
  const list = `${id}-words`;
  return html`
    <textarea ...${common} rows="3" spellcheck=${false} aria-autocomplete="list" aria-controls=${isOpen
      ? list
      : null}
      aria-activedescendant=${isOpen ? `${list}-${offer.marked}` : null} onBlur=${() =>
        setOffer(NOTHING)}></textarea>
    ${isOpen && element.current && html`
      <${Popover} anchor=${element.current} class="picker-list" onClose=${() => setOffer(NOTHING)}>
        <div id=${list} role="listbox" aria-label=${say("field.words")}>
          ${offer.found.map((word, index) =>
            html`
              <div key=${word} id=${`${list}-${index}`} role="option" aria-selected=${String(
                index === offer.marked,
              )}
                data-marked=${index === offer.marked ? "" : null} onMouseDown=${(
                  /** @type {Event} */ event,
                ) => event.preventDefault()} onClick=${() => take(word)}>${word}</div>
            `
          )}
        </div>
        <//>
    `}
  `;
}
