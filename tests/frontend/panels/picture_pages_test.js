import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { createPicturePages, joined } from "../../../frontend/panels/picture_pages.js";
import { toyJob, toyPicture, until } from "../net/toy_server.js";

/** @import { AssetView, Editor, JobView } from "../../../frontend/interfaces.d.ts" */

/** @param {string} digest @param {AssetView["kind"]} [kind] */
const asset = (digest, kind = "output") => /** @type {AssetView} */ ({ digest, kind });

/**
 * Makes the pages of a server that keeps assets; older jobs come when they are loaded.
 *
 * @param {AssetView[]} assets
 * @param {JobView[]} jobs
 * @param {JobView[]} [older]
 */
const pagesOf = (assets, jobs, older = []) => {
  const known = signal(jobs);
  /** @type {string[]} */
  const removed = [];
  const editor = /** @type {Editor} */ (/** @type {unknown} */ ({
    api: {
      assets: () => Promise.resolve({ assets, next: null }),
      deleteAsset: (/** @type {string} */ digest) => Promise.resolve(void removed.push(digest)),
    },
    runs: {
      jobs: known,
      loadOlder: () => {
        known.value = [...known.value, ...older.splice(0, 1)];
        return Promise.resolve(known.value.length > jobs.length);
      },
      remove: (/** @type {string} */ id) => Promise.resolve(void removed.push(id)),
    },
  }));
  return { pages: createPicturePages(editor), removed };
};

const ended = /** @type {const} */ ({ state: "succeeded" });

Deno.test("the jobs behind a picture are found, also among older ones, and go only when that is asked for", async () => {
  const outputs = [toyPicture("image", "a")];
  const older = toyJob({ number: 1, ...ended, outputs });
  const { pages, removed } = pagesOf([asset("a")], [toyJob({ number: 2, ...ended })], [older]);

  const makers = await pages.makersOf(asset("a"));
  assert.deepEqual([makers.map(({ id }) => id), removed], [["job-1"], []]);
  await pages.remove(asset("a"), makers);

  assert.deepEqual(removed, ["job-1"]);
  pages.destroy();
});

Deno.test("an upload has no makers and goes by itself", async () => {
  const { pages, removed } = pagesOf([asset("u", "upload")], []);
  await until(() => pages.assets.value !== null);

  assert.deepEqual(await pages.makersOf(asset("u", "upload")), []);
  await pages.remove(asset("u", "upload"), []);

  assert.deepEqual(removed, ["u"]);
  pages.destroy();
});

Deno.test("a picture that was made again is seen once", () => {
  const pictures = joined([asset("a"), asset("b")], [asset("b"), asset("c")]);

  assert.deepEqual(pictures.map(({ digest }) => digest), ["a", "b", "c"]);
});
