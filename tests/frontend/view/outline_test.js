import assert from "node:assert/strict";
import { flowOrder, outlineRows, walk } from "../../../frontend/view/outline.js";
import { node } from "./recording.js";

/** @param {Record<string, string[]>} feeds What feeds each node. @returns {any} */
const documentOf = (feeds) => ({
  nodes: Object.fromEntries(
    Object.entries(feeds).map(([id, sources]) => [
      id,
      {
        type: "t",
        version: 1,
        inputs: Object.fromEntries(sources.map((source, at) => [`in_${at}`, { from: `${source}.out` }])),
      },
    ]),
  ),
});

Deno.test("a node comes after all that feeds it, whatever the order of the document", () => {
  assert.deepEqual(flowOrder(documentOf({ c: ["b"], b: ["a"], a: [] })), ["a", "b", "c"]);
});

Deno.test("nodes in a circle are not left out", () => {
  assert.deepEqual(flowOrder(documentOf({ a: ["b"], b: ["a"], c: [] })).toSorted(), ["a", "b", "c"]);
});

Deno.test("a node that is open shows what feeds it and what it feeds", () => {
  const boxes = new Map(["a", "b", "c"].map((id) => [id, node(id, [0, 0], { title: id.toUpperCase() })]));
  const rows = outlineRows(documentOf({ a: [], b: ["a"], c: ["b"] }), boxes, new Set(["b"]));

  assert.deepEqual(rows.map(({ level, text }) => [level, text]), [
    [1, "A"],
    [1, "B"],
    [2, "In 0 from A: Out"],
    [2, "Out to C: In 0"],
    [1, "C"],
  ]);
  assert.deepEqual(rows.filter(({ level }) => level === 2).map((row) => row.node), ["a", "c"]);
});

Deno.test("arrow keys stop at the ends", () => {
  assert.equal(walk("ArrowDown", 2, 3), 2);
  assert.equal(walk("ArrowUp", 0, 3), 0);
  assert.equal(walk("End", 0, 3), 2);
  assert.equal(walk("Home", 2, 3), 0);
  assert.equal(walk("x", 2, 3), null);
});
