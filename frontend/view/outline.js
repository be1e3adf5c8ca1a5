/**
 * The graph as a tree that can be read and walked: each node with what feeds it and what it feeds. For screen
 * readers, for the keyboard, and for windows too small for a canvas.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { linksOf } from "../model/links.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { nodeTitle, socketLabel } from "./labels.js";

/**
 * @import { Box, Editor, WorkflowDocument } from "../interfaces.d.ts"
 */

/**
 * @typedef {object} OutlineRow
 * @property {string} key
 * @property {1 | 2} level
 * @property {string} node The node it leads to.
 * @property {string} text
 */

/** Rows before and after the one in hand that are on the page. */
const AROUND = 60;

/** The order of nodes that did not change, as they do not when something is only moved. @type {WeakMap<object, string[]>} */
const orders = new WeakMap();

/**
 * Orders the nodes of a document such that each comes after what feeds it.
 * @param {WorkflowDocument} document
 * @returns {string[]} Nodes in a circle, which no run accepts, come last.
 */
export const flowOrder = (document) => {
  const order = orders.get(document.nodes) ?? sorted(document);
  orders.set(document.nodes, order);
  return order;
};

/** @param {WorkflowDocument} document */
const sorted = (document) => {
  const ids = Object.keys(document.nodes);
  /** @type {Map<string, number>} */
  const waits = new Map(ids.map((id) => [id, 0]));
  /** @type {Map<string, string[]>} */
  const feeds = new Map(ids.map((id) => [id, []]));
  for (const { source, target } of linksOf(document)) {
    if (!waits.has(source.node) || !waits.has(target.node)) continue;
    waits.set(target.node, (waits.get(target.node) ?? 0) + 1);
    feeds.get(source.node)?.push(target.node);
  }
  const order = ids.filter((id) => waits.get(id) === 0);
  for (let index = 0; index < order.length; index++) {
    for (const next of feeds.get(order[index]) ?? []) {
      const left = (waits.get(next) ?? 0) - 1;
      waits.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  const done = new Set(order);
  return [...order, ...ids.filter((id) => !done.has(id))];
};

/**
 * Writes the links of a node.
 * @param {WorkflowDocument} document
 * @param {ReadonlyMap<string, Box>} boxes
 * @param {string} id
 * @returns {OutlineRow[]}
 */
const linkRows = (document, boxes, id) => {
  /** @param {string} node */
  const title = (node) => {
    const box = boxes.get(node);
    return box ? nodeTitle(box) : node;
  };
  return linksOf(document).filter(({ source, target }) => source.node === id || target.node === id).map(
    ({ key, source, target }) => {
      const isInput = target.node === id;
      const other = isInput ? source.node : target.node;
      const gaps = {
        input: socketLabel(target.input),
        output: socketLabel(source.output),
        node: title(other),
      };
      return {
        key: `${id}/${key}`,
        level: 2,
        node: other,
        text: say(isInput ? "outline.from" : "outline.to", gaps),
      };
    },
  );
};

/**
 * Gives the rows of the tree.
 * @param {WorkflowDocument} document
 * @param {ReadonlyMap<string, Box>} boxes
 * @param {ReadonlySet<string>} open Nodes whose links are shown.
 * @returns {OutlineRow[]}
 */
export const outlineRows = (document, boxes, open) =>
  flowOrder(document).flatMap((id) => {
    const box = boxes.get(id);
    /** @type {OutlineRow} */
    const row = { key: id, level: 1, node: id, text: box ? nodeTitle(box) : id };
    return open.has(id) ? [row, ...linkRows(document, boxes, id)] : [row];
  });

/**
 * Gives the row that a key leads to.
 * @param {string} key
 * @param {number} at
 * @param {number} count
 * @returns {number | null} Null for a key that leads nowhere.
 */
export const walk = (key, at, count) => {
  switch (key) {
    case "ArrowDown":
      return Math.min(count - 1, at + 1);
    case "ArrowUp":
      return Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
};

/**
 * Goes to a node: selects it and brings it into sight.
 * @param {Editor} editor
 * @param {string} node
 */
const goTo = ({ plane, selection, viewport }, node) => {
  selection.peek().set({ nodes: [node] });
  const bounds = plane.bounds([node]);
  if (bounds) viewport.reveal(bounds);
};

/**
 * Shows the tree.
 * @param {{ editor: Editor }} props
 */
export const Outline = ({ editor }) => {
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const tree = useRef(/** @type {HTMLElement | null} */ (null));
  const rows = outlineRows(editor.document.value, editor.plane.boxes.value, open);
  const selected = editor.selection.value.nodes.value;
  const active = Math.min(at, rows.length - 1);
  useEffect(() => {
    // Only who is in the tree already is moved within it.
    if (!tree.current?.contains(document.activeElement)) return;
    /** @type {HTMLElement | null} */ (tree.current.querySelector("[tabindex='0']"))?.focus();
  }, [active]);

  /** @param {string} id @param {boolean} isOpen */
  const fold = (id, isOpen) =>
    setOpen(new Set(isOpen ? [...open, id] : [...open].filter((other) => other !== id)));
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    const row = rows[active];
    const next = walk(event.key, active, rows.length);
    if (next !== null) setAt(next);
    else if (event.key === "ArrowRight" && row?.level === 1) fold(row.node, true);
    else if (event.key === "ArrowLeft" && row?.level === 1) fold(row.node, false);
    else if ((event.key === "Enter" || event.key === " ") && row) goTo(editor, row.node);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (rows.length === 0) return html`<p class="outline-empty">${say("outline.empty")}</p>`;
  const from = Math.max(0, active - AROUND);
  return html`<ul class="outline" role="tree" aria-label=${
    say("outline.title")
  } ref=${tree} onKeyDown=${hear}>
    ${
    rows.slice(from, active + AROUND).map((row, offset) => {
      const choose = () => {
        setAt(from + offset);
        goTo(editor, row.node);
      };
      return html`
        <li role="treeitem" key=${row.key} aria-level=${row.level} onClick=${choose}
          aria-setsize=${rows.length} aria-posinset=${from + offset + 1}
          tabindex=${from + offset === active ? 0 : -1}
          aria-selected=${row.level === 1 && selected.has(row.node)}
          aria-expanded=${row.level === 1 ? open.has(row.node) : null}>${row.text}</li>
      `;
    })
  }
  </ul>`;
};
