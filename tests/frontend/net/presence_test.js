import assert from "node:assert/strict";

import { claimSession } from "../../../frontend/net/presence.js";

const KEY = "weft.session";

/** @param {string} [kept] A session that was kept. */
const storageWith = (kept) => {
  const items = new Map(kept ? [[KEY, kept]] : []);
  return {
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void items.set(key, value),
  };
};

for (const [how, locks] of /** @type {const} */ ([["locks", navigator.locks], ["answers", null]])) {
  Deno.test(`by ${how}: a page gets a session of its own and sees those of others`, async () => {
    const storage = storageWith();

    const first = await claimSession({ locks, storage });
    const second = await claimSession({ locks, storage: storageWith() });

    assert.notEqual(first.id, second.id);
    assert.ok(first.alive.has(first.id) && second.alive.has(first.id) && second.alive.has(second.id));
    assert.equal(storage.getItem(KEY), first.id);
  });

  Deno.test(`by ${how}: a page that is loaded again has its session back`, async () => {
    const { id, isNew } = await claimSession({ locks, storage: storageWith(`before-${how}`) });

    assert.deepEqual([id, isNew], [`before-${how}`, false]);
  });

  Deno.test(`by ${how}: the copy of a page that is open gets another session`, async () => {
    const first = await claimSession({ locks, storage: storageWith() });

    const copy = await claimSession({ locks, storage: storageWith(first.id) });

    assert.ok(copy.id !== first.id && copy.isNew && first.isNew);
    assert.ok(copy.alive.has(first.id));
  });

  Deno.test(`by ${how}: a session that nobody has is not alive`, async () => {
    const { alive } = await claimSession({ locks, storage: storageWith() });

    assert.ok(!alive.has("gone"));
  });
}
