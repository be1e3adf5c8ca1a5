import assert from "node:assert/strict";
import { emptyDocument, normalize } from "../../../frontend/model/document.js";
import { createHistory } from "../../../frontend/model/history.js";
import { createChance, randomDocument, randomOp } from "./random_documents.js";

/** @import { Op } from "../../../frontend/interfaces.d.ts" */

/** @param {string} id */
const label = (id) => ({ id });

/** @type {(title: string) => Op} */
const titled = (title) => ({ op: "set-words", title });

const document = normalize({ weft: 1, nodes: { a: { type: "t", inputs: { text: "" } }, b: { type: "t" } } });

/** @type {(text: string, node?: string) => Op} */
const typed = (text, node = "a") => ({ op: "set-inputs", changes: [{ node, input: "text", value: text }] });

Deno.test("what was done is undone and done again, with its labels", () => {
  const history = createHistory(emptyDocument());
  history.perform(label("one"), titled("One"));
  history.perform({ id: "two", with: { node: "n" } }, titled("Two"));

  assert.ok(history.undo());
  assert.equal(history.document.value.title, "One");
  assert.deepEqual(history.entries.value.map((entry) => entry.label), [label("one"), {
    id: "two",
    with: { node: "n" },
  }]);
  assert.deepEqual([history.position.value, history.canUndo.value, history.canRedo.value], [1, true, true]);
  assert.ok(history.undo());
  assert.ok(!history.undo());
  assert.deepEqual(history.document.value, emptyDocument());
  history.goTo(2);
  assert.equal(history.document.value.title, "Two");
  assert.ok(!history.redo());
  history.goTo(-5);
  assert.equal(history.position.value, 0);
});

Deno.test("a new change takes the place of what was undone", () => {
  const history = createHistory(emptyDocument());
  for (const title of ["One", "Two", "Three"]) history.perform(label(title), titled(title));
  history.goTo(1);

  history.perform(label("Other"), titled("Other"));

  assert.deepEqual(history.entries.value.map((entry) => entry.label.id), ["One", "Other"]);
  assert.ok(!history.canRedo.value);
});

Deno.test("typing is one entry, whose op does not grow", () => {
  const history = createHistory(document);
  for (const text of ["h", "he", "hel"]) history.perform(label("text"), typed(text), { merge: "a.text" });

  assert.equal(history.entries.value.length, 1);
  assert.deepEqual(history.entries.value[0].op, typed("hel"));
  history.undo();
  assert.deepEqual(history.document.value, document);
  history.redo();
  assert.equal(history.document.value.nodes.a.inputs.text, "hel");
});

Deno.test("changes of other places, and those after an undo, are entries of their own", () => {
  const history = createHistory(document);
  history.perform(label("text"), typed("x"), { merge: "a.text" });
  history.perform(label("text"), typed("x", "b"), { merge: "b.text" });
  history.undo();
  history.perform(label("text"), typed("xy"), { merge: "a.text" });
  history.perform(label("text"), typed("xyz"));

  assert.equal(history.entries.value.length, 3);
});

Deno.test("merged ops are undone wholly even where the later one touched more", () => {
  const history = createHistory(document);
  const both = /** @type {(at: number) => Op} */ ((at) => ({
    op: "set-looks",
    looks: { a: { at: [at, 0] }, b: { at: history.document.value.view.nodes.b.at } },
  }));
  history.perform(label("move"), both(1000), { merge: "move" });
  history.perform(label("move"), { op: "set-looks", looks: { a: { at: [2000, 0] }, b: { at: [7, 7] } } }, {
    merge: "move",
  });

  assert.equal(history.entries.value.length, 1);
  history.undo();
  assert.deepEqual(history.document.value, document);
});

Deno.test("an op that changes nothing leaves no entry, and one that fails changes nothing", () => {
  const history = createHistory(document);
  history.perform(label("nothing"), { op: "set-frames", frames: [] });
  assert.throws(() => history.perform(label("wrong"), { op: "remove-nodes", nodes: ["ghost"] }));

  assert.equal(history.entries.value.length, 0);
  assert.equal(history.document.value, document);
});

Deno.test("who listens hears every op in order, those of undo and redo too", () => {
  const history = createHistory(emptyDocument());
  /** @type {Op[]} */
  const heard = [];
  const stop = history.listen((op) => heard.push(op));
  history.perform(label("one"), titled("One"));
  history.undo();
  history.redo();
  stop();
  history.perform(label("two"), titled("Two"));

  assert.deepEqual(heard, [titled("One"), titled(""), titled("One")]);
});

Deno.test("a history goes on from what was kept of it", () => {
  const chance = createChance(7);
  const start = randomDocument(chance);
  const history = createHistory(start);
  for (let count = 0; count < 20; count++) {
    history.perform(label("op"), randomOp(chance, history.document.value));
  }
  history.undo();
  const kept = JSON.parse(JSON.stringify({
    document: history.document.value,
    past: { entries: history.entries.value, position: history.position.value },
  }));

  const again = createHistory(kept.document, kept.past);
  again.redo();
  history.redo();

  assert.deepEqual(again.document.value, history.document.value);
  again.goTo(0);
  assert.deepEqual(again.document.value, start);
});
