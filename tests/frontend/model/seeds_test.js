import assert from "node:assert/strict";
import { advanceSeeds, drawSeed, seedMode, setSeedMode } from "../../../frontend/model/seeds.js";

/** @import { WorkflowDocument } from "../../../frontend/interfaces.d.ts" */

/** @param {Record<string, "random" | "step">} seeds @param {any} inputs @returns {WorkflowDocument} */
const documentWith = (seeds, inputs) => ({
  weft: 1,
  inputs: {},
  outputs: {},
  nodes: { noise: { type: "noise", version: 1, inputs } },
  view: { nodes: { noise: { at: [0, 0], seeds } }, frames: [], notes: [] },
});

Deno.test("a seed stays unless it is said how it changes", () => {
  const document = documentWith({}, { seed: 4 });

  assert.equal(seedMode(document, "noise.seed"), "fixed");
  assert.equal(advanceSeeds(document), null);
});

Deno.test("before a run a seed goes up by one or becomes any other", () => {
  const document = documentWith({ seed: "step", other: "random" }, { seed: 4, other: 5 });

  assert.deepEqual(advanceSeeds(document, undefined, () => 99), {
    op: "set-inputs",
    changes: [{ node: "noise", input: "seed", value: 5 }, { node: "noise", input: "other", value: 99 }],
  });
});

Deno.test("a seed without a value goes on from its default, and one that is linked is left alone", () => {
  const document = documentWith({ seed: "step", linked: "random" }, { linked: { from: "other.value" } });

  assert.deepEqual(advanceSeeds(document, (at) => at === "noise.seed" ? 41 : 0), {
    op: "set-inputs",
    changes: [{ node: "noise", input: "seed", value: 42 }],
  });
});

Deno.test("what is kept of a node that is gone changes nothing", () => {
  const document = { ...documentWith({ seed: "step" }, {}), nodes: {} };

  assert.equal(advanceSeeds(document, () => assert.fail()), null);
});

Deno.test("seeds go on beyond what a number can hold, and the largest is followed by the smallest", () => {
  const next = [Number.MAX_SAFE_INTEGER, 2n ** 62n, 2n ** 63n - 1n].map((seed) => {
    const op = advanceSeeds(documentWith({ seed: "step" }, { seed }));
    return op?.op === "set-inputs" && op.changes[0].value;
  });

  assert.deepEqual(next, [2n ** 53n, 2n ** 62n + 1n, 0]);
});

Deno.test("how a seed changes is kept with its node, and nothing is kept of one that stays", () => {
  const document = documentWith({ seed: "step" }, {});

  assert.deepEqual(setSeedMode(document, "noise.other", "random"), {
    op: "set-looks",
    looks: { noise: { seeds: { seed: "step", other: "random" } } },
  });
  assert.deepEqual(setSeedMode(document, "noise.seed", "fixed"), {
    op: "set-looks",
    looks: { noise: { seeds: null } },
  });
});

Deno.test("seeds that are drawn are whole numbers of 32 bits", () => {
  for (let times = 0; times < 100; times++) {
    const seed = drawSeed();
    assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
  }
});
