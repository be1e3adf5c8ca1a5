import assert from "node:assert/strict";
import { signal } from "@preact/signals";

import { normalize } from "../../../frontend/model/document.js";
import { createHistory } from "../../../frontend/model/history.js";
import { findPart, homeOf, putPartBack } from "../../../frontend/net/parts.js";
import { toyTab } from "./toy_tab.js";

/** @import { Tab } from "../../../frontend/interfaces.d.ts" */

const inner = normalize({ weft: 1, title: "Inner", nodes: { draw: { type: "toy.picture" } } });
const outer = normalize({ weft: 1, nodes: { a: { type: "workflow:inner" } }, workflows: { inner } });

/** @returns {[home: Tab, part: Tab]} */
const opened = () => [
  { ...toyTab("home"), history: createHistory(outer) },
  {
    ...toyTab("part"),
    part: signal({ tab: "home", workflow: "inner" }),
    history: createHistory(inner),
    saved: signal(inner),
  },
];

Deno.test("what is changed in a part goes back into the document that carries it, as one change there", () => {
  const [home, part] = opened();
  part.history.perform({ id: "x" }, { op: "set-words", title: "Changed" });

  assert.equal(putPartBack([home, part], part), home);

  const { history } = home;
  assert.equal(history.document.value.workflows?.inner.title, "Changed");
  assert.equal(part.saved.value, part.history.document.value);
  assert.deepEqual(history.entries.value.map(({ label }) => label.id), ["step.put-back"]);
  history.undo();
  assert.deepEqual(history.document.value, outer);
});

Deno.test("a part whose home is closed goes nowhere, and nor does a document of its own", () => {
  const [home, part] = opened();

  assert.equal(putPartBack([part], part), null);
  assert.equal(putPartBack([home, part], home), null);
  assert.deepEqual(home.history.entries.value, []);
});

Deno.test("a part is found by where it belongs, and its home by the part", () => {
  const [home, part] = opened();

  assert.equal(findPart([home, part], { tab: "home", workflow: "inner" }), part);
  assert.equal(findPart([home, part], { tab: "home", workflow: "other" }), undefined);
  assert.equal(homeOf([home, part], part), home);
  assert.equal(homeOf([home, part], home), null);
});
