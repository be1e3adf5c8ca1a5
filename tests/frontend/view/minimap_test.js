import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { drawMap, mapPlace } from "../../../frontend/view/minimap.js";
import { INK, node, recordingContext } from "./recording.js";

Deno.test("any graph fits into the map with room at its edges", () => {
  for (
    const bounds of [{ x: -500, y: 30, width: 9000, height: 200 }, { x: 0, y: 0, width: 10, height: 90000 }]
  ) {
    const { scale, x, y } = mapPlace(bounds);
    assert.ok(bounds.x * scale + x >= 7.9 && (bounds.x + bounds.width) * scale + x <= 200.1);
    assert.ok(bounds.y * scale + y >= 7.9 && (bounds.y + bounds.height) * scale + y <= 128.1);
  }
});

Deno.test("a small graph is not blown up to fill the map", () => {
  assert.equal(mapPlace({ x: 0, y: 0, width: 100, height: 100 }).scale, 0.12);
});

Deno.test("nodes have the colour of what they make, selected ones that of the selection", () => {
  const { context, calls } = recordingContext();
  const plane = /** @type {any} */ ({
    boxes: signal(new Map([["a", node("a", [0, 0])], ["b", node("b", [400, 0])]])),
  });
  const document = /** @type {any} */ ({ view: { frames: [{ at: [0, 0], size: [9, 9], color: "blue" }] } });
  drawMap(context, {
    plane,
    document,
    selected: new Set(["b"]),
    ink: INK,
    place: { scale: 0.1, x: 0, y: 0 },
  });

  assert.deepEqual(calls.map(({ style }) => style), ["blue", "type image", "accent"]);
});
