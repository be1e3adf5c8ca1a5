import assert from "node:assert/strict";
import { suggestedName } from "../../../frontend/panels/document_actions.js";
import { contentOf } from "../../../frontend/panels/live_run.js";
import { joined } from "../../../frontend/panels/picture_pages.js";
import { emptyDocument } from "../../../frontend/model/document.js";

/** @import { AssetView } from "../../../frontend/interfaces.d.ts" */

Deno.test("a title becomes a name that the server takes", () => {
  const names = ["Text to image!", "Übermut  2", "---", "a".repeat(150), `${"a".repeat(99)} b`].map(
    suggestedName,
  );

  assert.deepEqual(names, ["text-to-image", "übermut-2", "workflow", "a".repeat(100), "a".repeat(99)]);
});

Deno.test("where nodes lie is nothing that a live run waits for", () => {
  const before = emptyDocument();
  const moved = {
    ...before,
    view: {
      ...before.view,
      notes: [{ id: "a", at: /** @type {const} */ ([1, 2]), size: /** @type {const} */ ([3, 4]), text: "" }],
    },
  };

  assert.equal(contentOf(before), contentOf(moved));
  assert.notEqual(
    contentOf(before),
    contentOf({ ...before, nodes: { a: { type: "t", version: 1, inputs: {} } } }),
  );
});

Deno.test("a picture that stands on two pages is seen once", () => {
  const assets = ["a", "b", "c"].map((digest) => /** @type {AssetView} */ ({ digest }));

  assert.deepEqual(joined(assets.slice(0, 2), assets.slice(1)).map(({ digest }) => digest), ["a", "b", "c"]);
});
