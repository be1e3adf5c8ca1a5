import assert from "node:assert/strict";

import { intentOf } from "../../../../frontend/view/hands/intent.js";

/** @typedef {import("../../../../frontend/view/hands/intent.js").Press} Press */

/** @type {(target: Press["target"], given?: Partial<Press>) => ReturnType<typeof intentOf>} */
const intent = (target, given = {}) =>
  intentOf({
    target,
    button: 0,
    isTouch: false,
    mod: false,
    shift: false,
    alt: false,
    space: false,
    knife: false,
    ...given,
  });

Deno.test("on empty ground a mouse draws a marquee and a finger pans", () => {
  assert.equal(intent("empty"), "marquee");
  assert.equal(intent("empty", { isTouch: true }), "pan");
});

Deno.test("the middle button and the space bar pan wherever they are, also over fields", () => {
  assert.equal(intent("node", { button: 1 }), "pan");
  assert.equal(intent("part", { button: 1 }), "pan");
  assert.equal(intent("node", { space: true }), "pan");
});

Deno.test("a node is moved, pulled out or duplicated by what is held", () => {
  assert.equal(intent("node"), "move");
  assert.equal(intent("node", { alt: true }), "pull-out");
  assert.equal(intent("node", { mod: true }), "duplicate");
  assert.equal(intent("node", { alt: true, shift: true }), "duplicate");
});

Deno.test("outputs give links, linked inputs give theirs away", () => {
  assert.equal(intent("output"), "link");
  assert.equal(intent("output", { shift: true }), "move-links");
  assert.equal(intent("output", { mod: true }), "move-links");
  assert.equal(intent("input"), "link");
  assert.equal(intent("linked-input"), "pick-up");
  assert.equal(intent("linked-input", { shift: true }), "link");
});

Deno.test("the knife cuts with its key or with the right button and Ctrl", () => {
  assert.equal(intent("empty", { knife: true }), "cut");
  assert.equal(intent("node", { button: 2, mod: true }), "cut");
  assert.equal(intent("empty", { button: 2 }), "none");
});

Deno.test("fields keep their mouse", () => {
  assert.equal(intent("part"), "none");
  assert.equal(intent("part", { space: true }), "none");
});
