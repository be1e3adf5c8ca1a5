/** Seeds that change from run to run. How one does is kept with the look of its node, for it changes no result. */

/** @import { Op, WorkflowDocument } from "../interfaces.d.ts" */

/** @typedef {"fixed" | "random" | "step"} SeedMode */

/** The largest seed; the generators of the server take no larger one. */
const LARGEST = 2n ** 63n - 1n;

/** Draws a seed of 32 bits: short enough to be read and typed. */
export const drawSeed = () => crypto.getRandomValues(new Uint32Array(1))[0];

/**
 * Tells how a seed changes before each run.
 *
 * @param {WorkflowDocument} document
 * @param {string} at The input, as `node.input`.
 * @returns {SeedMode}
 */
export function seedMode(document, at) {
  const { node, input } = parts(at);
  return document.view.nodes[node]?.seeds?.[input] ?? "fixed";
}

/**
 * Changes how a seed changes.
 *
 * @param {WorkflowDocument} document
 * @param {string} at
 * @param {SeedMode} mode
 * @returns {Op}
 */
export function setSeedMode(document, at, mode) {
  const { node, input } = parts(at);
  const { [input]: _, ...others } = document.view.nodes[node]?.seeds ?? {};
  const seeds = mode === "fixed" ? others : { ...others, [input]: mode };
  return { op: "set-looks", looks: { [node]: { seeds: Object.keys(seeds).length > 0 ? seeds : null } } };
}

/**
 * Gives the change that is made before a run, so that the seeds that are shown are those of the picture.
 *
 * @param {WorkflowDocument} document
 * @param {(at: string) => number} [usual] The default of a seed that has no value.
 * @param {() => number} [draw]
 * @returns {Op | null} null where every seed stays.
 */
export function advanceSeeds(document, usual = () => 0, draw = drawSeed) {
  const changes = Object.entries(document.view.nodes).flatMap(([node, { seeds = {} }]) =>
    Object.entries(seeds).flatMap(([input, mode]) => {
      const entry = document.nodes[node];
      const now = entry && (entry.inputs[input] ?? usual(`${node}.${input}`));
      // A seed that another node gives is not this one's to change.
      if (typeof now !== "number" && typeof now !== "bigint") return [];
      return [{ node, input, value: mode === "random" ? draw() : after(now) }];
    })
  );
  return changes.length > 0 ? { op: "set-inputs", changes } : null;
}

/**
 * Gives the seed after one: behind the largest, the smallest.
 *
 * @param {number | bigint} seed A BigInt where it is too large for a number.
 */
function after(seed) {
  if (typeof seed === "bigint") return seed < LARGEST ? seed + 1n : 0;
  return seed < Number.MAX_SAFE_INTEGER ? seed + 1 : BigInt(seed) + 1n;
}

/** @param {string} at */
function parts(at) {
  const dot = at.indexOf(".");
  return { node: at.slice(0, dot), input: at.slice(dot + 1) };
}
