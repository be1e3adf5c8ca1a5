import assert from "node:assert/strict";

import { layOut, SIZES } from "../../../../frontend/view/metrics.js";
import { touches } from "../../../../frontend/view/hands/bounds.js";
import { placeFor } from "../../../../frontend/view/hands/room.js";

const plain = layOut({ entry: { type: "", version: 1, inputs: {} } });

Deno.test("on free ground a node goes where it was asked for, on the grid", () => {
  assert.deepEqual(placeFor(new Map(), [SIZES.grid * 3 + 1, -1], undefined), [SIZES.grid * 3, 0]);
});

Deno.test("a node goes below what lies there, and below what lies there", () => {
  const boxes = new Map([
    ["one", { x: 0, y: 0, width: 200, height: 300 }],
    ["two", { x: 50, y: 310, width: 200, height: 100 }],
    ["beside", { x: 2000, y: 0, width: 200, height: 9000 }],
  ]);

  const [x, y] = placeFor(boxes, [0, 0], undefined);

  assert.equal(x, 0);
  assert.ok(y >= 410 && y < 500);
  for (const box of boxes.values()) {
    assert.ok(!touches(box, { x, y, width: plain.width, height: plain.height }));
  }
});
