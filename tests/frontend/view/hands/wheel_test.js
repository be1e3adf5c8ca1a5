import assert from "node:assert/strict";

import { createWheelReader } from "../../../../frontend/view/hands/wheel.js";

/** @type {(turn: Partial<import("../../../../frontend/view/hands/wheel.js").Turn>) => import("../../../../frontend/view/hands/wheel.js").Turn} */
const turn = (given) => ({
  deltaX: 0,
  deltaY: 0,
  deltaMode: 0,
  ctrlKey: false,
  shiftKey: false,
  timeStamp: 0,
  ...given,
});

Deno.test("a notch of a mouse wheel zooms: away from the user is in", () => {
  const meaning = createWheelReader()(turn({ deltaY: -100 }));

  assert.ok(meaning.kind === "zoom" && meaning.factor > 1.1 && meaning.factor < 1.4);
});

Deno.test("zooming in and out by the same turn leads back", () => {
  const read = createWheelReader();
  const there = read(turn({ deltaY: -100 }));
  const back = read(turn({ deltaY: 100 }));

  assert.ok(there.kind === "zoom" && back.kind === "zoom");
  assert.ok(Math.abs(there.factor * back.factor - 1) < 1e-9);
});

Deno.test("two fingers on a touchpad pan in both axes", () => {
  assert.deepEqual(createWheelReader()(turn({ deltaX: 3, deltaY: 4 })), { kind: "pan", dx: -3, dy: -4 });
});

Deno.test("a swing of the touchpad does not become a mouse wheel when it is fast", () => {
  const read = createWheelReader();
  read(turn({ deltaY: 2 }));

  assert.equal(read(turn({ deltaY: 100, timeStamp: 100 })).kind, "pan");
  assert.equal(read(turn({ deltaY: 100, timeStamp: 2000 })).kind, "zoom");
});

Deno.test("a pinch zooms, which browsers report as a wheel with Ctrl", () => {
  assert.equal(createWheelReader()(turn({ deltaY: -2.5, ctrlKey: true })).kind, "zoom");
});

Deno.test("lines of a wheel count as pixels times their height, and Shift turns them aside", () => {
  assert.deepEqual(createWheelReader()(turn({ deltaY: 3, deltaMode: 1, shiftKey: true })), {
    kind: "pan",
    dx: -48,
    dy: 0,
  });
});
