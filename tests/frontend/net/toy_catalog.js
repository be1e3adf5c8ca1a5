/** A few node types that make and take pictures. */

/** @import { NodeType } from "../../../frontend/interfaces.d.ts" */

/** @param {string} type @param {Record<string, string>} inputs @param {Record<string, string>} outputs */
const toyType = (type, inputs, outputs) => {
  const sockets = (/** @type {Record<string, string>} */ found) =>
    Object.entries(found).map(([name, kind]) => ({ name, type: kind, doc: "", traits: {} }));
  return /** @type {NodeType} */ (/** @type {unknown} */ ({
    type,
    inputs: sockets(inputs),
    outputs: sockets(outputs),
  }));
};

const types = [
  toyType("toy.picture", {}, { image: "image" }),
  toyType("toy.pictures", {}, { images: "list[image]", count: "int" }),
  toyType("toy.scale", { image: "image" }, { image: "image" }),
  toyType("toy.join", { images: "list[image]" }, { image: "image" }),
  toyType("toy.text", {}, { text: "string" }),
];

export const toyCatalog = { get: (/** @type {string} */ type) => types.find((each) => each.type === type) };
