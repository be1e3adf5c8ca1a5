/** Pictures of jobs and of the gallery in the one shape in which the viewer shows them. No DOM. */

/** @import { AssetView, JobView, ShownPicture } from "../interfaces.d.ts" */

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
