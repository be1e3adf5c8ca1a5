/**
 * The search for nodes: at a place, for a socket, for a wire, or for nodes that are to be replaced.
 *
 * @import { Catalog, Editor, NodeType, PaletteRequest, SearchHit, SocketQuery } from "../interfaces.d.ts"
 */

import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { readDocstring } from "../panels/docstring.js";
import { html } from "../ui/html.js";
import { Markdown } from "../ui/markdown.js";
import { Popover } from "../ui/popover.js";
import { say } from "../ui/texts.js";
import { placeFound } from "./hands/edits.js";
import { canvas } from "./hands/focus.js";
import { typeColor } from "./ink.js";
import { socketLabel } from "./labels.js";

/** More than anybody reads; whoever looks for something types another letter. */
const MOST_HITS = 200;

/** A page up or down in the list. */
const PAGE = 8;

/** @type {(editor: Editor, request: PaletteRequest) => SocketQuery | undefined} */
const queryOf = ({ plane }, { from, wire }) => {
  const socket = from ?? plane.wires.peek().find(({ key }) => key === wire)?.source;
  const type = socket && plane.socketType(socket);
  return socket && type ? { side: socket.side, type } : undefined;
};

/** @type {(editor: Editor, request: PaletteRequest) => (hit: SearchHit) => boolean} */
const filterOf = ({ plane, catalog }, { wire }) => {
  const target = plane.wires.peek().find(({ key }) => key === wire)?.target;
  const type = target && plane.socketType(target);
  // What is put into a wire must also give what its other end takes.
  return type
    ? ({ type: { outputs } }) => outputs.some((output) => catalog.fits(output.type, type).fits)
    : () => true;
};

/** @type {(editor: Editor, request: PaletteRequest, query: string) => SearchHit[]} */
const find = (editor, request, query) => {
  const isWide = request.wire !== undefined;
  const hits = editor.catalog.search(query, {
    socket: queryOf(editor, request),
    limit: isWide ? undefined : MOST_HITS,
  });
  return hits.filter(filterOf(editor, request)).slice(0, MOST_HITS);
};

/** @param {{ text: string, marks: readonly number[] }} props */
const Marked = ({ text, marks }) => {
  const marked = new Set(marks);
  return html`<span class="palette-title">${
    [...text].map((letter, index) => marked.has(index) ? html`<mark>${letter}</mark>` : letter)
  }</span>`;
};

/** @param {{ catalog: Catalog, types: readonly string[] }} props */
const Dots = ({ catalog, types }) =>
  html`<span class="palette-dots">${
    [...new Set(types)].slice(0, 5).map((type) =>
      html`<span class="palette-dot" style=${{ background: typeColor(catalog, type) }} />`
    )
  }</span>`;

/** @param {{ catalog: Catalog, sockets: readonly { name: string, type: string, doc: string }[], title: string }} props */
const Sockets = ({ catalog, sockets, title }) =>
  sockets.length > 0 && html`
    <h4>${title}</h4>
    <dl>${sockets.map(({ name, type, doc }) =>
      html`
        <dt><span class="palette-dot" style=${{ background: typeColor(catalog, type) }} />${socketLabel(
          name,
        )} <code>${type}</code></dt>
        <dd>${doc}</dd>
      `
    )}</dl>
  `;

/** @param {{ catalog: Catalog, type: NodeType }} props */
const Docs = ({ catalog, type }) =>
  html`
    <aside class="palette-docs" aria-label=${say("palette.docs")} tabindex="-1">
      <h3>${type.title}</h3>
      <p class="palette-name"><code>${type.type}</code></p>
      <${Markdown} text=${readDocstring(type.doc || type.summary).text} />
      <${Sockets} catalog=${catalog} sockets=${type.inputs} title=${say("palette.inputs")} />
      <${Sockets} catalog=${catalog} sockets=${type.outputs} title=${say("palette.outputs")} />
    </aside>
  `;

/**
 * @param {{ catalog: Catalog, hit: SearchHit, id: string, isActive: boolean, onActive: () => void, onChoose: () => void }} props
 */
