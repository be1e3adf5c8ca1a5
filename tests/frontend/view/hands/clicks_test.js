import assert from "node:assert/strict";

import { dotIndex } from "../../../../frontend/view/hands/clicks.js";

Deno.test("a new dot goes between the dots that it lies between", () => {
  const points = /** @type {const} */ ([[0, 0], [100, 0], [200, 0], [300, 0]]);

  assert.deepEqual([50, 150, 250].map((x) => dotIndex(points, [x, 4], "straight")), [0, 1, 2]);
});

Deno.test("the first dot of a wire is the first in every style", () => {
  for (const style of /** @type {const} */ (["curved", "straight", "angled"])) {
    assert.equal(dotIndex([[0, 0], [100, 80]], [50, 40], style), 0);
  }
});
