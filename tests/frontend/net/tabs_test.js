import assert from "node:assert/strict";

import { emptyDocument, normalize } from "../../../frontend/model/document.js";
import { createApi } from "../../../frontend/net/api.js";
import { isApiFault } from "../../../frontend/net/fault.js";
import { submissionOf } from "../../../frontend/net/submission.js";
import { createTabs } from "../../../frontend/net/tabs.js";
import { toyCatalog } from "./toy_catalog.js";
import { startToyServer } from "./toy_server.js";
import { toyDocument } from "./toy_tab.js";

/** @import { Draft, Drafts } from "../../../frontend/net/drafts.js" */
/** @import { Tab } from "../../../frontend/interfaces.d.ts" */

/**
 * Makes the tabs of a page, with drafts that are only written down.
 *
 * @param {{ restored?: Partial<Draft>[], base?: string, current?: string }} [page]
 */
const opened = ({ restored = [], base = "http://127.0.0.1:1", current } = {}) => {
  /** @type {Map<string, Partial<Draft>>} */
  const kept = new Map(restored.map((draft) => [draft.id ?? "", draft]));
  const drafts = /** @type {Drafts} */ (/** @type {unknown} */ ({
    restored: restored.map((draft) => ({ closedAt: 0, ...draft })),
    keep: (/** @type {string} */ id, /** @type {Partial<Draft>} */ changes) =>
      kept.set(id, { ...kept.get(id), ...changes }),
    forget: (/** @type {string} */ id) => kept.delete(id),
  }));
  const items = new Map(current ? [["weft.tab", current]] : []);
  const storage = {
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void items.set(key, value),
  };
  const tabs = createTabs(createApi({ base }), drafts, { storage });
  return { tabs, kept, items, titles: () => tabs.all.value.map((tab) => tab.history.document.value.title) };
};

/** @param {Tab} tab @param {string} title */
const retitle = (tab, title) => tab.history.perform({ id: "x" }, { op: "set-words", title });

/** @param {string} title */
const titled = (title) => ({ ...toyDocument, title });

Deno.test("a page begins with an empty document, which gives way to the first that is opened", () => {
  const { tabs, kept, titles } = opened();
  const [empty] = tabs.all.value;
  assert.deepEqual(empty.history.document.value, emptyDocument());

  tabs.open(titled("one"));
  tabs.open(titled("two"));

  assert.deepEqual(titles(), ["one", "two"]);
  assert.equal(tabs.current.value.history.document.value.title, "two");
  assert.deepEqual([...kept.keys()], tabs.all.value.map(({ id }) => id));
});

Deno.test("every change is in the draft at once, with the way back", () => {
  const { tabs, kept } = opened();
  const tab = tabs.open(titled("one"), { name: "saved", revision: 3 });
  retitle(tab, "changed");
  tab.place.value = { x: 1, y: 2, zoom: 3 };
  tab.history.undo();

  const draft = kept.get(tab.id);
  assert.deepEqual([draft?.name, draft?.revision, draft?.place], ["saved", 3, { x: 1, y: 2, zoom: 3 }]);
  assert.equal(draft?.document, tab.history.document.value);
  assert.deepEqual([draft?.past?.entries.length, draft?.past?.position], [1, 0]);
});

Deno.test("what was open is open again, with its history, and the same tab in front", () => {
  const before = opened();
  const first = before.tabs.open(titled("one"));
  retitle(first, "changed");
  before.tabs.open(titled("two"));
  before.tabs.show(first.id);

  const restored = [...before.kept].map(([id, draft]) => ({ ...draft, id }));
  const { tabs, titles } = opened({ restored, current: before.items.get("weft.tab") });

  assert.deepEqual(titles(), ["changed", "two"]);
  const tab = tabs.current.value;
  assert.equal(tab.id, first.id);
  assert.ok(tab.isDirty.value);
  assert.ok(tab.history.undo());
  assert.deepEqual([tab.history.document.value.title, tab.isDirty.value], ["one", false]);
});

