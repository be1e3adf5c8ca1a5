import assert from "node:assert/strict";
import { effect } from "@preact/signals";

import { createSelection } from "../../../frontend/model/selection.js";

Deno.test("what is set takes the place of all that was selected", () => {
  const selection = createSelection();
  selection.set({ nodes: ["a", "b"], frames: ["f"], notes: ["n"] });
  assert.deepEqual([...selection.nodes.value, ...selection.frames.value, ...selection.notes.value], [
    "a",
    "b",
    "f",
    "n",
  ]);

  selection.set({ wire: "a.x" });

  const { nodes, frames, notes, wire } = selection;
  assert.deepEqual([nodes.value.size, frames.value.size, notes.value.size, wire.value], [0, 0, 0, "a.x"]);
});

Deno.test("a node is taken in and out, and a wire steps back", () => {
  const selection = createSelection();
  selection.set({ nodes: ["a"], wire: "a.x" });

  selection.toggle("b");
  selection.toggle("a");

  assert.deepEqual([[...selection.nodes.value], selection.wire.value], [["b"], null]);
});

Deno.test("nothing is selected once it is cleared", () => {
  const selection = createSelection();
  selection.set({ nodes: ["a"], frames: ["f"], notes: ["n"], wire: "w" });

  selection.clear();

  const { nodes, frames, notes, wire } = selection;
  assert.deepEqual([nodes.value.size, frames.value.size, notes.value.size, wire.value], [0, 0, 0, null]);
});

Deno.test("who looks is told once of a change, and not of the same selection again", () => {
  const selection = createSelection();
  let looks = 0;
  const stop = effect(() => {
    looks += Number(selection.nodes.value.size + selection.frames.value.size >= 0);
  });

  selection.set({ nodes: ["a"], frames: ["f"] });
  selection.set({ nodes: ["a"], frames: ["f"] });

  assert.equal(looks, 2);
  stop();
});
