/**
 * Node types for tests, written as short as one can say them.
 *
 * @import { NodeType, WorkflowEntry } from "../../../frontend/interfaces.d.ts"
 * @import { TypesView } from "../../../frontend/types.d.ts"
 */

/**
 * Makes a node type of sockets written `name: type`. `name!: type` is required, `name?: type` has a text field.
 *
 * @param {string} type
 * @param {string} inputs Sockets with commas between them.
 * @param {string} outputs
 * @param {Partial<NodeType>} [more]
 * @returns {NodeType}
 */
export function nodeType(type, inputs, outputs, more = {}) {
  const [category, verb] = type.slice(type.indexOf(":") + 1).split(".");
  return {
    type,
    version: 1,
    title: `${verb[0].toUpperCase()}${verb.slice(1).replaceAll("_", " ")} ${category}`,
    category,
    summary: "",
    doc: "",
    inputs: sockets(inputs).map(([name, kind, mark]) => ({
      name,
      type: kind,
      required: mark === "!",
      widget: mark === "?" ? { kind: "text" } : null,
      doc: "",
      lazy: false,
      link_only: mark !== "?",
      traits: {},
      advice: [],
      ...(mark === "?" ? { default: "" } : {}),
    })),
    outputs: sockets(outputs).map(([name, kind]) => ({ name, type: kind, doc: "", traits: {} })),
    pure: true,
    lane: "cpu",
    sink: false,
    is_async: false,
    streams: false,
    has_fingerprint: false,
    pack: "toys",
    code_digest: "",
    values: {},
    ...more,
  };
}

/** @param {string} text */
function sockets(text) {
  return text.split(",").filter(Boolean).map((one) => {
    const [, name, mark, kind] = /** @type {RegExpExecArray} */ (/^\s*(\w+)([!?]?):\s*(.*)$/.exec(one));
    return [name, kind, mark];
  });
}

/** @type {TypesView} */
export const TABLE = {
  types: [
    { name: "conditioning", color: "#ffa931", doc: "", supertypes: [] },
    { name: "image", color: "#64b5f6", doc: "", supertypes: [] },
    { name: "latent", color: "#ff9cf9", doc: "", supertypes: [] },
    { name: "mask", color: "#81c784", doc: "", supertypes: ["shape"] },
    { name: "shape", color: "#112233", doc: "", supertypes: [] },
    { name: "vae", color: "#ff7f7f", doc: "", supertypes: [] },
  ],
  rules: [],
  converters: [],
};

export const NODES = [
  nodeType("flow.pass", "value!: $Item", "value: $Item"),
  nodeType("image.batch", "images!: list[image]", "image: image"),
  nodeType("image.blend", "below!: image, above!: image, mask: mask | null", "image: image", {
    summary: "Mix two pictures.",
  }),
  nodeType("image.blur", "image!: image, radius?: float", "image: image", { summary: "Soften a picture." }),
  nodeType("image.size", "image!: image", "width: int, height: int"),
  nodeType("latent.decode", "latent!: latent, vae!: vae", "image: image", {
    summary: "Turn a latent into a picture.",
  }),
  nodeType("latent.encode", "image!: image, vae!: vae", "latent: latent"),
  nodeType(
    "latent.sample",
    "positive!: conditioning, negative: conditioning | null, latent!: latent, steps?: int",
    "latent: latent",
  ),
  nodeType("list.item", "items!: list[$Item], index?: int", "item: $Item"),
  nodeType("mask.blur", "mask!: mask", "mask: mask"),
  nodeType("math.round", "value!: float", "value: int"),
  nodeType("prompt.encode", "text?: string", "conditioning: conditioning", { title: "Encode prompt" }),
  nodeType("text.describe", "value!: $Value", "text: string"),
];

/** @type {WorkflowEntry} */
export const PORTRAIT = {
  name: "portrait",
  title: "Make a portrait",
  description: "Draws a face. It takes its time.",
  template: false,
  revision: 3,
  modified_at: null,
  problems: [],
  url: "/api/workflows/portrait",
  signature: {
    inputs: [
      {
        name: "prompt",
        title: "Prompt",
        type: "string",
        widget: { kind: "text" },
        required: false,
        doc: "What to show.",
        default: "a face",
      },
      { name: "picture", title: "Picture", type: "image", widget: null, required: true, doc: "" },
    ],
    outputs: [{ name: "image", title: "Image", type: "image", doc: "The portrait." }],
  },
};
