import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { SIZES } from "../../../frontend/view/metrics.js";
import { createPlane, union } from "../../../frontend/view/plane.js";

/** @import { NodeType, WorkflowDocument } from "../../../frontend/interfaces.d.ts" */
/** @import { WireStyle } from "../../../frontend/view/curves.js" */

const socket = {
  doc: "",
  traits: {},
  advice: [],
  lazy: false,
  link_only: true,
  required: true,
  widget: null,
};

/** Two nodes, one feeding the other, and a third alone. */
const scene = () => {
  const types = signal(
    /** @type {ReadonlyMap<string, NodeType>} */ (new Map([
      ["make", /** @type {any} */ ({ inputs: [], outputs: [{ name: "image", type: "image" }] })],
      [
        "show",
        /** @type {any} */ ({ inputs: [{ ...socket, name: "images", type: "list[image]" }], outputs: [] }),
      ],
    ])),
  );
  const document = signal(
    /** @type {WorkflowDocument} */ ({
      weft: 1,
      inputs: {},
      outputs: {},
      nodes: {
        a: { type: "make", version: 1, inputs: {} },
        b: { type: "show", version: 1, inputs: { images: [{ from: "a.image" }] } },
        c: { type: "make", version: 1, inputs: {} },
      },
      view: {
        nodes: { a: { at: [0, 0] }, b: { at: [400, 0] }, c: { at: [0, 400] } },
        frames: [{ id: "f", at: [-40, 360], size: [400, 200], title: "Alone" }],
        notes: [{ id: "n", at: [400, 400], size: [200, 100], text: "Hm" }],
      },
    }),
  );
  const wireStyle = signal(/** @type {WireStyle} */ ("curved"));
  const table = signal({ types: [], rules: [], converters: [] });
  const catalog = { types, table, get: (/** @type {string} */ type) => types.value.get(type) };
  return { document, types, wireStyle, plane: createPlane({ document, catalog, wireStyle }) };
};

/** @param {WorkflowDocument} document @param {string} node @param {[number, number]} at @returns {WorkflowDocument} */
const moved = (document, node, at) => ({
  ...document,
  view: { ...document.view, nodes: { ...document.view.nodes, [node]: { ...document.view.nodes[node], at } } },
});

Deno.test("a box is at the place of its node", () => {
  const box = scene().plane.boxes.value.get("b");

  assert.deepEqual([box?.x, box?.y, box?.width], [400, 0, SIZES.width]);
});

Deno.test("a move makes only the box that moved and its wires anew", () => {
  const { document, plane } = scene();
  const [boxes, wires] = [plane.boxes.value, plane.wires.value];
  document.value = moved(document.value, "c", [8, 408]);

  assert.equal(plane.boxes.value.get("a"), boxes.get("a"));
  assert.notEqual(plane.boxes.value.get("c"), boxes.get("c"));
  assert.equal(plane.wires.value[0], wires[0]);
});

Deno.test("a change that moves nothing leaves the boxes as they are", () => {
  const { document, plane } = scene();
  const boxes = plane.boxes.value;
  document.value = { ...document.value, title: "Other" };

  assert.equal(plane.boxes.value, boxes);
});

Deno.test("a wire goes from the socket it starts at to the one it feeds, with the type of its source", () => {
  const { plane } = scene();
  const [wire] = plane.wires.value;

  assert.deepEqual(wire.points[0], plane.socketPoint({ node: "a", side: "output", name: "image" }));
  assert.deepEqual(wire.points[1], plane.socketPoint({ node: "b", side: "input", name: "images" }));
  assert.equal(wire.type, "image");
});

Deno.test("a wire passes the points of its route", () => {
  const { document, plane } = scene();
  const [{ key }] = plane.wires.value;
  document.value = { ...document.value, view: { ...document.value.view, routes: { [key]: [[330, 90]] } } };

  assert.deepEqual(plane.wires.value[0].points[1], [330, 90]);
  assert.deepEqual(plane.routeNear([332, 90], 4), { key, index: 0 });
  assert.equal(plane.routeNear([340, 90], 4), null);
});

Deno.test("a link to a node that is not there is not drawn", () => {
  const { document, plane } = scene();
  const { a: _, ...nodes } = document.value.nodes;
  document.value = { ...document.value, nodes };

  assert.deepEqual(plane.wires.value, []);
});

