import assert from "node:assert/strict";

import { openDrafts } from "../../../frontend/net/drafts.js";

const factory = /** @type {IDBFactory} */ (/** @type {unknown} */ ({
  open: () => {
    throw new DOMException("There is no room for databases here.", "SecurityError");
  },
}));

// That drafts survive is shown in tests/editor/test_drafts.py: only a browser has a database to keep them in.
Deno.test("a browser that keeps nothing says so, and everything else goes on", async () => {
  const drafts = await openDrafts({ id: "s", alive: new Set(["s"]), isNew: true }, { factory });

  drafts.keep("t", { name: "n" });
  drafts.keepJobs("t", ["j1", "j2"], { j1: { a: "b" } });
  drafts.keepJobs("unknown", ["j3"]);
  await drafts.flush();

  assert.deepEqual(drafts.restored, []);
  assert.match(String(drafts.fault.value), /no room/);
  assert.deepEqual([drafts.jobsOf("t"), drafts.jobsOf("unknown")], [["j1", "j2"], []]);
  assert.deepEqual([drafts.namesOf("t"), drafts.namesOf("unknown")], [{ j1: { a: "b" } }, {}]);
  drafts.close();
});

Deno.test("a draft that was dropped has no jobs any more", async () => {
  const drafts = await openDrafts({ id: "s", alive: new Set(["s"]), isNew: true }, { factory });
  drafts.keep("t", {});
  drafts.keepJobs("t", ["j"]);

  drafts.forget("t");

  assert.deepEqual(drafts.jobsOf("t"), []);
  drafts.close();
});
