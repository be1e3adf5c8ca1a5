/** Choosing two pictures to look at beside each other. No DOM. */

/** @import { Desk, ShownPicture } from "../interfaces.d.ts" */

/**
 * Takes a picture as the first of two, or as the second where one was chosen.
 *
 * @param {Pick<Desk, "comparison" | "viewer">} desk
 * @param {ShownPicture} picture
 */
export const pickForComparison = (desk, picture) => {
  const chosen = desk.comparison.peek();
  const isSecond = chosen !== null && chosen.second === null && chosen.first.digest !== picture.digest;
  desk.comparison.value = isSecond
    ? { first: chosen.first, second: picture }
    : { first: picture, second: null };
  desk.viewer.value = null;
};
