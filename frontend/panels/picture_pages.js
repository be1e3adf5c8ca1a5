/** The pictures of the server, page by page, and anew whenever a job has made some. */

import { computed, effect, signal } from "@preact/signals";
import { faultText } from "./faults.js";
import { hasEnded } from "./queue_rows.js";

/** @import { AssetView, Editor, JobView } from "../interfaces.d.ts" */

/** @typedef {ReturnType<typeof createPicturePages>} PicturePages */

/** Pictures that are asked for at once. */
const PAGE = 48;

/**
 * Makes the list of pictures, the newest first.
 *
 * @param {Pick<Editor, "api" | "runs">} editor
 */
export const createPicturePages = ({ api, runs }) => {
  const kind = signal(/** @type {"output" | "upload"} */ ("output"));
  const assets = signal(/** @type {readonly AssetView[] | null} */ (null));
  const next = signal(/** @type {string | null} */ (null));
  const hasMore = computed(() => next.value !== null);
  const ended = computed(() => runs.jobs.value.filter(hasEnded).length);
  const fault = signal("");
  let asked = 0;

  /** @param {string | null} cursor */
  const load = async (cursor) => {
    const mine = ++asked;
    const answer = await api.assets({ kind: kind.peek(), cursor, limit: PAGE }).catch((reason) => {
      fault.value = faultText(reason);
      return null;
    });
    // Another kind or a newer first page was asked for in the meantime.
    if (mine !== asked || answer === null) return;
    fault.value = "";
    const known = assets.peek() ?? [];
    // Whoever has scrolled on keeps the pages below; new pictures come before them.
    const isGrown = known.length > PAGE && cursor === null;
    assets.value = cursor === null
      ? joined(answer.assets, isGrown ? known : [])
      : joined(known, answer.assets);
    if (!isGrown) next.value = answer.next;
  };
  const stop = effect(() => {
    // A job that ends may have left pictures.
    ended.value;
    void load(null);
  });
  return {
    kind,
    assets,
    hasMore,
    fault,
    /** Shows the pictures that jobs made, or the uploads. @param {"output" | "upload"} wanted */
    show(wanted) {
      kind.value = wanted;
      assets.value = null;
      void load(null);
    },
    more: async () => {
      if (next.peek() !== null) await load(next.peek());
    },
    /** Finds the jobs that made a picture; none for an upload. @param {AssetView} asset */
    makersOf: (asset) => asset.kind === "upload" ? Promise.resolve([]) : makersOf(runs, asset.digest),
    /**
     * Deletes an upload, or the jobs that made a picture with all that they made.
     *
     * @param {AssetView} asset
     * @param {readonly JobView[]} makers
     */
    async remove(asset, makers) {
      if (asset.kind === "upload") await api.deleteAsset(asset.digest);
      else await Promise.all(makers.map((job) => runs.remove(job.id)));
      assets.value = assets.peek()?.filter(({ digest }) => digest !== asset.digest) ?? null;
      await load(null);
    },
    destroy: stop,
  };
};

/**
 * Joins pages; a picture that was made again is seen once.
 *
 * @param {readonly AssetView[]} before
 * @param {readonly AssetView[]} added
 */
export const joined = (before, added) => {
  const known = new Set(before.map(({ digest }) => digest));
  return [...before, ...added.filter(({ digest }) => !known.has(digest))];
};

/**
 * @param {Editor["runs"]} runs
 * @param {string} digest
 */
const makersOf = async (runs, digest) => {
  const makers = () =>
    runs.jobs.peek().filter((job) =>
      hasEnded(job) && job.outputs.some((output) => output.asset?.digest === digest)
    );
  // deno-lint-ignore no-await-in-loop -- a page is asked for only where those before it do not have the job
  while (makers().length === 0 && await runs.loadOlder());
  return makers();
};
