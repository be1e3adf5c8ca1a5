/**
 * Node types to put in between where no rule lets an output feed an input.
 *
 * For plain types these are the server's `converters` in its order; type variables and lists are tried behind them,
 * so that a list of lists is offered the node that takes an item out.
 *
 * @import { Conversion, NodeType } from "../interfaces.d.ts"
 * @import { SocketType, Supertypes } from "./types.js"
 */

import { fits, fitsDirectly, hasVariables, listOf, parseType, substitute } from "./types.js";

/** So many are offered. */
const MOST = 5;

/**
 * Finds what converts one type into another.
 *
 * @param {SocketType} source What is there.
 * @param {SocketType} target What is needed.
 * @param {Iterable<NodeType>} types
 * @param {Supertypes} supertypes
 * @returns {Conversion[]} Those first that convert without lists and ask for the fewest other things.
 */
export function conversions(source, target, types, supertypes) {
  const found = [];
  for (const type of types) {
    const through = strictly(type, source, target, supertypes) ?? loosely(type, source, target, supertypes);
    if (through) found.push({ ...through, asks: type.inputs.filter((input) => input.required).length });
  }
  found.sort((a, b) => a.rank - b.rank || a.asks - b.asks || (a.type < b.type ? -1 : 1));
  return found.slice(0, MOST).map(({ type, input, output }) => ({ type, input, output }));
}

/**
 * Applies the server's rule: a required input takes the source and an output gives the target, as they stand.
 *
 * @param {NodeType} type
 * @param {SocketType} source
 * @param {SocketType} target
 * @param {Supertypes} supertypes
 */
function strictly({ type, inputs, outputs }, source, target, supertypes) {
  const fixed = (/** @type {{ type: string }} */ socket) => !hasVariables(parseType(socket.type));
  const input = inputs.find((one) =>
    one.required && fixed(one) && fitsDirectly(source, parseType(one.type), supertypes)
  );
  const output = input &&
    outputs.find((one) => fixed(one) && fitsDirectly(parseType(one.type), target, supertypes));
  return output ? { type, input: input.name, output: output.name, rank: 0 } : null;
}

/**
 * Applies all rules but wrapping, of which nothing comes but the length of a list of one. A list that is mapped over
 * comes out as a list; of what is no list, none is made.
 *
 * @param {NodeType} type
 * @param {SocketType} source
 * @param {SocketType} target
 * @param {Supertypes} supertypes
 */
function loosely({ type, inputs, outputs }, source, target, supertypes) {
  for (const input of inputs.filter((one) => one.required)) {
    const taken = fits(source, parseType(input.type), supertypes);
    if (!taken || taken.rule === "wrap") continue;
    const output = outputs.find((one) => {
      const given = substitute(parseType(one.type), taken.bindings);
      const fit = fits(taken.rule === "map" ? listOf(given) : given, target, supertypes);
      return fit && (fit.rule !== "map" || source.kind === "list");
    });
    if (output) return { type, input: input.name, output: output.name, rank: 1 };
  }
  return null;
}
