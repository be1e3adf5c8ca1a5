/** Learned words in prompts: which ones an encoder knows, and how one that is being typed goes on. */

/** @import { Catalog, WorkflowDocument } from "../interfaces.d.ts" */

import { linksOf } from "./links.js";

/** A word that is being typed, with or without what stands before learned words. */
const TYPED = /(?:embedding:)?[\p{L}\p{N}_/.-]*$/u;
const PREFIX = "embedding:";

/**
 * Lists the learned words that were added to what feeds a node.
 *
 * @param {WorkflowDocument} document
 * @param {Pick<Catalog, "get">} catalog
 * @param {string} node
 * @returns {string[]}
 */
export const learnedWords = (document, catalog, node) => {
  const found = new Set([node]);
  const links = linksOf(document);
  // The set grows while it is walked through, so that all that lies above is seen once.
  for (const id of found) {
    for (const { source, target } of links) if (target.node === id) found.add(source.node);
  }
  return [...found].flatMap((id) => {
    const { type, inputs } = document.nodes[id] ?? { type: "", inputs: {} };
    const file = catalog.get(type)?.inputs.find(({ widget }) => widget?.listing === "embedding");
    const name = inputs.word || (file && String(inputs[file.name] ?? "").replace(/\.safetensors$/, ""));
    return file && typeof name === "string" && name ? [name] : [];
  }).sort();
};

/**
 * Says how a text can go on at the caret.
 *
 * @param {string} text
 * @param {number} caret
 * @param {readonly string[]} words
 * @returns {{ start: number, found: string[] }} Where what is typed begins, and what may stand in its place.
 */
export const completions = (text, caret, words) => {
  const typed = TYPED.exec(text.slice(0, caret))?.[0] ?? "";
  const isMeant = typed.startsWith(PREFIX);
  const beginning = typed.slice(isMeant ? PREFIX.length : 0).toLowerCase();
  const found = words.filter((word) => word.toLowerCase().startsWith(beginning)).map((word) => PREFIX + word);
  const isOpen = isMeant || beginning.length > 1;
  return { start: caret - typed.length, found: isOpen ? found.filter((word) => word !== typed) : [] };
};
