/** The inputs that a batch can vary, and the values they take. No DOM. */

import { linksIn } from "../model/links.js";
import { typeIn } from "../model/sockets.js";

/** @import { InputValue, JSONValue, WorkflowDocument } from "../interfaces.d.ts" */
/** @import { Installed } from "../model/sockets.js" */

/**
 * @typedef {object} Varying An input that takes values.
 * @property {string} socket `node.input`
 * @property {string} node
 * @property {string} name
 * @property {string} type
 * @property {boolean} isSeed
 * @property {InputValue | undefined} value What it has now.
 */

/** Types of which a line of text is a value. */
const WRITTEN = new Set(["int", "float", "string", "bool"]);
const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/**
 * Lists the inputs that can be varied: those that take numbers, words or texts, and have no link.
 *
 * @param {WorkflowDocument} document
 * @param {Installed} catalog
 * @returns {Varying[]}
 */
export const varying = (document, catalog) =>
  Object.entries(document.nodes).flatMap(([node, { type, inputs, mode }]) => {
    if (mode) return [];
    const found = typeIn(document, catalog, type)?.inputs ?? [];
    return found
      .filter((input) =>
        !input.link_only && WRITTEN.has(input.type) && linksIn(inputs[input.name]).length === 0
      )
      .map((input) => ({
        socket: `${node}.${input.name}`,
        node,
        name: input.name,
        type: input.type,
        isSeed: input.widget?.kind === "seed",
        value: inputs[input.name] ?? input.default,
      }));
  });

/**
 * Counts seeds up from one.
 *
 * @param {InputValue | undefined} first
 * @param {number} count
 * @returns {number[]}
 */
export const seedsFrom = (first, count) => {
  const start = typeof first === "number" ? Math.min(first, LARGEST_SEED - count) : 0;
  return Array.from({ length: count }, (_, at) => start + at);
};

/**
 * Reads values, one of each line that is not empty.
 *
 * @param {string} text
 * @param {string} type
 * @returns {{ values?: JSONValue[], unreadable?: number }} `unreadable` is the number of the first line that is none.
 */
export const readValues = (text, type) => {
  const lines = text.split("\n").map((line) => line.trim());
  const values = lines.map((line) => line === "" ? undefined : valueOf(line, type));
  const unreadable = values.indexOf(null);
  if (unreadable >= 0) return { unreadable: unreadable + 1 };
  return { values: values.filter((value) => value !== undefined && value !== null) };
};

/** @type {(line: string, type: string) => string | number | boolean | null} */
const valueOf = (line, type) => {
  if (type === "string") return line;
  if (type === "bool") return line === "true" ? true : line === "false" ? false : null;
  const number = Number(line);
  return Number.isFinite(number) && (type === "float" || Number.isInteger(number)) ? number : null;
};
