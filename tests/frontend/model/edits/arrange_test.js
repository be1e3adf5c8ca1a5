import assert from "node:assert/strict";
import { align, distribute, laidOut, toLayOut } from "../../../../frontend/model/edits/arrange.js";
import { layout } from "../../../../frontend/model/layout.js";
import { catalog, documentOf, done, link } from "../toy_documents.js";

const document = documentOf({
  c: ["image.blur", { image: link("b.image") }],
  a: ["image.open"],
  b: ["image.blur", { image: link("a.image") }],
}, {
  view: {
    nodes: { c: { at: [0, 10] }, a: { at: [500, 200] }, b: { at: [220, 40] } },
    routes: { "c.image": [[1, 1]] },
  },
});

const boxes = new Map(
  Object.entries(document.view.nodes).map(([id, { at: [x, y] }], index) => {
    const entry = document.nodes[id];
    return [id, {
      id,
      entry,
      look: document.view.nodes[id],
      type: catalog.get(entry.type),
      x,
      y,
      width: 100,
      height: 50 + 50 * index,
      inputs: new Map([["image", /** @type {const} */ ([0, 20])]]),
      outputs: new Map([["image", /** @type {const} */ ([100, 20])]]),
    }];
  }),
);

const ids = ["a", "b", "c"];

/** @type {(document: import("../../../../frontend/interfaces.d.ts").WorkflowDocument, ids: string[]) => ReturnType<typeof laidOut>} */
const tidy = (document, ids) => {
  const { nodes, links } = toLayOut(document, boxes, ids);
  return laidOut(document, layout(nodes, links));
};

/** @type {(next: typeof document) => Record<string, readonly [number, number]>} */
const places = (next) => Object.fromEntries(ids.map((id) => [id, next.view.nodes[id].at]));

Deno.test("nodes are aligned at each edge and in the middle", () => {
  const left = places(done(document, align(document, boxes, ids, "left")));
  const right = places(done(document, align(document, boxes, ids, "right")));
  const bottom = places(done(document, align(document, boxes, ids, "bottom")));
  const middle = places(done(document, align(document, boxes, ["a", "c"], "middle")));

  assert.deepEqual(Object.values(left).map(([x]) => x), [0, 0, 0]);
  assert.deepEqual(Object.values(right).map(([x]) => x), [500, 500, 500]);
  assert.deepEqual(ids.map((id) => bottom[id][1] + (boxes.get(id)?.height ?? 0)), [300, 300, 300]);
  assert.deepEqual([middle.a, middle.c, middle.b], [[500, 105], [0, 130], [220, 40]]);
});

Deno.test("nodes are distributed with equal gaps between them", () => {
  const next = places(done(document, distribute(document, boxes, ids, "x")));

  assert.deepEqual([next.c[0], next.b[0], next.a[0]], [0, 250, 500]);
});

Deno.test("pinned nodes stay where they are", () => {
  const pinned = done(document, { op: { op: "set-looks", looks: { a: { pinned: true } } } });

  assert.deepEqual(places(done(pinned, align(pinned, boxes, ids, "left"))).a, [500, 200]);
  assert.deepEqual(places(done(pinned, tidy(pinned, ids))).a, [500, 200]);
});

Deno.test("tidied nodes stand in the order of their links, the corner stays, and wires run straight", () => {
  const next = done(document, tidy(document, ids));
  const { a, b, c } = places(next);

  assert.ok(a[0] < b[0] && b[0] < c[0]);
  assert.deepEqual([Math.min(a[0], b[0], c[0]), Math.min(a[1], b[1], c[1])], [0, 10]);
  assert.equal(next.view.routes, undefined);
});

Deno.test("only the chosen nodes are tidied", () => {
  const next = done(document, tidy(document, ["a", "b"]));

  assert.deepEqual(next.view.nodes.c, document.view.nodes.c);
  assert.deepEqual(next.view.routes, document.view.routes);
});

Deno.test("nodes that went while the layout was computed are passed over", () => {
  const places = new Map([["a", /** @type {const} */ ([7, 7])], ["ghost", /** @type {const} */ ([1, 1])]]);

  assert.deepEqual(done(document, laidOut(document, places)).view.nodes.a.at, [7, 7]);
});