Deno.test("of nodes that overlap the last is found", () => {
  const { document, plane } = scene();
  document.value = moved(document.value, "b", [10, 10]);

  assert.equal(plane.boxAt([20, 20])?.id, "b");
  assert.equal(plane.boxAt([5, 5])?.id, "a");
  assert.equal(plane.boxAt([-500, 0]), null);
});

Deno.test("the nearest socket within reach that is accepted is found", () => {
  const { plane } = scene();
  const at = plane.socketPoint({ node: "b", side: "input", name: "images" }) ?? [0, 0];

  assert.deepEqual(plane.socketNear([at[0] - 6, at[1]], 10), { node: "b", side: "input", name: "images" });
  assert.equal(plane.socketNear([at[0] - 16, at[1]], 10), null);
  assert.equal(plane.socketNear(at, 10, ({ side }) => side === "output"), null);
});

Deno.test("a wire is near where it is drawn, and nowhere when wires are hidden", () => {
  const { plane, wireStyle } = scene();
  const [from, to] = plane.wires.value[0].points;
  /** @type {[number, number]} */
  const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];

  assert.equal(plane.wireNear(middle, 4), plane.wires.value[0]);
  assert.equal(plane.wireNear([middle[0], middle[1] + 30], 4), null);
  wireStyle.value = "hidden";
  assert.equal(plane.wireNear(middle, 4), null);
});

Deno.test("the parts of a frame and of a note are told apart", () => {
  const { plane } = scene();

  assert.equal(plane.frameAt([0, 370])?.part, "title");
  assert.equal(plane.frameAt([300, 500])?.part, "body");
  assert.equal(plane.frameAt([358, 558])?.part, "corner");
  assert.equal(plane.frameAt([900, 900]), null);
  assert.equal(plane.noteAt([410, 410])?.part, "body");
  assert.equal(plane.noteAt([599, 499])?.part, "corner");
});

Deno.test("a socket has the type that the catalogue gives it", () => {
  const { plane } = scene();

  assert.equal(plane.socketType({ node: "b", side: "input", name: "images" }), "list[image]");
  assert.equal(plane.socketType({ node: "b", side: "output", name: "images" }), null);
});

Deno.test("what a node of any type gives has the type that it is given", () => {
  const { document, types, plane } = scene();
  const pass = /** @type {any} */ ({
    inputs: [{ ...socket, name: "value", type: "$Item" }],
    outputs: [{ name: "value", type: "$Item" }],
  });
  types.value = new Map([...types.value, ["pass", pass]]);
  const { nodes } = document.value;
  const b = { ...nodes.b, inputs: { images: [{ from: "pass.value" }] } };
  const passing = { type: "pass", version: 1, inputs: { value: { from: "a.image" } } };
  document.value = { ...document.value, nodes: { ...nodes, b, pass: passing } };

  assert.deepEqual(plane.wires.value.map(({ key, type }) => [key, type]), [["b.images#0", "image"], [
    "pass.value",
    "image",
  ]]);
  assert.equal(plane.socketType({ node: "pass", side: "output", name: "value" }), "image");
});

Deno.test("a workflow that the document carries along has the sockets of its own inputs and outputs", () => {
  const { document, plane } = scene();
  const inner = {
    ...document.value,
    inputs: { pictures: { to: ["b.images"] } },
    outputs: { one: { from: "c.image" } },
  };
  document.value = {
    ...document.value,
    nodes: { ...document.value.nodes, d: { type: "workflow:inner", version: 1, inputs: {} } },
    workflows: { inner },
  };

  assert.deepEqual([...plane.boxes.value.get("d")?.inputs.keys() ?? []], ["pictures"]);
  assert.equal(plane.socketType({ node: "d", side: "output", name: "one" }), "image");
});

Deno.test("bounds hold the nodes asked for, or everything with frames and notes", () => {
  const { plane } = scene();
  const all = plane.bounds();

  assert.deepEqual([plane.bounds(["b"])?.x, plane.bounds(["b"])?.width], [400, SIZES.width]);
  assert.deepEqual([all?.x, all?.y, all?.width], [-40, 0, 400 + SIZES.width + 40]);
  assert.equal(plane.bounds([]), null);
  assert.equal(union([]), null);
});

Deno.test("a type that becomes known changes the boxes of its nodes alone", () => {
  const { plane, types } = scene();
  const boxes = plane.boxes.value;
  types.value = new Map([...types.value, ["show", /** @type {any} */ ({ inputs: [], outputs: [] })]]);

  assert.equal(plane.boxes.value.get("a"), boxes.get("a"));
  assert.notEqual(plane.boxes.value.get("b"), boxes.get("b"));
});
