/**
 * How large the parts of a node are, in graph pixels.
 *
 * The page, the canvas and the hit tests all read these numbers, so that a node looks the same and is hit at
 * the same places whether it is a page element or a few strokes. Nothing here measures anything: what a node
 * looks like follows from its type, its values and what its run has brought.
 */

/** @import { NodeEntry, NodeLook, NodeType, Point, InputValue, JSONValue } from "../interfaces.d.ts" */

export const SIZES = Object.freeze({
  width: 272,
  leastWidth: 176,
  mostWidth: 960,
  header: 34,
  row: 26,
  text: 104,
  foot: 28,
  pad: 6,
  side: 12,
  gap: 4,
  line: 16,
  frameTitle: 32,
  corner: 18,
  grid: 16,
});

/** Pictures that a node shows before it only counts the others. */
export const MOST_PICTURES = 9;

/** Width of a letter of the small text, on the safe side; lines are counted with it before they are drawn. */
const LETTER = 6.3;

/** Lines of problems that a node shows; the rest is in its tooltip and in the panel. */
const MOST_LINES = 5;

/**
 * @typedef {object} Row A socket with its label and its field, if it shows one.
 * @property {"input" | "output"} side
 * @property {string} name
 * @property {number} y Its top, from the top of the node.
 * @property {number} height
 * @property {boolean} isLinked
 * @property {boolean} hasField Whether a field is shown beside or under the label.
 */

/**
 * @typedef {object} Area A part of the node as wide as the node.
 * @property {number} y
 * @property {number} height
 */

/**
 * @typedef {object} Extras What a node shows beside what the document says.
 * @property {{ count: number, ratio: number } | null} pictures How many, and height by width.
 * @property {string} problems The sentences of what is wrong, one a line.
 */

/**
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {readonly Row[]} rows
 * @property {ReadonlyMap<string, Point>} inputs
 * @property {ReadonlyMap<string, Point>} outputs
 * @property {Area | null} pictures
 * @property {Area | null} problems
 * @property {Area | null} foot
 */

/** @type {Extras} */
export const NO_EXTRAS = Object.freeze({ pictures: null, problems: "" });

/**
 * Tells whether a value is a link.
 * @param {unknown} value
 * @returns {value is { from: string }}
 */
const isLink = (value) => typeof value === "object" && value !== null && "from" in value;

/**
 * Tells whether an input gets its value, or a part of it, from another node.
 * @param {InputValue | undefined} value
 * @returns {boolean}
 */
export const isLinked = (value) => Array.isArray(value) ? value.some(isLink) : isLink(value);

/**
 * Gives the height of a field with its label, 0 where the widget shows none.
 * @param {Record<string, JSONValue> | null} widget
 * @param {InputValue | undefined} value
 * @returns {number}
 */
export const fieldHeight = (widget, value) => {
  switch (widget?.kind) {
    case "text":
      return widget.multiline === true ? SIZES.text : SIZES.row;
    case "items":
      return SIZES.row * (2 + (Array.isArray(value) ? Math.min(value.length, 8) : 0));
    case "image-file":
      return SIZES.row + (typeof value === "string" && value !== "" ? 132 : 48);
    case "mask":
      return SIZES.row + 132;
    case "curve":
      return SIZES.row + 112;
    default:
      return SIZES.row;
  }
};

/**
 * Tells whether a field of such a height has its label above it rather than beside it.
 * @param {number} height
 * @returns {boolean}
 */
export const isTall = (height) => height > SIZES.row;

/**
 * Gives the grid in which so many pictures are shown.
 * @param {number} count
 * @returns {{ columns: number, rows: number, shown: number }}
 */
export const pictureGrid = (count) => {
  const columns = count === 1 ? 1 : count <= 4 ? 2 : 3;
  const shown = Math.min(count, MOST_PICTURES);
  return { columns, rows: Math.ceil(shown / columns), shown };
};

/**
 * Gives the height of the pictures of a node.
 * @param {number} width Of the node.
 * @param {{ count: number, ratio: number }} pictures
 * @returns {number}
 */
const picturesHeight = (width, { count, ratio }) => {
  const { columns, rows } = pictureGrid(count);
  const cell = (width - SIZES.gap * (columns - 1)) / columns;
  const shape = Math.min(2, Math.max(0.25, ratio));
  return Math.round(cell * shape) * rows + SIZES.gap * (rows - 1);
};

/**
 * Gives the height of the sentences under a node.
 * @param {number} width Of the node.
 * @param {string} problems One a line.
 * @returns {number}
 */