Deno.test("empty tabs that nobody touched are not brought back", () => {
  const draft = { document: emptyDocument(), saved: emptyDocument(), past: { entries: [], position: 0 } };

  const { tabs, kept } = opened({
    restored: [{ ...draft, id: "empty" }, { ...draft, id: "named", name: "n" }],
  });

  assert.deepEqual(tabs.all.value.map(({ id }) => id), ["named"]);
  assert.ok(!kept.has("empty"));
});

Deno.test("a tab that was closed is brought back as it was, also after a reload", () => {
  const before = opened();
  const tab = before.tabs.open(titled("one"));
  retitle(tab, "changed");
  before.tabs.open(titled("two"));
  before.tabs.close(tab.id);
  assert.deepEqual(before.titles(), ["two"]);

  const restored = [...before.kept].map(([id, draft]) => ({ ...draft, id }));
  const { tabs, titles, kept } = opened({ restored });
  assert.deepEqual(titles(), ["two"]);
  assert.ok(tabs.reopen());
  assert.ok(!tabs.reopen());

  assert.deepEqual(titles(), ["two", "changed"]);
  assert.equal(kept.get(tab.id)?.closedAt, 0);
  assert.ok(tabs.current.value.history.undo());
});

Deno.test("closing the last tab leaves an empty one, and closing the one in front shows its neighbour", () => {
  const { tabs, titles } = opened();
  const ids = ["one", "two", "three"].map((title) => tabs.open(titled(title)).id);

  tabs.show(ids[1]);
  tabs.close(ids[1]);
  assert.equal(tabs.current.value.id, ids[2]);
  tabs.close(ids[2]);
  tabs.close(ids[0]);
  tabs.close("nobody");

  assert.deepEqual(titles(), [undefined]);
});

Deno.test("only the tabs closed last are kept for being brought back", () => {
  const { tabs, kept } = opened();
  for (let count = 0; count < 15; count += 1) tabs.close(tabs.open(titled(`${count}`)).id);

  assert.equal([...kept.values()].filter(({ closedAt }) => closedAt).length, 10);
});

Deno.test("a document is dirty until it is what was saved, however that came about", () => {
  const { tabs } = opened();
  const tab = tabs.open(titled("one"));
  assert.ok(!tab.isDirty.value);

  retitle(tab, "two");
  assert.ok(tab.isDirty.value);
  retitle(tab, "one");

  assert.ok(!tab.isDirty.value);
});

Deno.test("another order of the inputs of the form is a change to save", () => {
  const { tabs } = opened();
  const [first, second] = [{ to: ["scale.image"] }, { to: ["other.seed"] }];
  const tab = tabs.open({ ...titled("one"), inputs: { first, second } });

  const { outputs } = tab.history.document.value;
  tab.history.perform({ id: "x" }, { op: "set-signature", inputs: { second, first }, outputs });

  assert.ok(tab.isDirty.value);
  tab.history.undo();
  assert.ok(!tab.isDirty.value);
});

Deno.test("what a job ran is opened without the outputs that only showed pictures", () => {
  const { tabs } = opened();

  const tab = tabs.open(normalize(submissionOf(toyDocument, toyCatalog).workflow));

  assert.deepEqual(Object.keys(tab.history.document.value.outputs), ["result"]);
});