const Option = ({ catalog, hit: { type, marks }, id, isActive, onActive, onChoose }) =>
  html`
    <div role="option" id=${id} class="palette-option" aria-selected=${String(isActive)}
      onPointerMove=${onActive} onClick=${onChoose}>
      <${Dots} catalog=${catalog} types=${type.inputs.map((input) => input.type)} />
      <span
        class="palette-text"><${Marked} text=${type.title} marks=${marks} /><small>${type
          .summary}</small></span>
      <span class="palette-category">${type.category}</span>
      <${Dots} catalog=${catalog} types=${type.outputs.map((output) => output.type)} />
    </div>
  `;

/** Where a key leads in a list; null for keys that are not about it. @type {(key: string, now: number, count: number) => number | null} */
const indexAfter = (key, now, count) => {
  if (count === 0) return null;
  if (key === "ArrowDown") return (now + 1) % count;
  if (key === "ArrowUp") return (now + count - 1) % count;
  if (key === "PageDown") return Math.min(count - 1, now + PAGE);
  return key === "PageUp" ? Math.max(0, now - PAGE) : null;
};

/** @type {(request: PaletteRequest) => string} */
const labelOf = ({ from, wire, replace }) => {
  if (replace !== undefined) return say("palette.label.replace");
  if (wire !== undefined) return say("palette.label.wire");
  return from === undefined
    ? say("palette.label")
    : say("palette.label.socket", { socket: socketLabel(from.name) });
};

/**
 * What is searched and found, and what keys and clicks do to it.
 *
 * @param {Editor} editor
 * @param {PaletteRequest} request
 */
const useSearch = (editor, request) => {
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const hits = useMemo(() => find(editor, request, query), [editor, request, query]);
  /** @param {SearchHit | undefined} chosen */
  const choose = (chosen) => {
    if (chosen === undefined) return;
    closePalette(editor);
    placeFound(editor, request, chosen);
  };
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    const next = indexAfter(event.key, active, hits.length);
    if (next !== null) setActive(next);
    else if (event.key === "Enter" && !event.isComposing) choose(hits[active]);
    else if (event.key === "Escape") closePalette(editor);
    else return;
    event.preventDefault();
  };
  /** @param {Event} event */
  const type = (event) => {
    setQuery(/** @type {HTMLInputElement} */ (event.currentTarget).value);
    setActive(0);
  };
  return { query, active, hits, setActive, choose, hear, type };
};

/** @param {{ editor: Editor, request: PaletteRequest }} props */
const Search = ({ editor, request }) => {
  const id = useId();
  const list = useRef(/** @type {HTMLDivElement | null} */ (null));
  const { query, active, hits, setActive, choose, hear, type } = useSearch(editor, request);
  const hit = hits[active];
  const optionId = (/** @type {number} */ index) => `${id}-${index}`;
  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active, hits]);
  const close = () => closePalette(editor);
  return html`
    <${Popover} anchor=${request.client} onClose=${close} class="palette" role="dialog"
      label=${labelOf(request)} onKeyDown=${hear}>
      <div class="palette-search">
        <input type="text" role="combobox" autofocus autocomplete="off" spellcheck=${false} value=${query}
          placeholder=${labelOf(request)} aria-label=${labelOf(request)} aria-expanded="true"
          aria-controls=${`${id}-list`} aria-activedescendant=${hit
            ? optionId(active)
            : null} onInput=${type} />
        <p class="palette-count" role="status">${say("palette.count", { count: hits.length })}</p>
      </div>
      <div class="palette-body">
          <div role="listbox" id=${`${id}-list`} ref=${list} class="palette-list" aria-label=${labelOf(
            request,
          )}>
            ${hits.map((one, index) =>
              html`
                <${Option} key=${one.type.type} catalog=${editor.catalog} hit=${one} id=${optionId(index)}
                  isActive=${index === active} onActive=${() => setActive(index)} onChoose=${() =>
                    choose(one)} />
              `
            )}
          </div>
          ${hit && html`<${Docs} catalog=${editor.catalog} type=${hit.type} />`}
        </div>
      <//>
  `;
};

/** Ends the search, and the link that was drawn to it. @param {Editor} editor */
const closePalette = (editor) => {
  editor.palette.value = null;
  if (editor.gesture.peek().kind === "link") editor.gesture.value = { kind: "none" };
  canvas()?.focus({ preventScroll: true });
};

/**
 * The search for nodes, shown where somebody asked for it.
 *
 * @param {{ editor: Editor }} props
 */
export const Palette = ({ editor }) => {
  const request = editor.palette.value;
  return request && html`<${Search} key=${request.client.join()} editor=${editor} request=${request} />`;
};
