/** Random documents and ops from a seed, for tests of what holds for all of them. */

/** @import { NodeEntry, Op, Point, WorkflowDocument } from "../../../frontend/interfaces.d.ts" */

import { normalize } from "../../../frontend/model/document.js";
import { linksOf } from "../../../frontend/model/links.js";

/** @typedef {ReturnType<typeof createChance>} Chance */

const INPUTS = ["a", "b", "list", "text"];

/**
 * Makes a generator of random numbers (mulberry32).
 *
 * @param {number} seed
 */
export const createChance = (seed) => {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** @param {number} count */
  const below = (count) => Math.floor(next() * count);
  return {
    below,
    /** @type {<T>(items: readonly T[]) => T} */
    pick: (items) => items[below(items.length)],
    /** @type {<T>(items: readonly T[]) => T[]} */
    some: (items) => items.filter(() => next() < 0.3),
    /** @returns {Point} */
    point: () => [below(1000), below(1000)],
  };
};

/** @type {(chance: Chance, ids: readonly string[]) => any} */
const randomValue = (chance, ids) => {
  const link = () => ({
    from: `${ids.length ? chance.pick([...ids, "nowhere"]) : "nowhere"}.${chance.pick(["x", "y"])}`,
  });
  return chance.pick([
    () => link(),
    () => link(),
    () => [link(), chance.below(9), link()],
    () => [link(), link()],
    () => chance.below(3),
    () => ({ from: 1 }),
    () => "text",
    () => null,
  ])();
};

/** @type {(chance: Chance, ids: readonly string[]) => NodeEntry} */
const randomNode = (chance, ids) => ({
  type: chance.pick(["toy.one", "toy.two"]),
  version: 1 + chance.below(2),
  inputs: Object.fromEntries(chance.some(INPUTS).map((input) => [input, randomValue(chance, ids)])),
  .../** @type {{}} */ (chance.pick([{}, {}, { mode: "off" }, { mode: "bypass" }, { zip: [["a", "b"]] }])),
});

/** @type {(chance: Chance, ids: readonly string[]) => { inputs: any, outputs: any }} */
const randomSignature = (chance, ids) => ({
  inputs: Object.fromEntries(
    chance.some(["one", "two", "three"]).map((
      name,
    ) => [name, { to: [`${chance.pick(ids)}.a`, `${chance.pick(ids)}.b`] }]),
  ),
  outputs: Object.fromEntries(
    chance.some(["first", "second"]).map((name) => [name, { from: `${chance.pick(ids)}.x` }]),
  ),
});

/** @type {(chance: Chance, document: WorkflowDocument) => Record<string, Point[]>} */
const randomRoutes = (chance, document) =>
  Object.fromEntries(chance.some(linksOf(document)).map(({ key }) => [key, [chance.point()]]));

/**
 * Makes a document with up to a dozen nodes, some of whose links lead nowhere.
 *
 * @param {Chance} chance
 * @returns {WorkflowDocument}
 */
export const randomDocument = (chance) => {
  const ids = Array.from({ length: 1 + chance.below(12) }, (_, index) => `node_${index}`);
  const nodes = Object.fromEntries(ids.map((id) => [id, randomNode(chance, ids)]));
  const looks = Object.fromEntries(ids.map((id) => [id, { at: chance.point() }]));
  const document = normalize({ weft: 1, nodes, ...randomSignature(chance, ids), view: { nodes: looks } });
  return normalize({ ...document, view: { ...document.view, routes: randomRoutes(chance, document) } });
};

/** @type {Record<string, (chance: Chance, document: WorkflowDocument, ids: string[]) => Op>} */
const makers = {
  add: (chance, document, ids) => {
    const added = ["new_1", "new_2", "nowhere"].filter((id) => !ids.includes(id));
    return {
      op: "add-nodes",
      nodes: Object.fromEntries(added.map((id) => [id, randomNode(chance, [...ids, ...added])])),
      looks: Object.fromEntries(added.map((id) => [id, { at: chance.point() }])),
      positions: added.length ? { [added[0]]: chance.below(Object.keys(document.nodes).length) } : {},
    };
  },
  remove: (chance, _, ids) => ({ op: "remove-nodes", nodes: chance.some(ids) }),
  rename: (chance, _, ids) => ({
    op: "rename-node",
    node: chance.pick(ids),
    name: ids.includes("nowhere") ? `renamed_${chance.below(1e9)}` : "nowhere",
  }),
  inputs: (chance, _, ids) => ({
    op: "set-inputs",
    changes: [1, 2, 3].map(() => ({
      node: chance.pick(ids),
      input: chance.pick(INPUTS),
      value: chance.pick([undefined, ...[1, 2, 3].map(() => randomValue(chance, ids))]),
    })),
  }),
  node: (chance, _, ids) => ({
    op: "set-node",
    node: chance.pick(ids),
    fields: chance.pick([{ mode: "off" }, { mode: null }, { type: "toy.three", version: 3 }, { zip: null }]),
  }),
  looks: (chance, _, ids) => ({
    op: "set-looks",
    looks: Object.fromEntries(
      chance.some(ids).map((
        id,
      ) => [id, chance.pick([{ at: chance.point() }, { title: "t" }, { title: null }])]),
    ),
  }),
  frames: (chance) => ({
    op: "set-frames",
    frames: [{ id: "f", at: chance.point(), size: chance.point(), title: "" }],
  }),
  routes: (chance, document) => ({
    op: "set-routes",
    routes: Object.fromEntries(
      chance.some(linksOf(document)).map(({ key }) => [key, chance.pick([null, [chance.point()]])]),
    ),
  }),
  signature: (chance, _, ids) => ({ op: "set-signature", ...randomSignature(chance, ids) }),
  words: (chance) => ({ op: "set-words", title: chance.pick(["", "Title"]), description: "What it is." }),
  workflows: (chance) => ({
    op: "set-workflows",
    workflows: { inner: chance.pick([null, normalize({ weft: 1 })]) },
  }),
};

/**
 * Makes an op that suits a document.
 *
 * @param {Chance} chance
 * @param {WorkflowDocument} document
 * @returns {Op}
 */
export const randomOp = (chance, document) => {
  const ids = Object.keys(document.nodes);
  const kinds = ids.length ? Object.keys(makers) : ["add", "words"];
  return makers[chance.pick(kinds)](chance, document, ids);
};

/**
 * Freezes a value with all its parts, so that whatever changes it in place fails.
 *
 * @template T
 * @param {T} value
 * @returns {T}
 */
export const frozen = (value) => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
};
