/** Pictures that are given to the server, so that inputs can name them. */

import { apiFault } from "./fault.js";

/**
 * @import { AssetView } from "../types.d.ts"
 * @import { Api } from "./api.js"
 */

/** What `<input type=file accept>` takes; the server looks at the content itself. */
export const PICTURE_TYPES = "image/png,image/jpeg,image/webp";

/**
 * Uploads a picture from a file, a paste or a canvas. The same picture again is the same asset.
 *
 * @param {Api} api
 * @param {Blob | File} picture
 * @returns {Promise<AssetView>} Its `input` is what an input for a picture takes.
 */
export const uploadPicture = (api, picture) => {
  const name = "name" in picture ? picture.name : undefined;
  return api.upload(picture, name);
};

/**
 * Finds the pictures in what was dropped or pasted.
 *
 * @param {DataTransfer | null} data
 * @returns {File[]}
 */
export const picturesIn = (data) =>
  [...data?.files ?? []].filter((file) => PICTURE_TYPES.split(",").includes(file.type));

/**
 * Uploads what a canvas shows, as PNG.
 *
 * @param {Api} api
 * @param {HTMLCanvasElement} canvas
 * @param {string} name
 * @returns {Promise<AssetView>}
 */
export const uploadCanvas = async (api, canvas, name) => {
  /** @type {Blob | null} */
  const picture = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!picture) throw apiFault({ code: "picture-empty", message: "The picture has no pixels." });
  return await api.upload(picture, name);
};
