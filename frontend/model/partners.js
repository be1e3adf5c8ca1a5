/**
 * Which socket of a node type a given socket would be linked with, and how good a partner it is.
 *
 * @import { NodeType, SocketQuery } from "../interfaces.d.ts"
 * @import { Partner } from "./search.js"
 * @import { Rule, Supertypes } from "./types.js"
 */

import { fits, hasVariables, parseType } from "./types.js";

/** How far a rule is from a perfect fit: a node that takes anything is seldom the one that is looked for. */
const RANKS = /** @type {const} @satisfies {Record<Rule, number>} */ ({
  same: 0,
  subtype: 0,
  optional: 0,
  union: 0,
  "int-to-float": 1,
  wrap: 1,
  map: 2,
  variable: 3,
});

/** Widgets for a few words only, which seldom come over a wire. */
const PICKERS = new Set(["options", "choice", "model-file", "image-file", "color"]);

/**
 * Makes a function that finds the partner for a socket in each node type, null where it has none.
 *
 * @param {Supertypes} supertypes
 * @returns {(socket: SocketQuery) => (type: NodeType) => Partner | null}
 */
export function createPartners(supertypes) {
  return (socket) => {
    const own = parseType(socket.type);
    // Types repeat all over the catalogue: each is decided once per search.
    /** @type {Map<string, number>} */
    const ranks = new Map();

    /** @param {string} text */
    const rankOf = (text) => {
      const known = ranks.get(text);
      if (known !== undefined) return known;
      const other = parseType(text);
      const fit = socket.side === "output" ? fits(own, other, supertypes) : fits(other, own, supertypes);
      const rank = fit ? RANKS[hasVariables(other) ? "variable" : fit.rule] : Infinity;
      ranks.set(text, rank);
      return rank;
    };

    return (type) => {
      const sockets = socket.side === "output" ? type.inputs.map(asked) : type.outputs.map(given);
      let best = null;
      for (const { name, text, need, cost } of sockets) {
        const rank = rankOf(text) + cost;
        if (rank < Infinity && (!best || need < best.need || (need === best.need && rank < best.rank))) {
          best = { socket: name, need, rank };
        }
      }
      return best && { socket: best.socket, rank: best.rank };
    };
  };
}

/**
 * Gives an input with how much it waits for a link, 0 the most, and what it adds to the rank.
 *
 * @param {NodeType["inputs"][number]} input
 */
function asked({ name, type: text, required, link_only, widget }) {
  const kind = String(widget?.kind);
  if (PICKERS.has(kind)) return { name, text, need: 4, cost: 2 };
  if (required) return { name, text, need: link_only ? 0 : 1, cost: 0 };
  if (link_only) return { name, text, need: 2, cost: 0 };
  // Texts are made by other nodes; numbers are mostly typed.
  return { name, text, need: 3, cost: kind === "text" ? 0 : 1 };
}

/**
 * @param {NodeType["outputs"][number]} output
 */
function given({ name, type: text }) {
  return { name, text, need: 0, cost: 0 };
}
