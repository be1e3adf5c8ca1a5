import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { pickForComparison } from "../../../frontend/panels/comparing.js";

/** @import { Desk, ShownPicture } from "../../../frontend/interfaces.d.ts" */

/** @param {string} digest @returns {ShownPicture} */
const picture = (digest) => ({ digest, url: digest, thumbnail: digest, width: 8, height: 8 });

const deskWithViewer = () => ({
  /** @type {Desk["comparison"]} */
  comparison: signal(null),
  /** @type {Desk["viewer"]} */
  viewer: signal({ pictures: [picture("a")], at: 0 }),
});

Deno.test("the first picture waits for the second, which opens both", () => {
  const desk = deskWithViewer();
  pickForComparison(desk, picture("a"));
  const waiting = desk.comparison.value;
  pickForComparison(desk, picture("b"));

  assert.deepEqual([waiting?.first.digest, waiting?.second], ["a", null]);
  assert.deepEqual([desk.comparison.value?.first.digest, desk.comparison.value?.second?.digest], ["a", "b"]);
  assert.equal(desk.viewer.value, null);
});

Deno.test("a picture is not compared with itself", () => {
  const desk = deskWithViewer();
  pickForComparison(desk, picture("a"));
  pickForComparison(desk, picture("a"));

  assert.equal(desk.comparison.value?.second, null);
});
