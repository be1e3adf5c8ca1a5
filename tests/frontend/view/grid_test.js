import assert from "node:assert/strict";
import { drawGrid, gridStep } from "../../../frontend/view/grid.js";
import { recordingContext, scene } from "./recording.js";

Deno.test("dots are never closer on the screen than can be told apart, nor farther than twice that", () => {
  for (const zoom of [0.02, 0.07, 0.3, 0.9, 1]) {
    const gap = gridStep(zoom) * zoom;
    assert.ok(gap >= 26 && gap < 52, `${zoom}: ${gap}`);
  }
});

Deno.test("dots lie where things snap to", () => {
  for (const zoom of [0.05, 0.5, 1, 3]) assert.equal(gridStep(zoom) % 16, 0);
});

Deno.test("few dots cover the window at any zoom", () => {
  for (const zoom of [0.02, 0.31, 1, 4]) {
    const { context, calls } = recordingContext();
    drawGrid(context, scene({ place: { x: 13, y: 7, zoom } }));
    const dots = calls.flatMap(({ args }) => args[0].calls).length;

    assert.ok(dots > 50 && dots < 1400, `${dots} dots at ${zoom}`);
  }
});
