import assert from "node:assert/strict";
import { fitPicture, zoomPicture } from "../../../frontend/panels/picture_zoom.js";

const STAGE = { width: 1000, height: 800 };

Deno.test("a large picture is wholly seen and centred", () => {
  const { x, y, zoom } = fitPicture(STAGE, { width: 4000, height: 2000 });

  assert.ok(zoom < 0.25);
  assert.equal(x + 2000 * zoom, 500);
  assert.equal(y + 1000 * zoom, 400);
});

Deno.test("a small picture is enlarged by a whole number", () => {
  assert.equal(fitPicture(STAGE, { width: 128, height: 128 }).zoom, 4);
  assert.equal(fitPicture(STAGE, { width: 300, height: 300 }).zoom, 2);
});

Deno.test("the point under the pointer stays under it", () => {
  const place = { x: 40, y: -20, zoom: 0.5 };
  const at = /** @type {const} */ ([300, 200]);
  const zoomed = zoomPicture(place, at, 3);

  assert.ok(Math.abs((at[0] - zoomed.x) / zoomed.zoom - (at[0] - place.x) / place.zoom) < 1e-9);
  assert.ok(Math.abs((at[1] - zoomed.y) / zoomed.zoom - (at[1] - place.y) / place.zoom) < 1e-9);
});

Deno.test("zoom has an end in both directions", () => {
  const place = { x: 0, y: 0, zoom: 1 };

  assert.equal(zoomPicture(place, [0, 0], 1e6).zoom, 32);
  assert.equal(zoomPicture(place, [0, 0], 1e-6).zoom, 0.02);
});
