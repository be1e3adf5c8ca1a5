import assert from "node:assert/strict";

import { createRenamings, renamesIn } from "../../../frontend/net/renamings.js";

Deno.test("a node is known under its new name, however often it is renamed", () => {
  const renamings = createRenamings();

  renamings.rename(["job"], "a", "b");
  renamings.rename(["job"], "b", "c");

  assert.deepEqual([renamings.now("job", "a"), renamings.then("job", "c")], ["c", "a"]);
  assert.equal(renamings.now("later", "a"), "a");
});

Deno.test("renaming a node back leaves all names as they were, also where another one had the new name before", () => {
  const renamings = createRenamings();

  renamings.rename(["job"], "a", "b");
  renamings.rename(["job"], "b", "a");

  for (const node of ["a", "b", "c"]) {
    assert.deepEqual([renamings.now("job", node), renamings.then("job", node)], [node, node]);
  }
});

Deno.test("a node that takes the name which another one had knows nothing of it", () => {
  const renamings = createRenamings();

  renamings.rename(["job"], "a", "b");

  assert.notEqual(renamings.then("job", "a"), "a");
});

Deno.test("names outlive the page, and jobs that are not shown any more are forgotten", () => {
  const before = createRenamings();
  before.rename(["one", "two"], "a", "b");

  const after = createRenamings(JSON.parse(JSON.stringify(before)));
  assert.equal(after.now("one", "a"), "b");
  after.rename(["two"], "b", "c");

  assert.deepEqual(Object.keys(after.toJSON()), ["two"]);
  assert.equal(after.now("two", "a"), "c");
});

Deno.test("renamings are found in changes that are made together, in their order", () => {
  assert.deepEqual(
    renamesIn({
      op: "together",
      ops: [{ op: "rename-node", node: "a", name: "b" }, { op: "set-words", title: "x" }, {
        op: "together",
        ops: [{ op: "rename-node", node: "b", name: "c" }],
      }],
    }),
    [["a", "b"], ["b", "c"]],
  );
});
