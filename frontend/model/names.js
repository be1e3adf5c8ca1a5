/** Names for new things: of nodes, of a workflow's inputs and outputs, of frames. */

/**
 * Gives a name that is not taken: the wanted one, or with the lowest number from 2 behind it that is free.
 *
 * @param {{ has(name: string): boolean }} taken
 * @param {string} wanted Characters that a name cannot have become `_`.
 */
export const freshName = (taken, wanted) => {
  const name = wanted.trim().replace(/[./\s]+/g, "_") || "node";
  if (!taken.has(name)) return name;
  const [, stem] = /^(.*?)(?:_\d+)?$/.exec(name) ?? [];
  const base = stem || name;
  for (let number = 2;; number++) if (!taken.has(`${base}_${number}`)) return `${base}_${number}`;
};

/**
 * Gives the name that a node of a type would like: `sample` for `latent.sample`, `checkpoint` for `checkpoint.load`.
 *
 * @param {string} type
 */
export const nameForType = (type) => {
  if (type.startsWith("workflow:")) return type.slice("workflow:".length);
  const [area, verb = area] = type.slice(type.indexOf(":") + 1).split(".");
  // Every area has a `load`; what it loads says more.
  return verb === "load" ? area : verb;
};

/**
 * Makes the keys of a record answer what `freshName` asks.
 *
 * @param {Readonly<Record<string, unknown>>} record
 * @returns {Set<string>}
 */
export const namesIn = (record) => new Set(Object.keys(record));
