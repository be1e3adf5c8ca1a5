import assert from "node:assert/strict";
import {
  fieldHeight,
  isLinked,
  layOut,
  nodeWidth,
  pictureGrid,
  SIZES,
} from "../../../frontend/view/metrics.js";

const socket = {
  doc: "",
  traits: {},
  advice: [],
  lazy: false,
  link_only: false,
  required: false,
  widget: null,
};

/** A type with a link, a number and a text. */
const TYPE = /** @type {any} */ ({
  inputs: [
    { ...socket, name: "model", type: "model", link_only: true },
    { ...socket, name: "steps", type: "int", widget: { kind: "number" } },
    { ...socket, name: "text", type: "string", widget: { kind: "text", multiline: true } },
  ],
  outputs: [{ name: "latent", type: "latent", doc: "", traits: {} }],
});

/** @param {Record<string, any>} [inputs] */
const entry = (inputs = {}) => ({ type: "t", version: 1, inputs });

Deno.test("outputs come first, then the inputs in the order of the type", () => {
  const { rows } = layOut({ entry: entry(), type: TYPE });

  assert.deepEqual(rows.map(({ name }) => name), ["latent", "model", "steps", "text"]);
});

Deno.test("each row begins where the one above it ends", () => {
  const { rows } = layOut({ entry: entry(), type: TYPE });

  for (let index = 1; index < rows.length; index++) {
    assert.equal(rows[index].y, rows[index - 1].y + rows[index - 1].height);
  }
});

Deno.test("sockets sit on the edges at the first line of their rows", () => {
  const { inputs, outputs, rows, width } = layOut({ entry: entry(), type: TYPE });

  assert.deepEqual(inputs.get("text"), [0, rows[3].y + SIZES.row / 2]);
  assert.deepEqual(outputs.get("latent"), [width, rows[0].y + SIZES.row / 2]);
});

Deno.test("a linked text needs no room for its field", () => {
  const free = layOut({ entry: entry(), type: TYPE });
  const linked = layOut({ entry: entry({ text: { from: "a.b" } }), type: TYPE });

  assert.equal(free.height - linked.height, SIZES.text - SIZES.row);
  assert.deepEqual(linked.rows.map(({ hasField }) => hasField), [false, false, true, false]);
});

Deno.test("a collapsed node is its header, with all sockets at its middle", () => {
  const { height, inputs, outputs, width } = layOut({
    entry: entry(),
    type: TYPE,
    look: { at: [0, 0], collapsed: true },
  });

  assert.equal(height, SIZES.header);
  assert.deepEqual([...inputs.values()], [[0, 17], [0, 17], [0, 17]]);
  assert.deepEqual(outputs.get("latent"), [width, 17]);
});

Deno.test("a node of an unknown type has the sockets that links and values mention", () => {
  const { inputs, outputs } = layOut({
    entry: entry({ image: { from: "a.b" }, amount: 3 }),
    mentioned: ["mask"],
  });

  assert.deepEqual([...inputs.keys()], ["image", "amount"]);
  assert.deepEqual([...outputs.keys()], ["mask"]);
});

Deno.test("a picture takes the width of its node and keeps its shape", () => {
  const { pictures } = layOut({
    entry: entry(),
    type: TYPE,
    look: { at: [0, 0], width: 300 },
    extras: { pictures: { count: 1, ratio: 0.5 }, problems: "" },
  });

  assert.equal(pictures?.height, 150);
});

Deno.test("pictures are shown in a grid of at most nine", () => {
  assert.deepEqual(pictureGrid(1), { columns: 1, rows: 1, shown: 1 });
  assert.deepEqual(pictureGrid(3), { columns: 2, rows: 2, shown: 3 });
  assert.deepEqual(pictureGrid(40), { columns: 3, rows: 3, shown: 9 });
});

Deno.test("sentences of problems get the lines they need, up to five", () => {
  /** @param {string} problems */
  const height = (problems) =>
    layOut({ entry: entry(), extras: { pictures: null, problems } }).problems?.height ?? 0;

  assert.equal(height(""), 0);
  assert.equal(height("Two words") + SIZES.line, height("Two words\nTwo more"));
  assert.equal(height("long ".repeat(200)), height("x\n".repeat(20)));
});

Deno.test("the parts of a node fill its height", () => {
  const layout = layOut({
    entry: entry(),
    type: TYPE,
    extras: { pictures: { count: 1, ratio: 1 }, problems: "No." },
  });

  assert.equal(layout.problems?.y, (layout.pictures?.y ?? 0) + (layout.pictures?.height ?? 0));
  assert.equal(layout.height, (layout.foot?.y ?? 0) + (layout.foot?.height ?? 0));
});

Deno.test("the width of a node stays within its limits", () => {
  assert.equal(nodeWidth(undefined), SIZES.width);
  assert.equal(nodeWidth({ at: [0, 0], width: 1 }), SIZES.leastWidth);
  assert.equal(nodeWidth({ at: [0, 0], width: 1e6 }), SIZES.mostWidth);
});

Deno.test("a list is linked as soon as one of its items is", () => {
  assert.ok(isLinked([1, { from: "a.b" }]));
  assert.ok(!isLinked([1, 2]));
  assert.ok(!isLinked(undefined));
});

Deno.test("a list of values grows by a row for each", () => {
  const widget = { kind: "items" };

  assert.equal(fieldHeight(widget, [1, 2]) - fieldHeight(widget, [1]), SIZES.row);
});
