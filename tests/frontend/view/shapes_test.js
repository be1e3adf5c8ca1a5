import assert from "node:assert/strict";
import { layOut, NO_EXTRAS, SIZES } from "../../../frontend/view/metrics.js";
import { createShapes, NO_NAMES, withName } from "../../../frontend/view/shapes.js";

const socket = {
  doc: "",
  traits: {},
  advice: [],
  lazy: false,
  link_only: false,
  required: false,
};

const KINDS = ["text", "items", "image-file", "mask", "curve", "number"];

/** A type with a field of each kind that may be higher than a row. */
const TYPE = /** @type {any} */ ({
  inputs: KINDS.map((kind) => ({
    ...socket,
    name: kind,
    type: "json",
    widget: { kind, multiline: true },
    default: kind === "items" ? ["a", "b", "c"] : null,
  })),
  outputs: [{ name: "image", type: "image", doc: "", traits: {} }],
});

/** @type {any[]} */
const VALUES = [undefined, null, "", "a.png", 7, [], [1], [1, 2, 3], { from: "a.b" }, [{ from: "a.b" }]];

/** @param {Record<string, any>} inputs @param {object} [more] @returns {any} */
const parts = (inputs, more = {}) => ({
  entry: { type: "t", version: 1, inputs },
  look: { at: [0, 0] },
  type: TYPE,
  mentioned: NO_NAMES,
  extras: NO_EXTRAS,
  ...more,
});

/** What a node may show and be, beside its inputs. */
const LOOKS = [
  {},
  { look: { at: [0, 0], width: 400 } },
  { look: { at: [0, 0], collapsed: true } },
  { mentioned: withName(NO_NAMES, "image") },
  { mentioned: withName(withName(NO_NAMES, "image"), "gone") },
  { extras: { pictures: { count: 2, ratio: 0.5 }, problems: "" } },
  { extras: { pictures: { count: 2, ratio: 0.75 }, problems: "" } },
  { extras: { pictures: null, problems: "One.\nTwo." } },
];

Deno.test("every node is laid out as if it were alone, whatever was laid out before it", () => {
  const shapeOf = createShapes();
  for (const name of [...KINDS, "unknown"]) {
    for (const value of VALUES) {
      for (const more of LOOKS) {
        const node = parts({ [name]: value }, more);

        assert.deepEqual(shapeOf(node), { ...layOut(node), mentioned: node.mentioned }, `${name} ${value}`);
      }
    }
  }
});

Deno.test("nodes that look alike share their layout, wherever they are and whatever they are given", () => {
  const shapeOf = createShapes();
  const one = shapeOf(parts({ number: 7, text: "a cat", mask: { from: "a.mask" } }));
  const other = parts({ number: 8, text: "a dog", mask: { from: "b.other" } }, { look: { at: [90, 90] } });

  assert.equal(shapeOf(other), one);
});

Deno.test("a node whose type nobody knows is laid out by itself", () => {
  const shapeOf = createShapes();
  const node = parts({ a: { from: "b.c" } }, { type: undefined });

  assert.deepEqual(shapeOf(node), { ...layOut(node), mentioned: NO_NAMES });
  assert.notEqual(shapeOf(node), shapeOf(node));
});

Deno.test("any number of widths are laid out rightly", () => {
  const shapeOf = createShapes();
  const widths = Array.from({ length: 700 }, (_, index) => SIZES.leastWidth + index);

  const found = widths.map((width) => shapeOf(parts({}, { look: { at: [0, 0], width } })).width);

  assert.deepEqual(found, widths);
});

Deno.test("lists that grew by the same names in the same order are the same list", () => {
  const ab = withName(withName(NO_NAMES, "a"), "b");

  assert.deepEqual(ab, ["a", "b"]);
  assert.equal(withName(withName(NO_NAMES, "a"), "b"), ab);
  assert.equal(withName(ab, "a"), ab);
  assert.deepEqual(withName(withName(NO_NAMES, "b"), "a"), ["b", "a"]);
});
