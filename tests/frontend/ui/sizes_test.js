import assert from "node:assert/strict";
import { sizeOf } from "../../../frontend/ui/sizes.js";

Deno.test("an amount of bytes is written in its largest unit", () => {
  const sizes = [0, 640, 9_940, 196_608, 999_600, 1_200_000, 12_582_912, 7.9e9, 2e12];

  assert.deepEqual(sizes.map(sizeOf), [
    "0 byte",
    "640 byte",
    "9.9 kB",
    "197 kB",
    "1 MB",
    "1.2 MB",
    "13 MB",
    "7.9 GB",
    "2,000 GB",
  ]);
});
