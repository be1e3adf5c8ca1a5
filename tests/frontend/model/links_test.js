import assert from "node:assert/strict";
import { apply, normalize } from "../../../frontend/model/document.js";
import {
  downstream,
  linkByKey,
  linksFrom,
  linksInto,
  linksOf,
  linkTo,
  readLink,
  upstream,
  wouldCycle,
} from "../../../frontend/model/links.js";

const document = normalize({
  weft: 1,
  nodes: {
    a: { type: "t" },
    b: { type: "t", inputs: { x: { from: "a.o" }, plain: 1 } },
    c: { type: "t", inputs: { many: [1, { from: "b.o" }, { from: "a.o" }] } },
    d: { type: "t", inputs: { x: { from: "ghost.o" } } },
  },
});

Deno.test("only an object with a lone text in `from` is a link", () => {
  assert.deepEqual(readLink({ from: "a.o" }), { node: "a", output: "o" });
  assert.deepEqual(readLink(linkTo("a", "o")), { node: "a", output: "o" });
  for (
    const value of [null, "a.o", 1, ["a.o"], { from: 1 }, { from: "a.o", to: "b" }, { from: "a" }, undefined]
  ) {
    assert.equal(readLink(value), null);
  }
});

Deno.test("links are listed with the sockets they join, in lists with their place", () => {
  assert.deepEqual(linksOf(document).map(({ key }) => key), ["b.x", "c.many#1", "c.many#2", "d.x"]);
  assert.deepEqual(linkByKey(document, "c.many#2"), {
    key: "c.many#2",
    source: { node: "a", output: "o" },
    target: { node: "c", input: "many", index: 2 },
  });
  assert.equal(linkByKey(document, "c.many"), null);
});

Deno.test("links are found from both ends", () => {
  assert.deepEqual(linksFrom(document, "a").map(({ key }) => key), ["b.x", "c.many#2"]);
  assert.deepEqual(linksInto(document, "c").map(({ source }) => source.node), ["b", "a"]);
  assert.deepEqual(linksFrom(document, "d"), []);
});

Deno.test("after an edit the links of all other nodes are the same objects", () => {
  const moved = apply(document, { op: "set-looks", looks: { a: { at: [9, 9] } } }).document;
  const edited =
    apply(document, { op: "set-inputs", changes: [{ node: "b", input: "plain", value: 2 }] }).document;

  assert.equal(linksOf(moved), linksOf(document));
  assert.equal(linksOf(edited)[1], linksOf(document)[1]);
});

Deno.test("upstream and downstream hold the nodes themselves and whatever hangs on them", () => {
  assert.deepEqual(upstream(document, ["c"]), new Set(["c", "b", "a"]));
  assert.deepEqual(downstream(document, ["b"]), new Set(["b", "c"]));
  assert.deepEqual(upstream(document, ["d"]), new Set(["d"]));
});

Deno.test("a link back to what a node needs would close a circle", () => {
  assert.ok(wouldCycle(document, "c", "a"));
  assert.ok(wouldCycle(document, "a", "a"));
  assert.ok(!wouldCycle(document, "a", "c"));
  assert.ok(!wouldCycle(document, "d", "a"));
});
