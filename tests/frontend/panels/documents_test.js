import assert from "node:assert/strict";
import { suggestedName } from "../../../frontend/panels/document_actions.js";
import { isSameWork } from "../../../frontend/panels/live_run.js";
import { joined } from "../../../frontend/panels/picture_pages.js";
import { apply, normalize } from "../../../frontend/model/document.js";

/** @import { AssetView } from "../../../frontend/interfaces.d.ts" */

Deno.test("a title becomes a name that the server takes", () => {
  const names = ["Text to image!", "Übermut  2", "---", "a".repeat(150), `${"a".repeat(99)} b`].map(
    suggestedName,
  );

  assert.deepEqual(names, ["text-to-image", "übermut-2", "workflow", "a".repeat(100), "a".repeat(99)]);
});

Deno.test("where nodes lie is nothing that a live run waits for", () => {
  const before = normalize({ weft: 1, nodes: { a: { type: "t", version: 1, inputs: {} } } });
  const placed = apply(before, { op: "set-looks", looks: { a: { at: [1, 2] } } }).document;
  const changed =
    apply(before, { op: "set-inputs", changes: [{ node: "a", input: "b", value: 1 }] }).document;

  assert.equal(isSameWork(before, placed), true);
  assert.equal(isSameWork(before, changed), false);
});

Deno.test("a picture that stands on two pages is seen once", () => {
  const assets = ["a", "b", "c"].map((digest) => /** @type {AssetView} */ ({ digest }));

  assert.deepEqual(joined(assets.slice(0, 2), assets.slice(1)).map(({ digest }) => digest), ["a", "b", "c"]);
});
