import assert from "node:assert/strict";
import { emptyDocument } from "../../../frontend/model/document.js";
import { apply } from "../../../frontend/model/ops.js";
import {
  addEntry,
  candidates,
  moveEntry,
  removeEntry,
  titleEntry,
} from "../../../frontend/panels/signature_edits.js";

/** @import { NodeType, WorkflowDocument } from "../../../frontend/interfaces.d.ts" */

/** @returns {WorkflowDocument} */
const document = () => ({
  ...emptyDocument(),
  inputs: { prompt: { to: ["text.prompt"] }, seed: { to: ["sample.seed"], title: "Seed" } },
  outputs: { image: { from: "sample.image" } },
  nodes: {
    text: { type: "toy.text", version: 1, inputs: {} },
    sample: { type: "toy.sample", version: 1, inputs: { steps: 5, model: { from: "text.text" } } },
  },
});

const catalog = {
  /** @param {string} type */
  get: (type) => /** @type {NodeType | undefined} */ (/** @type {unknown} */ ({
    "toy.text": {
      inputs: [{ name: "prompt", type: "string", link_only: false }],
      outputs: [{ name: "text", type: "string" }],
    },
    "toy.sample": {
      inputs: [
        { name: "seed", type: "int", link_only: false },
        { name: "steps", type: "int", link_only: false },
        { name: "model", type: "string", link_only: false },
        { name: "latent", type: "latent", link_only: true },
      ],
      outputs: [{ name: "image", type: "image" }],
    },
  }[type])),
};

Deno.test("inputs change places, and the ends stay where they are", () => {
  const moved = apply(document(), moveEntry(document(), "inputs", "seed", -1)).document;
  const stayed = apply(document(), moveEntry(document(), "inputs", "prompt", -1)).document;

  assert.deepEqual(Object.keys(moved.inputs), ["seed", "prompt"]);
  assert.deepEqual(Object.keys(stayed.inputs), ["prompt", "seed"]);
});

Deno.test("taking an input away leaves the other side alone", () => {
  const changed = apply(document(), removeEntry(document(), "inputs", "prompt")).document;

  assert.deepEqual(Object.keys(changed.inputs), ["seed"]);
  assert.deepEqual(changed.outputs, document().outputs);
});

Deno.test("a title is changed and the socket kept", () => {
  const changed = apply(document(), titleEntry(document(), "inputs", "seed", "Chance")).document;

  assert.deepEqual(changed.inputs.seed, { to: ["sample.seed"], title: "Chance" });
});

Deno.test("only sockets that take values and are not picked yet can be picked", () => {
  assert.deepEqual(candidates(document(), catalog, "inputs").map(({ socket }) => socket), ["sample.steps"]);
  assert.deepEqual(candidates(document(), catalog, "outputs").map(({ socket }) => socket), ["text.text"]);
});

Deno.test("a picked socket gets a name that is free", () => {
  const taken = { ...document(), inputs: { steps: { to: ["other.steps"] } } };
  const changed = apply(taken, addEntry(taken, "inputs", "sample.steps", "Steps")).document;

  assert.deepEqual(changed.inputs.steps_2, { to: ["sample.steps"], title: "Steps" });
});
