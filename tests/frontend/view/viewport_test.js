import assert from "node:assert/strict";
import { effect } from "@preact/signals";
import {
  createViewport,
  fitted,
  LEAST_ZOOM,
  MOST_ZOOM,
  onPixels,
  revealed,
  uncovered,
  zoomed,
} from "../../../frontend/view/viewport.js";

const SIZE = { width: 1000, height: 500 };

Deno.test("zooming leaves the point under the pointer where it is", () => {
  const place = { x: 30, y: -20, zoom: 0.8 };
  const next = zoomed(place, [400, 200], 1.5);

  assert.ok(Math.abs((400 - place.x) / place.zoom - (400 - next.x) / next.zoom) < 1e-9);
  assert.ok(Math.abs((200 - place.y) / place.zoom - (200 - next.y) / next.zoom) < 1e-9);
});

Deno.test("zooming in and out again by the same factor comes back", () => {
  const place = { x: 30, y: -20, zoom: 0.8 };
  const { x, y, zoom } = zoomed(zoomed(place, [400, 200], 1.5), [400, 200], 1 / 1.5);

  assert.ok(Math.abs(x - 30) + Math.abs(y + 20) + Math.abs(zoom - 0.8) < 1e-9);
});

Deno.test("the zoom stops at its limits", () => {
  assert.equal(zoomed({ x: 0, y: 0, zoom: 1 }, [0, 0], 1e6).zoom, MOST_ZOOM);
  assert.equal(zoomed({ x: 0, y: 0, zoom: 1 }, [0, 0], 1e-6).zoom, LEAST_ZOOM);
});

Deno.test("fitted bounds lie in the middle and within the padding", () => {
  const bounds = { x: 100, y: 50, width: 4000, height: 1000 };
  const { x, y, zoom } = fitted(SIZE, bounds, { padding: 50 });

  assert.equal(zoom, 900 / 4000);
  assert.equal(bounds.x * zoom + x, 50);
  assert.equal((bounds.y + bounds.height / 2) * zoom + y, 250);
});

Deno.test("what is small is not blown up to be fitted", () => {
  assert.equal(fitted(SIZE, { x: 0, y: 0, width: 10, height: 10 }).zoom, 1);
});

Deno.test("what is seen already is revealed without a move", () => {
  const place = { x: 0, y: 0, zoom: 1 };

  assert.deepEqual(revealed(place, SIZE, { x: 100, y: 100, width: 200, height: 100 }), place);
});

Deno.test("revealing pans no farther than needed", () => {
  const place = { x: 0, y: 0, zoom: 1 };

  assert.deepEqual(revealed(place, SIZE, { x: 900, y: 100, width: 200, height: 100 }, 20), {
    x: -120,
    y: 0,
    zoom: 1,
  });
  assert.deepEqual(revealed(place, SIZE, { x: -50, y: 100, width: 20, height: 20 }, 20), {
    x: 70,
    y: 0,
    zoom: 1,
  });
});

Deno.test("what is larger than the canvas is revealed from its begin", () => {
  const { x } = revealed({ x: -500, y: 0, zoom: 1 }, SIZE, { x: 0, y: 0, width: 5000, height: 10 }, 20);

  assert.equal(x, 20);
});

Deno.test("what would be revealed under the minimap is moved out from under it the shorter way", () => {
  const place = { x: 0, y: 0, zoom: 1 };
  const corner = { width: 200, height: 150 };

  assert.deepEqual(uncovered(place, SIZE, { x: 700, y: 400, width: 110, height: 90 }, corner), {
    ...place,
    x: -10,
  });
  assert.deepEqual(uncovered(place, SIZE, { x: 880, y: 300, width: 110, height: 60 }, corner), {
    ...place,
    y: -10,
  });
});

Deno.test("what lies beside the minimap stays, as does what has no room there", () => {
  const place = { x: 0, y: 0, zoom: 1 };
  const corner = { width: 200, height: 150 };

  assert.equal(uncovered(place, SIZE, { x: 10, y: 400, width: 700, height: 90 }, corner), place);
  assert.equal(uncovered(place, SIZE, { x: 0, y: 0, width: 900, height: 450 }, corner), place);
});

Deno.test("what is drawn lies on whole pixels of the screen, which may be finer than those of the page", () => {
  assert.deepEqual(onPixels({ x: 10.4, y: -3.6, zoom: 0.7 }), { x: 10, y: -4, zoom: 0.7 });

  Object.assign(globalThis, { devicePixelRatio: 2 });

  assert.deepEqual(onPixels({ x: 10.4, y: -3.6, zoom: 0.7 }), { x: 10.5, y: -3.5, zoom: 0.7 });

  Object.assign(globalThis, { devicePixelRatio: undefined });
});

Deno.test("the size that is known already wakes nobody when the page tells of it", () => {
  const told = /** @type {(() => void)[]} */ ([]);
  class Observer {
    /** @param {() => void} tell */
    constructor(tell) {
      told.push(tell);
    }
    observe() {}
    disconnect() {}
  }
  Object.assign(globalThis, { ResizeObserver: Observer });
  const element = { clientWidth: 800, clientHeight: 600 };
  const viewport = createViewport(/** @type {any} */ (element));
  let count = 0;
  effect(() => {
    viewport.size.value;
    count += 1;
  });
  told[0]();

  assert.equal(count, 1);

  element.clientWidth = 900;
  told[0]();

  assert.equal(count, 2);
  assert.deepEqual(viewport.size.peek(), { width: 900, height: 600 });
});
