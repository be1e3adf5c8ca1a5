import assert from "node:assert/strict";
import { createBackdrop } from "../../../frontend/view/backdrop.js";
import { node, recordingContext, scene } from "./recording.js";

/** @import { Place } from "../../../frontend/view/viewport.js" */

const SIZE = { width: 800, height: 600 };
const PARTS = scene({ boxes: new Map([["a", node("a", [0, 0])]]), size: SIZE, isZooming: false });

/** Makes a backdrop on a page that has nothing but canvases, and counts the pictures that it is given. */
const createPage = () => {
  const canvas = {
    width: 0,
    height: 0,
    style: { width: "", height: "", transform: "" },
    getContext: () => shown,
  };
  let count = 0;
  const shown = { transferFromImageBitmap: () => (count += 1) };
  class Drawing {
    /** @param {number} width @param {number} height */
    constructor(width, height) {
      this.width = width;
      this.height = height;
    }

    getContext() {
      return recordingContext().context;
    }

    transferToImageBitmap() {
      return this;
    }
  }
  Object.assign(globalThis, { OffscreenCanvas: Drawing, document: { createElement: () => canvas } });
  const backdrop = createBackdrop(/** @type {any} */ ({ append: () => {} }));
  /** @param {Place} place @param {object} [more] */
  const look = (place, more = {}) => backdrop.update({ ...PARTS, place, time: 0, ...more }, 1);
  return { canvas, look, drawn: () => count };
};

Deno.test("the picture of nodes that are near reaches beyond what is seen", () => {
  const { canvas, look } = createPage();
  look({ x: 0, y: 0, zoom: 1 });

  assert.ok(canvas.width > SIZE.width && canvas.height > SIZE.height);
  assert.equal(canvas.style.width, `${canvas.width}px`);
});

Deno.test("to pan within its edges the picture is pushed along, and beyond them it is drawn anew", () => {
  const { canvas, look, drawn } = createPage();
  look({ x: 0, y: 0, zoom: 1 });
  const before = canvas.style.transform;
  look({ x: 100, y: -50, zoom: 1 });

  assert.equal(drawn(), 1);
  assert.notEqual(canvas.style.transform, before);

  look({ x: 700, y: 0, zoom: 1 });

  assert.equal(drawn(), 2);
  assert.equal(canvas.style.transform, before);
});

Deno.test("while zooming the picture is stretched, and drawn sharp when the zoom has ended", () => {
  const { canvas, look, drawn } = createPage();
  look({ x: 0, y: 0, zoom: 0.125 }, { time: 500 });
  const sharp = drawn();
  look({ x: 0, y: 0, zoom: 0.15625 }, { isZooming: true, time: 510 });

  assert.equal(drawn(), sharp);
  assert.match(canvas.style.transform, /scale\(1\.25\)/);

  look({ x: 0, y: 0, zoom: 0.15625 }, { time: 700 });

  assert.equal(drawn(), sharp + 1);
});

Deno.test("a graph that is opening is a draft with half as many pixels, however long, and a sharp one follows", () => {
  const { canvas, look, drawn } = createPage();
  look({ x: 0, y: 0, zoom: 0.1 }, { isOpening: true });

  assert.deepEqual([canvas.width, canvas.height], [SIZE.width / 2, SIZE.height / 2]);
  assert.equal(canvas.style.width, `${SIZE.width}px`);

  look({ x: 0, y: 0, zoom: 0.1 }, { isOpening: true, time: 1000 });

  assert.equal(drawn(), 1);

  look({ x: 0, y: 0, zoom: 0.1 }, { time: 1010 });

  assert.equal(drawn(), 2);
  assert.ok(canvas.width > SIZE.width);
});

Deno.test("the picture is drawn anew when what stands still changes, and not for nodes that are on the page", () => {
  const { look, drawn } = createPage();
  const place = { x: 0, y: 0, zoom: 1 };
  look(place);
  look(place, { boxes: new Map() });

  assert.equal(drawn(), 1);

  look(place, { wires: [] });

  assert.equal(drawn(), 2);
});

Deno.test("a zoom stretches the picture that is there as long as it reaches and hides no node", () => {
  const { look, drawn } = createPage();
  const mounted = { ...PARTS.nodes, mounted: new Set(["a"]) };
  const seen = { left: 0, top: 0, right: 800, bottom: 600 };
  look({ x: 0, y: 0, zoom: 1 });
  look({ x: 0, y: 0, zoom: 1.25 }, { isZooming: true, time: 1000, nodes: mounted, seen });

  assert.equal(drawn(), 1);

  look({ x: 0, y: 0, zoom: 1.25 }, { isZooming: true, time: 1010, seen });

  assert.equal(drawn(), 2);
});

Deno.test("a picture that was drawn while zooming is drawn sharp and without nodes at rest", () => {
  const { canvas, look, drawn } = createPage();
  look({ x: 0, y: 0, zoom: 1 }, { isZooming: true });
  const soft = canvas.width;
  look({ x: 0, y: 0, zoom: 1 }, { time: 10 });

  assert.equal(drawn(), 2);
  assert.equal(canvas.width, 2 * soft);

  look({ x: 0, y: 0, zoom: 1 }, { time: 20, boxes: new Map() });

  assert.equal(drawn(), 2);
});
