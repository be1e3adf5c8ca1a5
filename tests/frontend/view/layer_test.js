import assert from "node:assert/strict";
import { createLayer } from "../../../frontend/view/layer.js";

/** Makes a layer without anything on it, on a page that has nothing but boxes. */
const createEmpty = () => {
  /** @type {any[]} */
  const made = [];
  const createElement = () => {
    const element = { style: { transform: "" }, classList: { toggle: () => {} }, append: () => {} };
    made.push(element);
    return element;
  };
  Object.assign(globalThis, { document: { createElement } });
  const layer = createLayer(/** @type {any} */ ({ append: () => {} }), { all: () => [], mount: assert.fail });
  const [outer, inner] = made;
  /** @param {number} zoom @param {boolean} isZooming */
  const look = (zoom, isZooming) => {
    const seen = { left: 0, top: 0, right: 100, bottom: 100 };
    layer.update({ place: { x: 30, y: -20, zoom }, seen, isZooming });
    return [outer.style.transform, inner.style.transform];
  };
  return look;
};

Deno.test("at rest nodes are drawn as large as they are seen", () => {
  const look = createEmpty();

  assert.deepEqual(look(0.5, false), ["translate(30px, -20px) scale(1)", "scale(0.5)"]);
  assert.deepEqual(look(2, false), ["translate(30px, -20px) scale(1)", "scale(2)"]);
});

Deno.test("while zooming what is drawn is stretched, and drawn anew where it would be a blur or endless", () => {
  const look = createEmpty();
  look(1, false);

  assert.deepEqual(look(0.5, true), ["translate(30px, -20px) scale(0.5)", "scale(1)"]);
  assert.deepEqual(look(1.5, true), ["translate(30px, -20px) scale(1.5)", "scale(1)"]);
  assert.deepEqual(look(3, true), ["translate(30px, -20px) scale(1)", "scale(3)"]);
  assert.deepEqual(look(0.5, true), ["translate(30px, -20px) scale(1)", "scale(0.5)"]);
});
