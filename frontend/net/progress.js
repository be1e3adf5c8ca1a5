/** How far a run is, by what its nodes took when they last ran. */

/**
 * @import { NodeRuns } from "./node_runs.js"
 */

/** @typedef {{ done: number, secondsLeft: number | null }} Progress `done` goes from 0 to 1. */

/**
 * Says how far a run is.
 *
 * A node counts for as long as it took the last time. Where nothing is known of any, all count the same.
 *
 * @param {NodeRuns} run
 * @param {ReadonlyMap<string, number>} costs Seconds that nodes of the same workflow took, by their ids.
 * @returns {Progress}
 */
export const progressOf = (run, costs) => {
  const usual = meanOf(costs) ?? 1;
  let done = 0;
  let left = 0;
  let seconds = 0;
  let isKnown = costs.size > 0;
  /** @type {Set<string>} */
  const seen = new Set();
  for (const [id, part] of run.parts()) {
    seen.add(id);
    const cost = costs.get(id) ?? usual;
    if (part.state !== "running") {
      // What was found in the cache took no time, but is done.
      done += part.state === "cached" && costs.size ? 0 : cost;
      continue;
    }
    const share = part.total ? Math.min(1, (part.step ?? 0) / part.total) : 0;
    done += cost * share;
    left += cost * (1 - share);
    isKnown ||= part.secondsLeft !== undefined;
    seconds += part.secondsLeft ?? (costs.size ? cost * (1 - share) : 0);
  }
  const toCome = costsToCome(Math.max(0, run.total() - seen.size), seen, costs, usual);
  left += toCome;
  return {
    done: done + left > 0 ? done / (done + left) : run.total() ? 1 : 0,
    secondsLeft: isKnown ? seconds + (costs.size ? toCome : 0) : null,
  };
};

/**
 * @param {number} count How many nodes did not begin.
 * @param {ReadonlySet<string>} seen Those that did.
 * @param {ReadonlyMap<string, number>} costs
 * @param {number} usual
 */
const costsToCome = (count, seen, costs, usual) => {
  const known = [...costs].filter(([id]) => !seen.has(id)).map(([, cost]) => cost).slice(0, count);
  return known.reduce((sum, cost) => sum + cost, 0) + (count - known.length) * usual;
};

/** @param {ReadonlyMap<string, number>} costs */
const meanOf = (costs) => {
  if (!costs.size) return null;
  return [...costs.values()].reduce((sum, cost) => sum + cost, 0) / costs.size;
};

/** Remembers what nodes of workflows took when they last ran. */
export const createCosts = () => {
  /** @type {Map<string, Map<string, number>>} */
  const known = new Map();
  /** @param {string} name Of the workflow. @returns {Map<string, number>} */
  const of = (name) => known.get(name) ?? new Map();
  return {
    of,
    /** @param {string} name @param {NodeRuns} run */
    learn: (name, run) => {
      const costs = of(name);
      for (const [id, part] of run.parts()) if (part.state === "ran") costs.set(id, part.seconds ?? 0);
      known.set(name, costs);
    },
  };
};
