import assert from "node:assert/strict";
import { drawLive, drawStill, isLive, seenPart } from "../../../frontend/view/scene.js";
import { moving, node, recordingContext, scene, wire } from "./recording.js";

const NOBODY = new Set();
const BOXES = new Map([["a", node("a", [0, 0])], ["b", node("b", [400, 0])]]);
const WIRES = [wire("a", "b", [[272, 60], [400, 60]])];
const FRAME = /** @type {const} */ ({ id: "f", at: [0, 0], size: [300, 200], title: "Prompts" });

Deno.test("the part of the graph that is seen follows from place and size", () => {
  assert.deepEqual(seenPart({ x: 100, y: -50, zoom: 2 }, { width: 400, height: 300 }), {
    left: -50,
    top: 25,
    right: 150,
    bottom: 175,
  });
});

Deno.test("what stands still is drawn from the ground up: dots, frames, wires", () => {
  const { context, calls } = recordingContext();
  drawStill(context, scene({ boxes: BOXES, wires: WIRES, frames: { all: [FRAME], selected: NOBODY } }), 1);
  const styles = calls.map(({ style }) => style);
  const order = ["ground", "grid", "gray", "casing", "type image"].map((style) => styles.indexOf(style));

  assert.ok(order[0] >= 0);
  assert.deepEqual(order, order.toSorted((a, b) => a - b));
});

Deno.test("with all nodes on the page and hands at rest nothing is live", () => {
  const { nodes } = scene();
  const rest = scene({ boxes: BOXES, wires: WIRES, nodes: { ...nodes, mounted: new Set(["a", "b"]) } });

  assert.ok(!isLive(rest));
});

Deno.test("a node that waits for the page, a hand and a run are live", () => {
  const { nodes } = scene();
  const mounted = { ...nodes, mounted: new Set(["a", "b"]) };

  assert.ok(isLive(scene({ boxes: BOXES })));
  assert.ok(isLive(scene({ boxes: BOXES, nodes: mounted, ...moving(["a"], [1, 1]) })));
  assert.ok(isLive(scene({ boxes: BOXES, nodes: mounted, running: new Set(["a"]) })));
});

Deno.test("what was drawn before is cleared away", () => {
  const { context, calls } = recordingContext();
  context.fillRect(0, 0, 1, 1);
  drawLive(context, scene({ boxes: BOXES, wires: WIRES, ...moving(["a"], [5, 5]) }), 1);

  assert.ok(calls.every(({ name }) => name !== "fillRect"));
  assert.ok(calls.some(({ style }) => style === "type image"));
});