Deno.test("what is saved is opened once, a template without its name, and what is not there is a fault", async () => {
  const server = startToyServer();
  const { tabs, titles } = opened({ base: server.base });
  const answer = (/** @type {string} */ tag) => () =>
    Response.json(titled(tag), { headers: { ETag: `"${tag}"` } });
  server.answers.set("GET /api/workflows/mine", answer("4"));
  server.answers.set("GET /api/workflows/shipped", answer("template-1"));

  const [mine, again] = await Promise.all([tabs.openSaved("mine"), tabs.openSaved("mine")]);
  const shipped = await tabs.openSaved("shipped");
  assert.equal(await tabs.openSaved("mine"), mine);
  await assert.rejects(
    tabs.openSaved("nobody"),
    (fault) => isApiFault(fault) && fault.code === "workflow-unknown",
  );

  assert.equal(mine, again);
  assert.deepEqual([mine.name.value, mine.revision.value], ["mine", 4]);
  assert.deepEqual([shipped.name.value, shipped.revision.value], [null, 0]);
  assert.deepEqual(titles(), ["4", "template-1"]);
  await server.stop();
});

Deno.test("theirs takes the place of a document, which is brought back from among the closed", async () => {
  const server = startToyServer();
  const { tabs, titles } = opened({ base: server.base });
  server.answers.set(
    "PUT /api/workflows/mine",
    () => Response.json({ code: "precondition-failed" }, { status: 412 }),
  );
  server.answers.set(
    "GET /api/workflows/mine",
    () => Response.json(titled("theirs"), { headers: { ETag: '"5"' } }),
  );
  tabs.open(titled("before"));
  const tab = tabs.open(titled("ours"), { name: "mine", revision: 4 });
  retitle(tab, "ours, changed");

  const conflict = await tabs.save(tab).then(() => null, (fault) => fault);
  await conflict.choices.find((/** @type {{ id: string }} */ { id }) => id === "theirs").run("");

  assert.deepEqual(titles(), ["before", "theirs"]);
  assert.deepEqual([tabs.current.value.name.value, tabs.current.value.revision.value], ["mine", 5]);
  tabs.reopen();
  assert.deepEqual(titles(), ["before", "theirs", "ours, changed"]);
  await server.stop();
});

Deno.test("a carried workflow is opened once, with what it needs, and anew where the document has another by now", () => {
  const deep = normalize({ weft: 1, nodes: { draw: { type: "toy.picture" } } });
  const inner = normalize({ weft: 1, nodes: { a: { type: "workflow:deep" } } });
  const nodes = { a: { type: "workflow:inner" } };
  const { tabs, kept } = opened();
  const home = tabs.open(normalize({ weft: 1, nodes, workflows: { inner, deep, other: deep } }));

  const part = tabs.openPart(home, "inner");
  assert.deepEqual(Object.keys(part?.history.document.value.workflows ?? {}), ["deep"]);
  assert.deepEqual(kept.get(part?.id ?? "")?.part, { tab: home.id, workflow: "inner" });
  tabs.show(home.id);
  assert.equal(tabs.openPart(home, "inner"), part);
  assert.equal(tabs.current.value, part);
  assert.equal(tabs.openPart(home, "nobody"), null);

  const changed = { ...inner, title: "Changed" };
  home.history.perform({ id: "x" }, { op: "set-workflows", workflows: { inner: changed } });
  const anew = tabs.openPart(home, "inner");
  assert.equal(anew?.history.document.value.title, "Changed");
  assert.deepEqual(tabs.all.value, [home, anew]);
});

Deno.test("a part that is put back is no longer dirty, also after a reload", () => {
  const inner = normalize({ weft: 1, nodes: { draw: { type: "toy.picture" } } });
  const before = opened();
  const nodes = { a: { type: "workflow:inner" } };
  const home = before.tabs.open(normalize({ weft: 1, nodes, workflows: { inner } }));
  const part = before.tabs.openPart(home, "inner");
  assert.ok(part);
  retitle(part, "changed");

  const { tabs } = opened({ restored: [...before.kept].map(([id, draft]) => ({ ...draft, id })) });
  const [again, same] = tabs.all.value;
  assert.ok(same.isDirty.value);
  assert.equal(tabs.putBack(same), again);

  assert.ok(!same.isDirty.value);
  assert.equal(again.history.document.value.workflows?.inner.title, "changed");
});
