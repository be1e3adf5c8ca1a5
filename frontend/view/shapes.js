/**
 * The layouts of nodes, each made once: nodes of a type with the same links and pictures look alike, and there are few
 * kinds of them even in a large graph.
 */

import { isLinked, layOut, NO_EXTRAS, nodeWidth } from "./metrics.js";

/** @import { InputValue, NodeEntry, NodeLook, NodeType } from "../interfaces.d.ts" */
/** @import { Extras, Layout } from "./metrics.js" */

/** @typedef {Layout & { mentioned: readonly string[] }} Shape */

/**
 * @typedef {object} Parts What the layout of a node follows from.
 * @property {NodeEntry} entry
 * @property {NodeLook} look
 * @property {NodeType | undefined} type
 * @property {readonly string[]} mentioned Outputs that links start from, as `withName` gives them.
 * @property {Extras} extras
 */

/** Layouts of a type that are kept: a width that is being dragged makes many that nobody needs again. */
const MOST = 256;

/** No names, which lists of names grow from. @type {readonly string[]} */
export const NO_NAMES = Object.freeze([]);

/** @type {WeakMap<readonly string[], Map<string, readonly string[]>>} */
const longer = new WeakMap();

/**
 * Adds a name to a list that has each once.
 * @param {readonly string[]} names One that grew from `NO_NAMES`.
 * @param {string} name
 * @returns {readonly string[]} The same list for the same names in the same order.
 */
export const withName = (names, name) => {
  if (names.includes(name)) return names;
  const known = longer.get(names) ?? new Map();
  if (known.size === 0) longer.set(names, known);
  const grown = known.get(name) ?? Object.freeze([...names, name]);
  known.set(name, grown);
  return grown;
};

/**
 * Gives what of a value decides how high its row is: whether it is linked, and what `fieldHeight` looks at.
 * @param {InputValue | undefined} value
 * @returns {string | number}
 */
const traceOf = (value) => {
  if (typeof value === "string") return value === "" ? "" : "s";
  if (value === null || value === undefined) return "-";
  if (isLinked(value)) return ">";
  return Array.isArray(value) ? value.length : "v";
};

/**
 * Names what decides the layout of a node, beside its type.
 * @param {Parts} parts
 */
const nameOf = ({ entry: { inputs }, look, mentioned, extras }) => {
  let name = `${nodeWidth(look)}${look.collapsed ? "c" : ""} ${mentioned.join("/")} `;
  for (const input of Object.keys(inputs)) name += `/${input}.${traceOf(inputs[input])}`;
  if (extras === NO_EXTRAS) return name;
  const { pictures, problems } = extras;
  return `${name} ${pictures ? `${pictures.count}:${pictures.ratio}` : ""} ${problems}`;
};

/**
 * Lays out a node.
 * @param {Parts} parts
 * @returns {Shape}
 */
const shapeOf = (parts) => ({ ...layOut(parts), mentioned: parts.mentioned });

/**
 * Makes what lays out nodes and remembers how.
 * @returns {(parts: Parts) => Shape}
 */
export const createShapes = () => {
  /** @type {WeakMap<NodeType, Map<string, Shape>>} */
  const types = new WeakMap();
  return (parts) => {
    const { type } = parts;
    if (type === undefined) return shapeOf(parts);
    const shapes = types.get(type) ?? new Map();
    if (shapes.size === 0) types.set(type, shapes);
    const name = nameOf(parts);
    const known = shapes.get(name);
    if (known) return known;
    if (shapes.size === MOST) shapes.clear();
    const shape = shapeOf(parts);
    shapes.set(name, shape);
    return shape;
  };
};
