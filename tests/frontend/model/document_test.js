import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { apply, emptyDocument, normalize, OpError, toJSON } from "../../../frontend/model/document.js";

const shipped = new URL("../../../workflows/", import.meta.url);

Deno.test("an empty document is normal already", () => {
  assert.deepEqual(normalize(toJSON(emptyDocument())), emptyDocument());
});

Deno.test("every shipped workflow is written as it was read", () => {
  const files = readdirSync(shipped).filter((name) => name.endsWith(".json"));

  assert.ok(files.length);
  for (const file of files) {
    const json = JSON.parse(readFileSync(new URL(file, shipped), "utf8"));
    const written = toJSON(normalize(json));
    assert.deepEqual(written, json, file);
    assert.equal(JSON.stringify(written.nodes), JSON.stringify(json.nodes), file);
  }
});

Deno.test("what the server may leave out is filled in, and says the same", () => {
  const document = normalize({ weft: 1, title: "", nodes: { a: { type: "t", mode: null, zip: [] } } });

  assert.deepEqual(document, {
    weft: 1,
    inputs: {},
    outputs: {},
    nodes: { a: { type: "t", version: 1, inputs: {} } },
    view: { nodes: { a: { at: document.view.nodes.a.at } }, frames: [], notes: [] },
  });
});

Deno.test("what others keep in the view is kept", () => {
  const view = {
    nodes: { a: { at: [1, 2], mine: 1 } },
    frames: [{ id: "f", at: [0, 0], size: [9, 9], title: "F", mine: 2 }],
    notes: [{ id: "n", at: [0, 0], size: [9, 9], text: "N", mine: 3 }],
    mine: [4],
  };

  assert.deepEqual(
    toJSON(normalize({ weft: 1, nodes: { a: { type: "t", version: 1, inputs: {} } }, view })).view,
    view,
  );
});

Deno.test("a view that makes no sense is mended", () => {
  const view = {
    nodes: { a: { at: "left" }, ghost: { at: [0, 0] }, b: 5 },
    frames: [null, { at: [1, 1] }, { id: "item", size: [1] }],
    notes: "none",
    routes: { "a.x": [[1, 1]], "b.x": [[2, 2], "?"], "b.y": 5 },
  };
  const nodes = { a: { type: "t" }, b: { type: "t", inputs: { x: { from: "a.o" } } } };

  const read = normalize({ weft: 1, nodes, view }).view;

  assert.deepEqual(Object.keys(read.nodes), ["a", "b"]);
  assert.ok(Object.values(read.nodes).every(({ at }) => at.every(Number.isFinite)));
  assert.deepEqual(read.frames.map(({ id, size }) => [id, size]), [["item", [400, 300]], ["item_2", [
    400,
    300,
  ]]]);
  assert.deepEqual(read.notes, []);
  assert.deepEqual(read.routes, { "b.x": [[2, 2]] });
});

Deno.test("nodes without a place are laid out in the order of their links, and keep clear of the others", () => {
  const document = normalize({
    weft: 1,
    nodes: {
      last: { type: "t", inputs: { x: { from: "first.o" } } },
      first: { type: "t" },
      known: { type: "t" },
    },
    view: { nodes: { known: { at: [50, 40] } } },
  });
  const { first, last, known } = document.view.nodes;

  assert.ok(first.at[0] < last.at[0]);
  assert.deepEqual(known.at, [50, 40]);
  assert.ok(first.at[1] > known.at[1] && last.at[1] > known.at[1]);
});

Deno.test("carried workflows are read and written too", () => {
  const inner = { weft: 1, inputs: {}, outputs: {}, nodes: { a: { type: "t", version: 2, inputs: {} } } };
  const document = normalize({ weft: 1, workflows: { inner } });

  assert.equal(document.workflows?.inner.nodes.a.version, 2);
  assert.deepEqual(Object.keys(toJSON(document).workflows ?? {}), ["inner"]);
  assert.ok(
    !("workflows" in toJSON(apply(document, { op: "set-workflows", workflows: { inner: null } }).document)),
  );
});

Deno.test("what is no workflow is refused with the reason", () => {
  for (const json of [null, [], "text", {}, { weft: "1" }, { nodes: {} }]) {
    assert.throws(
      () => normalize(json),
      (error) => error instanceof OpError && error.words.id === "document.none",
    );
  }
  assert.throws(
    () => normalize({ weft: 2 }),
    (error) => error instanceof OpError && error.words.id === "document.newer",
  );
});
