/** The page of the bench that shows the graph with the editor's own canvas. */

import { createCanvas } from "../view/canvas.js";
import { createHands } from "../view/hands/hands.js";
import { makeGraph, makePictures, NODE_TYPE, painted, TYPE_TABLE } from "./graph.js";
import { createSurroundings } from "./surroundings.js";

/** @param {ReturnType<typeof makeGraph>} graph */
const documentOf = ({ nodes }) => ({
  weft: 1,
  inputs: {},
  outputs: {},
  nodes: Object.fromEntries(nodes.map(({ id, links, values }) => [id, {
    type: NODE_TYPE.type,
    version: 1,
    inputs: { ...Object.fromEntries(links.map(({ source, output, input }) => [input, { from: `${source}.${output}` }])), ...values },
  }])),
  view: { nodes: Object.fromEntries(nodes.map(({ id, at }) => [id, { at }])), frames: [], notes: [] },
});

const host = globalThis.document.getElementById("canvas");
/** @type {any} */
let editor;
/** @type {ReturnType<typeof makeGraph>} */
let graph;
/** @type {string[]} */
let pictures;
/** @type {ReturnType<typeof documentOf>} */
let document;

const middleOfScreen = () => ({ x: innerWidth / 2, y: innerHeight / 2 });

globalThis.bench = {
  /** Makes what a server would have sent. @param {number} count */
  prepare: (count) => {
    graph = makeGraph(count);
    pictures = makePictures();
    document = documentOf(graph);
  },
  /** @returns {Promise<number>} Milliseconds until the graph is on the screen. */
  load: async () => {
    const begin = performance.now();
    const made = createSurroundings({
      document,
      nodes: [NODE_TYPE],
      types: TYPE_TABLE,
      floor: globalThis.document.getElementById("floor"),
    });
    for (const { id, picture } of graph.nodes) {
      const url = pictures[picture];
      made.tell.pictures(id).value = [{ digest: id, socket: `${id}.image`, index: 0, width: 256, height: 144, url, thumbnail: url, job: "" }];
      made.tell.run(id).value = { state: "ran", seconds: 0.25, reason: { code: "first-run", text: "", inputs: [] }, problems: [] };
    }
    const canvas = createCanvas(host, made.editor);
    editor = Object.assign(made.editor, { viewport: canvas.viewport, plane: canvas.plane });
    createHands(host, editor);
    await painted();
    return performance.now() - begin;
  },
  /** @param {"fit" | "work"} mode */
  view: (mode) => {
    if (mode === "fit") return editor.viewport.fit(graph.bounds, { padding: 0 });
    const box = editor.plane.boxes.peek().get(graph.middle);
    const { x, y } = middleOfScreen();
    editor.viewport.set({ zoom: 1, x: x - box.x - box.width / 2, y: y - box.y - 16 });
  },
  probe: () => {
    const box = editor.plane.boxes.peek().get(graph.middle);
    const isNear = editor.viewport.state.peek().zoom > 0.35;
    const [headX, headY] = editor.viewport.toClient([box.x + box.width / 2, box.y + (isNear ? 16 : box.height / 2)]);
    const [emptyX, emptyY] = editor.viewport.toClient([box.x + box.width + 34, box.y + 40]);
    return { head: { x: headX, y: headY }, empty: { x: emptyX, y: emptyY }, button: "middle" };
  },
  state: () => ({ ...editor.viewport.state.peek(), at: editor.document.peek().view.nodes[graph.middle].at }),
};
