import assert from "node:assert/strict";
import { drawNodes } from "../../../frontend/view/overview.js";
import { INK, moving, node, recordingContext, scene } from "./recording.js";

const BOXES = new Map([["a", node("a", [0, 0])], [
  "b",
  node("b", [400, 0], { title: "Mine", color: "blue" }),
]]);
const AFAR = { x: 0, y: 0, zoom: 0.1 };

/** Draws nodes and gives what was drawn. @param {Parameters<typeof scene>[0]} parts @param {"still" | "live"} [part] */
const draw = (parts, part = "live") => {
  const { context, calls } = recordingContext();
  drawNodes(context, scene({ boxes: BOXES, ...parts }), part);
  return calls;
};

/** @param {ReturnType<typeof draw>} calls @param {string} style */
const rects = (calls, style) =>
  calls.filter((call) => call.style === style).flatMap(({ args }) =>
    args[0].calls.map((/** @type {number[]} */ rect) => rect.slice(1, 3))
  );

Deno.test("nodes that wait for their place on the page are drawn with their titles", () => {
  const calls = draw({});

  assert.deepEqual(calls.filter(({ name }) => name === "text").map(({ args }) => args[0]), ["Show", "Mine"]);
  assert.deepEqual(rects(calls, "node"), [[0, 0], [400, 0]]);
});

Deno.test("nodes on the page are left out", () => {
  const { nodes } = scene();

  assert.deepEqual(rects(draw({ nodes: { ...nodes, mounted: new Set(["a"]) } }), "node"), [[400, 0]]);
});

Deno.test("a header has the colour of its node, or a tint of what the node makes", () => {
  const calls = draw({});

  assert.deepEqual(rects(calls, "blue"), [[400, 0]]);
  assert.deepEqual(rects(calls, "header image"), [[0, 0]]);
});

Deno.test("in the overview all nodes stand still but those in hand", () => {
  const parts = { place: AFAR, ...moving(["a"], [5, 7]) };

  assert.deepEqual(rects(draw(parts, "still"), "node"), [[400, 0]]);
  assert.deepEqual(rects(draw(parts, "live"), "node"), [[5, 7]]);
});

Deno.test("near by no node stands still on the canvas", () => {
  assert.deepEqual(draw({}, "still"), []);
});

Deno.test("what is wrong is seen before what is selected, and that before the usual border", () => {
  const { nodes } = scene();
  const parts = { nodes: { ...nodes, selected: new Set(["a", "b"]), faulty: new Set(["a"]) } };

  assert.deepEqual(rects(draw(parts), INK.danger), [[0, 0]]);
  assert.deepEqual(rects(draw(parts), INK.accent), [[400, 0]]);
});

Deno.test("from very far nothing is written", () => {
  assert.deepEqual(draw({ place: AFAR }, "still").filter(({ name }) => name === "text"), []);
});

Deno.test("pictures that are loaded are drawn where the node shows them", () => {
  const extras = { pictures: { count: 2, ratio: 1 }, problems: "" };
  const plain = node("a", [0, 0]);
  const box = { ...plain, extras, pictures: { y: 100, height: 130 } };
  const images = draw({
    boxes: new Map([["a", box]]),
    pictures: () => ["one", "two"],
    thumbnail: (url) => /** @type {any} */ (url === "one" ? { url } : null),
  }).filter(({ name }) => name === "image");

  assert.deepEqual(images.map(({ args }) => args.slice(0, 3)), [[{ url: "one" }, 0, 100]]);
});

Deno.test("a title that is too long for its node is cut", () => {
  const boxes = new Map([["a", node("a", [0, 0], { title: "x".repeat(200) })]]);
  const [{ args: [text] }] = draw({ boxes }).filter(({ name }) => name === "text");

  assert.ok(text.length < 40 && text.endsWith("…"));
});

Deno.test("while a zoom keeps nodes from the page those that wait stand still", () => {
  const place = { x: 0, y: 0, zoom: 1 };

  assert.deepEqual(draw({ place }, "still"), []);
  assert.notEqual(draw({ place, isZooming: true }, "still").length, 0);
  assert.deepEqual(draw({ place, isZooming: true }, "live"), []);
});

Deno.test("a zoom draws nodes beneath those on the page, save for those that shine through", () => {
  const off = { ...node("c", [800, 0]), entry: { type: "show", version: 1, inputs: {}, mode: "off" } };
  const boxes = new Map([...BOXES, ["c", /** @type {any} */ (off)]]);
  const nodes = { ...scene().nodes, mounted: new Set(["a", "c"]) };

  assert.deepEqual(rects(draw({ boxes, nodes, isZooming: true }, "still"), "node"), [[0, 0], [400, 0]]);
});
