import assert from "node:assert/strict";

import { emptyDocument } from "../../../../frontend/model/document.js";
import { apply } from "../../../../frontend/model/ops.js";
import { moveOp } from "../../../../frontend/view/hands/moving.js";

/** @typedef {import("../../../../frontend/interfaces.d.ts").WorkflowDocument} WorkflowDocument */

const EMPTY = emptyDocument();

/** @type {WorkflowDocument} */
const chain = {
  ...EMPTY,
  nodes: {
    a: { type: "t", version: 1, inputs: {} },
    b: { type: "t", version: 1, inputs: { x: { from: "a.y" } } },
  },
  view: {
    ...EMPTY.view,
    nodes: { a: { at: [0, 0] }, b: { at: [300, 0] } },
    frames: [{ id: "f", at: [10, 10], size: [100, 100], title: "" }],
    notes: [{ id: "n", at: [20, 20], size: [100, 100], text: "" }],
    routes: { "b.x": [[150, 50]] },
  },
};

/** @type {(nodes: string[], frames?: string[], notes?: string[]) => WorkflowDocument} */
const moved = (nodes, frames = [], notes = []) => {
  const what = { nodes: new Set(nodes), frames: new Set(frames), notes: new Set(notes) };
  return apply(chain, moveOp(chain, what, [10, 20.4])).document;
};

Deno.test("nodes, frames and notes go the same way, to whole pixels", () => {
  const { view } = moved(["a"], ["f"], ["n"]);

  assert.deepEqual(view.nodes.a.at, [10, 20]);
  assert.deepEqual(view.frames[0].at, [20, 30]);
  assert.deepEqual(view.notes[0].at, [30, 40]);
  assert.deepEqual(view.nodes.b.at, [300, 0]);
});

Deno.test("dots of a wire go along when both of its ends do", () => {
  assert.deepEqual(moved(["a", "b"]).view.routes, { "b.x": [[160, 70]] });
  assert.deepEqual(moved(["b"]).view.routes, { "b.x": [[150, 50]] });
});

Deno.test("moving back is the inverse", () => {
  const what = { nodes: new Set(["a", "b"]), frames: new Set(["f"]), notes: new Set(["n"]) };
  const { document, inverse } = apply(chain, moveOp(chain, what, [7, 9]));

  assert.deepEqual(apply(document, inverse).document, chain);
});