const problemsHeight = (width, problems) => {
  const letters = Math.max(8, Math.floor((width - 2 * SIZES.side - 20) / LETTER));
  const lines = problems.split("\n").reduce((sum, text) => sum + Math.ceil(text.length / letters), 0);
  return Math.min(lines, MOST_LINES) * SIZES.line + 2 * SIZES.pad;
};

/**
 * Gives the names of a node's sockets: those of its type, and those that only the document mentions.
 * @param {NodeType | undefined} type
 * @param {NodeEntry} entry
 * @param {readonly string[]} mentioned Outputs that links start from.
 * @returns {{ inputs: string[], outputs: string[] }}
 */
export const socketNames = (type, entry, mentioned) => {
  const inputs = type?.inputs.map(({ name }) => name) ?? [];
  const outputs = type?.outputs.map(({ name }) => name) ?? [];
  for (const name of Object.keys(entry.inputs)) if (!inputs.includes(name)) inputs.push(name);
  for (const name of mentioned) if (!outputs.includes(name)) outputs.push(name);
  return { inputs, outputs };
};

/**
 * Lays out the rows of a node.
 * @param {NodeType | undefined} type
 * @param {NodeEntry} entry
 * @param {readonly string[]} mentioned
 * @returns {Row[]}
 */
const rowsOf = (type, entry, mentioned) => {
  const names = socketNames(type, entry, mentioned);
  let y = SIZES.header + SIZES.pad;
  /** @type {Row[]} */
  const rows = [];
  for (const name of names.outputs) {
    rows.push({
      side: "output",
      name,
      y,
      height: SIZES.row,
      isLinked: mentioned.includes(name),
      hasField: false,
    });
    y += SIZES.row;
  }
  for (const name of names.inputs) {
    const value = entry.inputs[name];
    const linked = isLinked(value);
    const input = type?.inputs.find((known) => known.name === name);
    const hasField = !linked && input !== undefined && !input.link_only;
    const height = hasField ? fieldHeight(input.widget, value ?? input.default) : SIZES.row;
    rows.push({ side: "input", name, y, height, isLinked: linked, hasField });
    y += height;
  }
  return rows;
};

/**
 * Gives where the sockets of a side are: at the middle of the first line of their rows.
 * @param {readonly Row[]} rows
 * @param {"input" | "output"} side
 * @param {number} x
 * @param {boolean} isCollapsed Then all are at the middle of the header.
 * @returns {Map<string, Point>}
 */
const socketsOf = (rows, side, x, isCollapsed) => {
  /** @type {Map<string, Point>} */
  const sockets = new Map();
  for (const row of rows) {
    if (row.side === side) sockets.set(row.name, [x, isCollapsed ? SIZES.header / 2 : row.y + SIZES.row / 2]);
  }
  return sockets;
};

/**
 * Gives the width of a node.
 * @param {NodeLook | undefined} look
 * @returns {number}
 */
export const nodeWidth = (look) =>
  Math.min(SIZES.mostWidth, Math.max(SIZES.leastWidth, look?.width ?? SIZES.width));

/**
 * Lays out a node.
 * @param {object} of
 * @param {NodeEntry} of.entry
 * @param {NodeLook} [of.look]
 * @param {NodeType} [of.type] Missing where the catalogue does not know it.
 * @param {readonly string[]} [of.mentioned] Outputs that links start from.
 * @param {Extras} [of.extras]
 * @returns {Layout}
 */
export const layOut = ({ entry, look, type, mentioned = [], extras = NO_EXTRAS }) => {
  const width = nodeWidth(look);
  const isCollapsed = look?.collapsed === true;
  const rows = rowsOf(type, entry, mentioned);
  const sockets = {
    inputs: socketsOf(rows, "input", 0, isCollapsed),
    outputs: socketsOf(rows, "output", width, isCollapsed),
  };
  if (isCollapsed) {
    return { width, height: SIZES.header, rows: [], ...sockets, pictures: null, problems: null, foot: null };
  }
  let y = SIZES.header + SIZES.pad + rows.reduce((sum, row) => sum + row.height, 0) + SIZES.pad;
  /** @param {number} height @returns {Area} */
  const below = (height) => {
    const area = { y, height };
    y += height;
    return area;
  };
  const pictures = extras.pictures === null ? null : below(picturesHeight(width, extras.pictures));
  const problems = extras.problems === "" ? null : below(problemsHeight(width, extras.problems));
  const foot = below(SIZES.foot);
  return { width, height: y, rows, ...sockets, pictures, problems, foot };
};
