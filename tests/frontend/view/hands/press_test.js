import assert from "node:assert/strict";

import { abandon, advance, IDLE } from "../../../../frontend/view/hands/press.js";

/** @typedef {import("../../../../frontend/view/hands/press.js").PointerStep} PointerStep */

/** @type {(kind: PointerStep["kind"], x: number, y: number, given?: Partial<PointerStep>) => PointerStep} */
const step = (kind, x, y, given = {}) => ({ kind, id: 1, at: [x, y], isTouch: false, time: 0, ...given });

/** @type {(...steps: PointerStep[]) => { state: import("../../../../frontend/view/hands/press.js").PressState, kinds: string[] }} */
const feed = (...steps) => {
  let state = IDLE;
  const kinds = [];
  for (const each of steps) {
    const stepped = advance(state, each);
    state = stepped.state;
    kinds.push(...stepped.meanings.map(({ kind }) => kind));
  }
  return { state, kinds };
};

Deno.test("a press that does not stray is a click", () => {
  assert.deepEqual(feed(step("down", 0, 0), step("move", 2, 2), step("up", 2, 2)).kinds, ["press", "click"]);
});

Deno.test("a press that strays is a drag from where it began, and is dropped", () => {
  const { kinds, state } = feed(
    step("down", 0, 0),
    step("move", 9, 0),
    step("move", 20, 0),
    step("up", 20, 0),
  );

  assert.deepEqual(kinds, ["press", "drag", "move", "move", "drop"]);
  assert.equal(state.kind, "idle");
});

Deno.test("a finger may stray farther than a mouse", () => {
  const finger = { isTouch: true };

  assert.deepEqual(
    feed(step("down", 0, 0, finger), step("move", 6, 0, finger), step("up", 6, 0, finger)).kinds,
    ["press", "click"],
  );
});

Deno.test("two clicks in a short time at one place are a double click, and three are not two", () => {
  const clicks = [0, 100, 200].flatMap((time) => [step("down", 0, 0, { time }), step("up", 0, 0, { time })]);

  assert.deepEqual(feed(...clicks).kinds.filter((kind) => kind !== "press"), [
    "click",
    "click",
    "double",
    "click",
  ]);
});

Deno.test("clicks far apart in time or place are two clicks", () => {
  const late = [0, 900].flatMap((time) => [step("down", 0, 0, { time }), step("up", 0, 0, { time })]);
  const apart = [0, 90].flatMap((x) => [step("down", x, 0), step("up", x, 0)]);

  assert.ok(!feed(...late).kinds.includes("double"));
  assert.ok(!feed(...apart).kinds.includes("double"));
});

Deno.test("a second finger cancels the drag of the first and pinches", () => {
  const finger = { isTouch: true };
  const second = { isTouch: true, id: 2 };
  const { kinds } = feed(
    step("down", 0, 0, finger),
    step("move", 20, 0, finger),
    step("down", 120, 0, second),
    step("move", 220, 0, second),
    step("up", 220, 0, second),
    step("up", 20, 0, finger),
  );

  assert.deepEqual(kinds, ["press", "drag", "move", "cancel", "pinch"]);
});

Deno.test("a pinch tells its middle, its way and its factor", () => {
  const finger = { isTouch: true };
  const { state } = feed(step("down", 0, 0, finger), step("down", 100, 0, { ...finger, id: 2 }));

  assert.deepEqual(advance(state, step("move", 200, 0, { ...finger, id: 2 })).meanings, [
    { kind: "pinch", at: [100, 0], by: [50, 0], factor: 2 },
  ]);
});

Deno.test("a finger that is held is a hold and no click afterwards", () => {
  const finger = { isTouch: true };

  assert.deepEqual(
    feed(step("down", 5, 5, finger), step("hold", 5, 5, finger), step("up", 5, 5, finger)).kinds,
    ["press", "hold"],
  );
});

Deno.test("a pointer that the browser takes away cancels the drag", () => {
  const { kinds, state } = feed(step("down", 0, 0), step("move", 20, 0), step("lost", 20, 0));

  assert.deepEqual(kinds, ["press", "drag", "move", "cancel"]);
  assert.equal(state.kind, "idle");
});

Deno.test("what is abandoned means nothing until the pointer is up, and then all begins anew", () => {
  const { state } = feed(step("down", 0, 0), step("move", 20, 0));
  const abandoned = advance(abandon(state), step("move", 40, 0));
  const released = advance(abandoned.state, step("up", 40, 0));

  assert.deepEqual([abandoned.meanings, released.meanings], [[], []]);
  assert.deepEqual(advance(released.state, step("down", 0, 0)).meanings.map(({ kind }) => kind), ["press"]);
  assert.equal(abandon(IDLE), IDLE);
});
