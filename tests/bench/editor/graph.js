/**
 * The graph that every page of the bench shows: each node has four links in, two out, three fields and a picture.
 */

const TYPES = ["model", "conditioning", "image", "latent"];
const INPUTS = ["model", "positive", "image", "latent"];
const OUTPUTS = [["latent", "latent"], ["image", "image"]];

/** Distance of the nodes. */
const STEP = [340, 480];

const SAMPLERS = ["euler", "dpmpp_2m", "ddim", "lcm"];

const socket = { doc: "What the sampler takes in.", traits: {}, advice: [], lazy: false, required: false, widget: null, link_only: false };

/** The type of all nodes, as the catalogue has it. */
export const NODE_TYPE = {
  type: "bench.sample",
  version: 1,
  title: "Sample latent",
  category: "latent",
  summary: "Sample a latent.",
  doc: "Sample a latent.",
  inputs: [
    ...INPUTS.map((name, index) => ({ ...socket, name, type: `${TYPES[index]} | null`, link_only: true, default: null })),
    { ...socket, name: "steps", type: "int", widget: { kind: "slider", min: 1, max: 100, integer: true }, default: 20 },
    { ...socket, name: "sampler", type: "string", widget: { kind: "options", options: SAMPLERS }, default: "euler" },
    { ...socket, name: "prompt", type: "string", widget: { kind: "text", multiline: true, placeholder: "" }, default: "" },
  ],
  outputs: OUTPUTS.map(([name, type]) => ({ name, type, doc: "", traits: {} })),
  pure: true,
  lane: "device",
  sink: false,
  is_async: false,
  streams: false,
  has_fingerprint: false,
  pack: "weft",
};

/** The value types, as the server names them. */
export const TYPE_TABLE = {
  types: [["model", "#b39ddb"], ["conditioning", "#ffa931"], ["image", "#64b5f6"], ["latent", "#ff9cf9"]].map(
    ([name, color]) => ({ name, color, doc: "", supertypes: [] }),
  ),
  rules: [],
  converters: [],
};

/** Numbers that only look as if they came by chance. */
const chance = () => {
  let state = 12345;
  return () => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
};

/**
 * Makes the graph: nodes in rows, each linked with two that stand before it.
 * @param {number} count
 */
export const makeGraph = (count) => {
  const next = chance();
  const columns = Math.ceil(Math.sqrt(count * 1.4));
  const nodes = [];
  for (let index = 0; index < count; index++) {
    const links = [];
    for (let link = 0; link < 2 && index > 0; link++) {
      const source = Math.max(0, index - 1 - Math.floor(next() * Math.min(index, columns * 2)));
      const output = link === 0 ? "image" : "latent";
      links.push({ source: `n${source}`, output, input: output });
    }
    nodes.push({
      id: `n${index}`,
      at: [(index % columns) * STEP[0], Math.floor(index / columns) * STEP[1]],
      links,
      values: { steps: 20 + (index % 30), sampler: SAMPLERS[index % 4], prompt: `a photo of a cat, number ${index}` },
      picture: index % 12,
    });
  }
  const rows = Math.ceil(count / columns);
  const middle = nodes[Math.min(count - 1, Math.floor(rows / 2) * columns + Math.floor(columns / 2))];
  const bounds = { x: -40, y: -40, width: columns * STEP[0] + 80, height: rows * STEP[1] + 80 };
  return { nodes, columns, rows, middle: middle.id, bounds };
};

/** Draws the few pictures that the nodes show. @returns {string[]} Their URLs. */
export const makePictures = () =>
  Array.from({ length: 12 }, (_, index) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [256, 144];
    const context = canvas.getContext("2d");
    const shade = context.createLinearGradient(0, 0, 256, 144);
    shade.addColorStop(0, `hsl(${index * 30} 60% 60%)`);
    shade.addColorStop(1, `hsl(${index * 30 + 80} 50% 25%)`);
    context.fillStyle = shade;
    context.fillRect(0, 0, 256, 144);
    context.fillStyle = "#fffa";
    context.arc(60 + index * 12, 72, 40, 0, 7);
    context.fill();
    return canvas.toDataURL("image/png");
  });

/** Resolves when what was changed is on the screen. */
export const painted = () =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 0))));
