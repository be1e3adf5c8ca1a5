/** A canvas that writes down what is drawn on it, and scenes to draw. */

import { NO_EXTRAS } from "../../../frontend/view/metrics.js";
import { boxOf } from "../../../frontend/view/plane.js";
import { createShapes } from "../../../frontend/view/shapes.js";

/**
 * @import { Gesture, NodeLook, Point, Wire } from "../../../frontend/interfaces.d.ts"
 * @import { Scene } from "../../../frontend/view/scene.js"
 */

/** @typedef {{ name: string, args: any[], style: string, width: number, alpha: number, dash: number[] }} Call */

/** A path that remembers its calls. */
class RecordedPath {
  /** @type {[string, ...any[]][]} */
  calls = [];
  /** @type {Point[]} */
  points = [];

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.calls.push(["moveTo", x, y]);
    this.points.push([x, y]);
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.calls.push(["lineTo", x, y]);
    this.points.push([x, y]);
  }

  /** @param {number[]} numbers */
  bezierCurveTo(...numbers) {
    this.calls.push(["bezierCurveTo", ...numbers]);
    this.points.push([numbers[4], numbers[5]]);
  }

  /** @param {number[]} numbers */
  rect(...numbers) {
    this.calls.push(["rect", ...numbers]);
  }

  /** @param {any[]} args */
  roundRect(...args) {
    this.calls.push(["rect", ...args.slice(0, 4)]);
  }

  /** @param {number[]} numbers */
  arc(...numbers) {
    this.calls.push(["arc", ...numbers]);
  }
}

Object.assign(globalThis, { Path2D: RecordedPath });

/** Makes a context that writes down its strokes, fills, texts and pictures, each with its path. */
export const recordingContext = () => {
  /** @type {Call[]} */
  const calls = [];
  let path = new RecordedPath();
  /** @type {number[]} */
  let dash = [];
  const state = { fillStyle: "", strokeStyle: "", lineWidth: 1, globalAlpha: 1, font: "", lineCap: "butt" };
  /** @param {string} name @param {any[]} args @param {string} style */
  const note = (name, args, style) =>
    calls.push({ name, args, style, width: context.lineWidth, alpha: context.globalAlpha, dash });
  /** @type {any} */
  const context = Object.assign(state, {
    beginPath: () => (path = new RecordedPath()),
    stroke: (given = path) => note("stroke", [given], context.strokeStyle),
    fill: (given = path) => note("fill", [given], context.fillStyle),
    fillText: (/** @type {any[]} */ ...args) => note("text", args, context.fillStyle),
    drawImage: (/** @type {any[]} */ ...args) => note("image", args, ""),
    fillRect: (/** @type {any[]} */ ...args) => note("fillRect", args, context.fillStyle),
    setLineDash: (/** @type {number[]} */ next) => (dash = next),
    save: () => {},
    scale: () => {},
    restore: () => (dash = []),
    clip: () => {},
    clearRect: () => (calls.length = 0),
    setTransform: () => {},
  });
  for (
    const name of /** @type {const} */ (["moveTo", "lineTo", "bezierCurveTo", "rect", "roundRect", "arc"])
  ) {
    context[name] = (/** @type {any[]} */ ...args) => /** @type {any} */ (path)[name](...args);
  }
  return { context, calls };
};

/** @type {any} */
export const INK = {
  ground: "ground",
  accent: "accent",
  danger: "danger",
  node: "node",
  nodeHeader: "header",
  nodeLine: "line",
  nodeText: "text",
  text: "text",
  muted: "muted",
  casing: "casing",
  wireSelected: "selected",
  wireRefused: "refused",
  font: "font",
  line: "line",
  grid: "grid",
  gridStrong: "strong",
  colors: { gray: "gray", blue: "blue", yellow: "yellow" },
  ofType: (/** @type {string} */ type) => `type ${type}`,
  headerOf: (/** @type {string} */ type) => `header ${type}`,
};

const TYPE = /** @type {any} */ ({
  title: "Show",
  inputs: [{ name: "image", type: "image", link_only: true, widget: null }],
  outputs: [{ name: "image", type: "image" }],
});

/**
 * Makes a node.
 * @param {string} id
 * @param {Point} at
 * @param {Partial<NodeLook>} [look]
 */
export const node = (id, at, look = {}) => {
  const parts = {
    entry: { type: "show", version: 1, inputs: {} },
    look: { at, ...look },
    type: TYPE,
    mentioned: ["image"],
    extras: NO_EXTRAS,
  };
  return boxOf(id, parts, createShapes()(parts));
};

/**
 * Makes a wire between two nodes of a scene.
 * @param {string} from
 * @param {string} to
 * @param {readonly Point[]} points
 * @param {string} [type]
 * @returns {Wire}
 */
export const wire = (from, to, points, type = "image") => ({
  key: `${to}.image`,
  source: { node: from, side: "output", name: "image" },
  target: { node: to, side: "input", name: "image" },
  type,
  points,
});

const NOBODY = new Set();

/**
 * Makes a scene of which nothing but what is given is special.
 * @param {Partial<Scene>} [parts]
 * @returns {Scene}
 */
export const scene = (parts = {}) => ({
  place: { x: 0, y: 0, zoom: 1 },
  size: { width: 1000, height: 800 },
  seen: { left: 0, top: 0, right: 1000, bottom: 800 },
  ink: INK,
  boxes: new Map(),
  wires: [],
  frames: { all: [], selected: NOBODY },
  notes: { all: [], selected: NOBODY, mounted: NOBODY },
  nodes: { selected: NOBODY, mounted: NOBODY, faulty: NOBODY, states: new Map() },
  running: NOBODY,
  selectedWire: null,
  wireStyle: "curved",
  gesture: /** @type {Gesture} */ ({ kind: "none" }),
  touched: { nodes: NOBODY, frames: NOBODY, notes: NOBODY, wires: NOBODY },
  pictures: () => [],
  thumbnail: () => null,
  loaded: 0,
  isOpening: false,
  isZooming: false,
  time: 0,
  hasMotion: true,
  ...parts,
});

/**
 * Makes the gesture of moving nodes, with what it touches.
 * @param {string[]} nodes
 * @param {Point} offset
 */
export const moving = (nodes, offset) => {
  const set = new Set(nodes);
  const nobody = new Set();
  const moved = { nodes: set, frames: nobody, notes: nobody };
  /** @type {Gesture} */
  const gesture = { kind: "move", offset, ...moved, guides: [], over: null };
  return { gesture, touched: { ...moved, wires: nobody } };
};
