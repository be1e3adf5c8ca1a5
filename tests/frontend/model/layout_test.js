/** Automatic layout is tidy, repeatable and quick. */

import assert from "node:assert/strict";
import { layout } from "../../../frontend/model/layout.js";
import { crossings, drawnLinks, GAP, link, node, overlaps, randomGraph } from "./toy_graphs.js";

/**
 * @param {ReadonlyMap<string, readonly [number, number]>} places
 * @param {string} id
 */
const at = (places, id) => /** @type {readonly [number, number]} */ (places.get(id));

Deno.test("nothing to lay out gives no places", () => {
  assert.equal(layout([], []).size, 0);
});

Deno.test("a chain runs from left to right on one line", () => {
  const nodes = ["a", "b", "c", "d"].map((id) => node(id, ["in"], { height: 100 }));
  const places = layout(nodes, [link("c", "d", "in"), link("a", "b", "in"), link("b", "c", "in")]);
  const xs = nodes.map(({ id }) => at(places, id)[0]);

  assert.deepEqual(xs.toSorted((a, b) => a - b), xs);
  assert.equal(new Set(nodes.map(({ id }) => at(places, id)[1])).size, 1);
});

Deno.test("the arms of a diamond stand above each other in the order of their sockets", () => {
  const nodes = ["low", "top", "high", "end"].map((id) => node(id, ["one", "two"]));
  const links = [
    link("top", "low", "one"),
    link("top", "high", "one"),
    link("high", "end", "one"),
    link("low", "end", "two"),
  ];
  const places = layout(nodes, links);

  assert.equal(at(places, "low")[0], at(places, "high")[0]);
  assert.ok(at(places, "high")[1] < at(places, "low")[1]);
  assert.equal(crossings(drawnLinks(nodes, links, places)), 0);
});

Deno.test("what feeds only a late node stands beside it", () => {
  const nodes = ["start", "middle", "late", "loader"].map((id) => node(id, ["a", "b"]));
  const places = layout(nodes, [
    link("start", "middle", "a"),
    link("middle", "late", "a"),
    link("loader", "late", "b"),
  ]);

  assert.equal(at(places, "loader")[0], at(places, "middle")[0]);
});

Deno.test("parts that nothing connects lie apart, and nodes without links in rows below", () => {
  const nodes = ["a", "b", "c", "d", ...Array.from({ length: 30 }, (_, n) => `loose${n}`)].map((id) =>
    node(id, ["in"])
  );
  const places = layout(nodes, [link("a", "b", "in"), link("c", "d", "in")]);

  assert.equal(at(places, "a")[0], at(places, "c")[0]);
  assert.ok(at(places, "loose0")[1] > Math.max(at(places, "b")[1], at(places, "d")[1]));
  assert.ok(new Set(nodes.slice(4).map(({ id }) => at(places, id)[1])).size > 1);
  assert.deepEqual(overlaps(nodes, places), []);
});

Deno.test("no nodes overlap, and every link goes from left to right", () => {
  for (const [count, seed] of [[5, 1], [40, 2], [200, 3], [500, 4], [2000, 5]]) {
    const { nodes, links } = randomGraph(count, seed);
    const places = layout(nodes, links);

    assert.equal(places.size, count);
    assert.deepEqual(overlaps(nodes, places), []);
    for (const { from, to } of drawnLinks(nodes, links, places)) assert.ok(from[0] + GAP <= to[0]);
  }
});

Deno.test("links cross far less than in columns that nobody sorted", () => {
  for (const seed of [1, 2, 3]) {
    const { nodes, links } = randomGraph(80, seed);
    const places = layout(nodes, links);
    const columns = Map.groupBy(nodes, ({ id }) => at(places, id)[0]);
    const unsorted = new Map(
      [...columns].flatMap(([x, column]) =>
        column.map(({ id }, row) => /** @type {const} */ ([id, [x, row * 300]]))
      ),
    );
    const [before, after] = [unsorted, places].map((found) => crossings(drawnLinks(nodes, links, found)));

    assert.ok(after < 0.7 * before, `${after} of ${before}`);
  }
});

Deno.test("equal graphs give equal places, whatever order their links come in", () => {
  const { nodes, links } = randomGraph(120, 6);

  assert.deepEqual(layout(nodes, links), layout(structuredClone(nodes), links.slice()));
  assert.deepEqual(layout(nodes, links.toReversed()), layout(nodes, links));
});

Deno.test("a selection keeps its top left corner", () => {
  const nodes = [node("a", ["in"], { at: [530, 95] }), node("b", ["in"], { at: [400, 300] })];
  const places = [...layout(nodes, [link("a", "b", "in")]).values()];

  assert.deepEqual([0, 1].map((axis) => Math.min(...places.map((place) => place[axis]))), [400, 95]);
});

Deno.test("links from or to other nodes, and to sockets nobody knows, do no harm", () => {
  const nodes = [node("a", ["in"]), node("b", ["in"])];
  const places = layout(nodes, [
    link("a", "b", "gone"),
    link("elsewhere", "b", "in"),
    link("a", "elsewhere", "in"),
    link("a", "a", "in"),
  ]);

  assert.ok(at(places, "a")[0] < at(places, "b")[0]);
});

Deno.test("a circle is laid out as if one of its links were not there", () => {
  const nodes = ["a", "b", "c"].map((id) => node(id, ["in", "back"]));
  const places = layout(nodes, [link("a", "b", "in"), link("b", "c", "in"), link("c", "a", "back")]);

  assert.deepEqual(overlaps(nodes, places), []);
  assert.equal(new Set(nodes.map(({ id }) => at(places, id)[0])).size, 3);
});

Deno.test("a chain of ten thousand nodes needs no deep stack", () => {
  const nodes = Array.from({ length: 10_000 }, (_, n) => node(`n${n}`, ["in"]));

  assert.equal(layout(nodes, nodes.slice(1).map(({ id }, n) => link(`n${n}`, id, "in"))).size, 10_000);
});

Deno.test("each node is looked at equally often, however many there are", () => {
  const [few, many] = [500, 4000].map((count) => {
    const { nodes, links } = randomGraph(count, 7);
    let looks = 0;
    const watched = nodes.map(({ height, ...rest }) => ({
      ...rest,
      get height() {
        looks++;
        return height;
      },
    }));
    layout(watched, links);
    return looks / count;
  });

  assert.ok(many < 1.2 * few, `${many} and ${few}`);
});

Deno.test("the real places of sockets are taken where they are known", () => {
  const nodes = ["a", "b", "end"].map((id) => node(id, []));
  const end = {
    ...nodes[2],
    inputs: new Map([["first", /** @type {const} */ ([0, 180])], ["second", /** @type {const} */ ([0, 20])]]),
  };
  const places = layout([nodes[0], nodes[1], end], [link("a", "end", "first"), link("b", "end", "second")]);

  assert.ok(at(places, "b")[1] < at(places, "a")[1]);
});
