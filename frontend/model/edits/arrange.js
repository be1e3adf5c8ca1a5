/** Putting nodes in order on the plane. */

/** @import { Bounds, Box, Op, Point, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { LayoutNode } from "../layout.js" */
/** @import { FoundLink } from "../links.js" */
/** @typedef {"left" | "center" | "right" | "top" | "middle" | "bottom"} Edge */
/** @typedef {ReadonlyMap<string, Bounds>} Boxes */

import { linksOf } from "../links.js";
import { own } from "../records.js";
import { together } from "./outcome.js";

/** Where along its axis an edge is: 0 at the beginning, 1 at the end. */
const SHARES = { left: 0, center: 0.5, right: 1, top: 0, middle: 0.5, bottom: 1 };

/** @type {(box: Bounds, axis: "x" | "y") => { at: number, size: number }} */
const spanOf = (box, axis) => axis === "x" ? { at: box.x, size: box.width } : { at: box.y, size: box.height };

/**
 * Lists the boxes of nodes, less those that are pinned.
 *
 * @template {Bounds} B
 * @param {WorkflowDocument} document
 * @param {ReadonlyMap<string, B>} boxes
 * @param {Iterable<string>} ids
 * @returns {[string, B][]}
 */
const freeBoxes = (document, boxes, ids) =>
  [...ids].flatMap((id) => {
    const box = boxes.get(id);
    return box && !own(document.view.nodes, id)?.pinned ? [/** @type {[string, B]} */ ([id, box])] : [];
  });

/**
 * Moves nodes to places; those that are pinned stay.
 *
 * @param {WorkflowDocument} document
 * @param {ReadonlyMap<string, Point>} places
 * @returns {{ op: Op }}
 */
const moveTo = (document, places) => {
  const free = [...places].filter(([id]) => own(document.view.nodes, id)?.pinned !== true);
  return { op: { op: "set-looks", looks: Object.fromEntries(free.map(([id, at]) => [id, { at }])) } };
};

/**
 * Brings nodes to a common edge, or to the middle of all of them.
 *
 * @param {WorkflowDocument} document
 * @param {Boxes} boxes
 * @param {Iterable<string>} ids
 * @param {Edge} edge
 * @returns {{ op: Op }}
 */
export const align = (document, boxes, ids, edge) => {
  const axis = edge === "left" || edge === "center" || edge === "right" ? "x" : "y";
  const all = [...ids].flatMap((id) => boxes.get(id) ?? []).map((box) => spanOf(box, axis));
  const low = Math.min(...all.map(({ at }) => at));
  const high = Math.max(...all.map(({ at, size }) => at + size));
  const places = freeBoxes(document, boxes, ids).map(([id, box]) => {
    const at = low + (high - low - spanOf(box, axis).size) * SHARES[edge];
    return /** @type {[string, Point]} */ ([id, axis === "x" ? [at, box.y] : [box.x, at]]);
  });
  return moveTo(document, new Map(places));
};

/**
 * Makes the gaps between nodes equal; the outermost ones stay.
 *
 * @param {WorkflowDocument} document
 * @param {Boxes} boxes
 * @param {Iterable<string>} ids
 * @param {"x" | "y"} axis
 * @returns {{ op: Op }}
 */
export const distribute = (document, boxes, ids, axis) => {
  const spans = freeBoxes(document, boxes, ids).map(([id, box]) => ({ id, box, ...spanOf(box, axis) }));
  spans.sort((a, b) => a.at - b.at || a.size - b.size);
  const low = Math.min(...spans.map(({ at }) => at));
  const high = Math.max(...spans.map(({ at, size }) => at + size));
  const gap = (high - low - spans.reduce((sum, { size }) => sum + size, 0)) / Math.max(1, spans.length - 1);
  let next = low;
  const places = spans.map(({ id, box, size }) => {
    const at = next;
    next += size + gap;
    return /** @type {[string, Point]} */ ([id, axis === "x" ? [at, box.y] : [box.x, at]]);
  });
  return moveTo(document, new Map(places));
};

/**
 * Gives what a layout is computed from: nodes as they are drawn, less those that are pinned, and the links among them.
 *
 * @param {WorkflowDocument} document
 * @param {ReadonlyMap<string, Box>} boxes
 * @param {Iterable<string>} ids
 * @returns {{ nodes: LayoutNode[], links: FoundLink[] }}
 */
export const toLayOut = (document, boxes, ids) => {
  const free = freeBoxes(document, boxes, ids);
  const moved = new Set(free.map(([id]) => id));
  return {
    nodes: free.map(([id, { x, y, width, height, inputs, outputs }]) => ({
      id,
      width,
      height,
      inputs,
      outputs,
      at: [x, y],
    })),
    links: linksOf(document).filter(({ source, target }) => moved.has(source.node) && moved.has(target.node)),
  };
};

/**
 * Moves nodes to the places of a layout, and lets the wires between them run straight: points they were led through
 * would lead them astray.
 *
 * @param {WorkflowDocument} document It may have changed since the layout was asked for.
 * @param {ReadonlyMap<string, Point>} places
 * @returns {{ op: Op }}
 */
export const laidOut = (document, places) => {
  const there = new Map([...places].filter(([id]) => Object.hasOwn(document.nodes, id)));
  const led = linksOf(document).filter(({ key, source, target }) =>
    there.has(source.node) && there.has(target.node) && own(document.view.routes, key)
  );
  const straightened = Object.fromEntries(led.map(({ key }) => [key, null]));
  return { op: together(moveTo(document, there).op, { op: "set-routes", routes: straightened }) };
};
