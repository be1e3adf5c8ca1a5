/**
 * Finding a node in the graph by its title, its type or its name.
 *
 * @import { Box, Editor } from "../interfaces.d.ts"
 */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { matching } from "../ui/matching.js";
import { say } from "../ui/texts.js";
import { canvas, goTo } from "./hands/focus.js";
import { readingOrder } from "./hands/neighbours.js";
import { nodeTitle } from "./labels.js";
import { OVERVIEW_ZOOM } from "./viewport.js";

/** @type {(box: Box) => string} */
const searched = (box) => `${nodeTitle(box)} ${box.type?.title ?? ""} ${box.id} ${box.entry.type}`;

/** @type {(editor: Editor) => Box[]} */
const boxesInOrder = ({ plane }) => {
  const boxes = plane.boxes.peek();
  return readingOrder(boxes).flatMap((id) => boxes.get(id) ?? []);
};

/** @param {{ editor: Editor, close: (node: string | null) => void }} props */
const Finder = ({ editor, close }) => {
  const id = useId();
  const list = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const found = matching(boxesInOrder(editor), query, searched);
  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active, query]);
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) setActive((active + step + found.length) % found.length);
    else if (event.key === "Enter" && !event.isComposing) close(found[active]?.id ?? null);
    else return;
    event.preventDefault();
  };
  /** @param {Event} event */
  const type = (event) => {
    setQuery(/** @type {HTMLInputElement} */ (event.currentTarget).value);
    setActive(0);
  };
  return html`
    <div class="finder" onKeyDown=${hear}>
      <input type="text" role="combobox" autofocus autocomplete="off" spellcheck=${false} value=${query}
        aria-label=${say("finder.label")} aria-expanded="true" aria-controls=${`${id}-list`}
        aria-activedescendant=${found[active] ? `${id}-${active}` : null} onInput=${type} />
      <p role="status">${say("finder.count", { count: found.length })}</p>
      <div role="listbox" id=${`${id}-list`} ref=${list} aria-label=${say(
        "finder.label",
      )} class="finder-list">
          ${found.map((box, index) =>
            html`
              <div key=${box.id} role="option" id=${`${id}-${index}`} class="palette-option"
                aria-selected=${String(index === active)} onPointerMove=${() =>
                  setActive(index)} onClick=${() => close(box.id)}>
                <span class="palette-text"><span class="palette-title">${nodeTitle(box)}</span><small>${box
                  .id}</small></span>
                <span class="palette-category">${box.type?.title ?? box.entry.type}</span>
              </div>
            `
          )}
        </div>
    </div>
  `;
};

/**
 * Asks for a node and goes to it.
 *
 * @param {Editor} editor
 */
export const findNode = async (editor) => {
  const node = await editor.ui.dialog({
    title: { id: "finder.title" },
    body: (/** @type {(node: string | null) => void} */ close) =>
      html`<${Finder} editor=${editor} close=${close} />`,
  });
  const bounds = node === null ? null : editor.plane.bounds([node]);
  if (node === null || bounds === null) return;
  // Whoever looked for a node wants to read it.
  if (editor.viewport.state.peek().zoom < OVERVIEW_ZOOM) editor.viewport.fit(bounds, { most: 1 });
  goTo(editor, node);
  canvas()?.focus({ preventScroll: true });
};
