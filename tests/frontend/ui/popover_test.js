import assert from "node:assert/strict";
import { placeBeside } from "../../../frontend/ui/popover.js";

const PAGE = { width: 800, height: 600 };

Deno.test("a box lies below its anchor where it has room", () => {
  const placed = placeBeside({ x: 100, y: 100, width: 50, height: 20 }, { width: 200, height: 300 }, PAGE);

  assert.deepEqual(placed, { left: 100, top: 124, height: 300 });
});

Deno.test("a box lies above where there is more room, and is cut to the room there is", () => {
  const anchor = { x: 790, y: 500, width: 10, height: 20 };

  assert.deepEqual(placeBeside(anchor, { width: 200, height: 300 }, PAGE), {
    left: 596,
    top: 196,
    height: 300,
  });
  assert.deepEqual(placeBeside(anchor, { width: 200, height: 900 }, PAGE), {
    left: 596,
    top: 4,
    height: 492,
  });
});

Deno.test("a box wider than the page begins at its left edge", () => {
  assert.equal(placeBeside({ x: 50, y: 0, width: 1, height: 1 }, { width: 900, height: 10 }, PAGE).left, 4);
});
