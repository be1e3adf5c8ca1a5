import assert from "node:assert/strict";
import { picturesOf, removalWords } from "../../../frontend/panels/shown_pictures.js";
import { toyJob, toyPicture } from "../net/toy_server.js";

/** @import { AssetView } from "../../../frontend/interfaces.d.ts" */

const asset = /** @type {AssetView} */ ({ digest: "a", name: "circle.png" });

Deno.test("the pictures of a job come in the order of its outputs, and other values are none", () => {
  const number = { ...toyPicture("count", "x"), value: 3, asset: null };
  const job = toyJob({
    number: 1,
    name: "Circle",
    outputs: [toyPicture("image", "a"), number, toyPicture("image", "b")],
  });

  assert.deepEqual(picturesOf(job).map(({ digest, title }) => [digest, title]), [["a", "Circle"], [
    "b",
    "Circle",
  ]]);
});

Deno.test("whoever deletes a picture is told which runs go with it, and how many pictures", () => {
  const outputs = [toyPicture("image", "a"), toyPicture("image", "b")];
  const [one, two] = ["Circle", "Square"].map((name) => toyJob({ number: 1, name, outputs }));

  assert.deepEqual(removalWords(asset, []).with, { name: "circle.png" });
  assert.deepEqual(removalWords(asset, [one]).with, { title: "Circle", count: 2 });
  assert.deepEqual(removalWords(asset, [one, two, two]).with, { title: "Circle, Square", count: 6 });
});
