/**
 * Which socket of a node type a given socket would be linked with, and how good a partner it is.
 *
 * @import { NodeType, SocketQuery } from "../interfaces.d.ts"
 * @import { Partner } from "./search.js"
 * @import { Rule, Supertypes } from "./types.js"
 */

import { fits, parseType } from "./types.js";

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

/** The need of an input that has a value already. */
const ENTERED = 3;
/** The need of an input that takes a few words only, which seldom come over a wire. */
const PICKED = 4;
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
      const rank = fit ? RANKS[fit.rule] : Infinity;
      ranks.set(text, rank);
      return rank;
    };

    return (type) => {
      const sockets = socket.side === "output" ? type.inputs.map(asked) : type.outputs.map(given);
      let best = null;
      for (const { name, text, need } of sockets) {
        const rank = rankOf(text) + (need === ENTERED ? 1 : 0) + (need === PICKED ? 2 : 0);
        if (rank < Infinity && (!best || need < best.need || (need === best.need && rank < best.rank))) {
          best = { socket: name, need, rank };
        }
      }
      return best && { socket: best.socket, rank: best.rank };
    };
  };
}

/**
 * Gives an input with how much it waits for a link: required ones most, those that are picked from words least.
 *
 * @param {NodeType["inputs"][number]} input
 */
function asked({ name, type, required, link_only, widget }) {
  const need = required ? (link_only ? 0 : 1) : link_only ? 2 : ENTERED;
  return { name, text: type, need: PICKERS.has(String(widget?.kind)) ? PICKED : need };
}

/**
 * @param {NodeType["outputs"][number]} output
 */
function given({ name, type }) {
  return { name, text: type, need: 0 };
}
