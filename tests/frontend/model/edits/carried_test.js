import assert from "node:assert/strict";
import { bringAlong, carriedFor, publish, usedBy } from "../../../../frontend/model/edits/carried.js";
import { documentOf, done, reason } from "../toy_documents.js";

const inner = documentOf({ open: ["image.open"] });
const outer = documentOf({ inner: ["workflow:inner"] });
const document = documentOf(
  { a: ["workflow:outer"], b: ["workflow:saved"] },
  { workflows: { inner, outer, other: inner } },
);

Deno.test("the workflows that nodes use are followed through those they use", () => {
  assert.deepEqual(usedBy(document.nodes, document.workflows), new Set(["outer", "saved", "inner"]));
  assert.deepEqual(Object.keys(carriedFor(document, document.nodes)), ["inner", "outer"]);
  assert.deepEqual(carriedFor(inner, document.nodes), {});
});

Deno.test("equal workflows are carried once", () => {
  const { op, retype } = bringAlong(document, { inner, outer });

  assert.equal(op, null);
  assert.deepEqual(retype(document.nodes), document.nodes);
});

Deno.test("a workflow whose name means another one there gets a fresh name, everywhere it is used", () => {
  const changed = documentOf({ open: ["image.open"], blur: ["image.blur"] });
  const { op, retype } = bringAlong(document, { inner: changed, outer, saved: outer });
  assert.ok(op);
  const next = done(document, { op });

  assert.deepEqual(Object.keys(next.workflows ?? {}), ["inner", "outer", "other", "inner_2", "saved_2"]);
  assert.equal(next.workflows?.saved_2.nodes.inner.type, "workflow:inner_2");
  assert.deepEqual(
    Object.values(
      retype(documentOf({ x: ["workflow:inner"], y: ["workflow:outer"], z: ["image.open"] }).nodes),
    )
      .map(({ type }) => type),
    ["workflow:inner_2", "workflow:outer", "image.open"],
  );
});

Deno.test("what is published is used from where it is saved, and takes along what it uses", () => {
  const outcome = publish(document, "outer", "portrait");
  assert.ok("op" in outcome);
  const next = done(document, outcome);

  assert.deepEqual(Object.values(next.nodes).map(({ type }) => type), [
    "workflow:portrait",
    "workflow:saved",
  ]);
  assert.equal(next.workflows, undefined);
  assert.deepEqual(outcome.document, { ...outer, workflows: { inner } });
});

Deno.test("what other carried workflows use is published under one name for all", () => {
  const outcome = publish(document, "inner", "opening");
  assert.ok("op" in outcome);
  const next = done(document, outcome);

  assert.deepEqual(Object.keys(next.workflows ?? {}), ["outer"]);
  assert.equal(next.workflows?.outer.nodes.inner.type, "workflow:opening");
  assert.deepEqual(outcome.document, inner);
  assert.deepEqual(Object.keys(done(document, publish(document, "outer", "outer")).nodes), ["a", "b"]);
});

Deno.test("a workflow is not published under the name of another that is carried", () => {
  assert.equal(reason(publish(document, "inner", "outer")), "edit.workflow.carried");
});
