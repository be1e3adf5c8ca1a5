/** A few node types that make and take pictures. */

import { createCatalog } from "../../../frontend/model/catalog.js";

/** @import { NodeType } from "../../../frontend/interfaces.d.ts" */

/** @param {string} type @param {Record<string, string>} inputs @param {Record<string, string>} outputs */
const toyType = (type, inputs, outputs) => {
  const sockets = (/** @type {Record<string, string>} */ found) =>
    Object.entries(found).map(([name, kind]) => ({ name, type: kind, doc: "", traits: {} }));
  return /** @type {NodeType} */ (/** @type {unknown} */ ({
    type,
    title: type,
    category: "",
    summary: "",
    inputs: sockets(inputs),
    outputs: sockets(outputs),
  }));
};

export const toyCatalog = createCatalog({
  nodes: [
    toyType("toy.picture", {}, { image: "image" }),
    toyType("toy.pictures", {}, { images: "list[image]", count: "int" }),
    toyType("toy.scale", { image: "image" }, { image: "image" }),
    toyType("toy.join", { images: "list[image]" }, { image: "image" }),
    toyType("toy.text", {}, { text: "string" }),
  ],
  types: { types: [], rules: [], converters: [] },
  packs: [],
  workflows: [],
  loadChoices: () => Promise.resolve([]),
});
