/** Pictures of jobs and of the gallery in the one shape in which the viewer shows them. No DOM. */

import { say } from "../ui/texts.js";

/** @import { AssetView, JobView, ShownPicture, Words } from "../interfaces.d.ts" */

/**
 * Gives the pictures that a job made, in the order of its outputs.
 *
 * @param {JobView} job
 * @returns {ShownPicture[]}
 */
export const picturesOf = (job) =>
  job.outputs.flatMap(({ asset }) =>
    asset?.thumbnail_url
      ? [{
        digest: asset.digest,
        url: asset.url,
        thumbnail: asset.thumbnail_url,
        width: asset.width,
        height: asset.height,
        title: job.name,
      }]
      : []
  );

/**
 * Gives a picture of the gallery.
 *
 * @param {AssetView} asset
 * @returns {ShownPicture}
 */
export const pictureOf = (asset) => ({
  digest: asset.digest,
  url: asset.url,
  thumbnail: asset.thumbnail_url,
  width: asset.width,
  height: asset.height,
  title: asset.name,
});

/**
 * Asks whether a picture is to be deleted: a job goes with all that it made.
 *
 * @param {AssetView} asset
 * @param {readonly JobView[]} makers The jobs that made it.
 * @returns {Words}
 */
export const removalWords = (asset, makers) => {
  if (makers.length === 0) return { id: "panels.picture.delete-one", with: { name: asset.name } };
  const title = [...new Set(makers.map(({ name }) => name || say("panels.untitled")))].join(", ");
  return { id: "panels.picture.delete-run", with: { title, count: makers.flatMap(picturesOf).length } };
};
