import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { normalize, toJSON } from "../../../frontend/model/document.js";
import { createHistory } from "../../../frontend/model/history.js";
import { runOf } from "../../../frontend/panels/export_dialog.js";
import { toyCatalog } from "../net/toy_catalog.js";

/** @import { WorkflowDocument } from "../../../frontend/interfaces.d.ts" */

const whole = normalize({
  weft: 1,
  outputs: { picture: { from: "draw.image" } },
  nodes: { draw: { type: "toy.picture" } },
});
const loose = normalize({ ...whole, nodes: { ...whole.nodes, other: { type: "toy.picture" } } });

/** @param {WorkflowDocument} document @param {{ name?: string | null, isDirty?: boolean }} [how] */
const exported = (document, { name = "mine", isDirty = false } = {}) =>
  runOf({ history: createHistory(document), isDirty: signal(isDirty), name: signal(name) }, toyCatalog);

Deno.test("what is saved and gives all that a run shows is called by its name", () => {
  assert.deepEqual(exported(whole), { document: toJSON(whole), name: "mine", why: null });
});

Deno.test("a picture that is no output is asked for by sending the workflow along, and it is said why", () => {
  const { document, name, why } = exported(loose);

  assert.deepEqual(document.outputs, {
    picture: { from: "draw.image" },
    other_image: { from: "other.image" },
  });
  assert.deepEqual([name, why?.id, why?.with], [null, "panels.export.loose", { name: "mine", count: 1 }]);
});

Deno.test("what has changed since it was saved is sent along, and so is what never was saved", () => {
  assert.equal(exported(whole, { isDirty: true }).why?.id, "panels.export.changed");
  assert.deepEqual([exported(whole, { name: null }).name, exported(loose, { name: null }).why], [null, null]);
});
