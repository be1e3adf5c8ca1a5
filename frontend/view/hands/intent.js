/**
 * Which gesture begins when a pointer that was pressed starts to move.
 */

/** @typedef {"empty" | "node" | "node-edge" | "input" | "linked-input" | "output" | "route" | "sheet" | "corner" | "part"} TargetKind */

/**
 * `part` is something in a node with a mouse of its own, such as a field; `sheet` is the title of a frame or a
 * note, `corner` the corner that resizes it.
 *
 * @typedef {object} Press
 * @property {TargetKind} target
 * @property {number} button As in pointer events.
 * @property {boolean} isTouch
 * @property {boolean} mod Ctrl, or Command on a Mac.
 * @property {boolean} shift
 * @property {boolean} alt
 * @property {boolean} space Whether the space bar is held.
 * @property {boolean} knife Whether the key of the knife is held.
 */

/** @typedef {"none" | "pan" | "marquee" | "cut" | "link" | "pick-up" | "move-links" | "move" | "duplicate" | "pull-out" | "resize" | "route"} Intent */

/** @type {(press: Press) => Intent} */
const onNode = ({ mod, shift, alt }) => {
  if (mod || (alt && shift)) return "duplicate";
  return alt ? "pull-out" : "move";
};

/** @type {Record<TargetKind, (press: Press) => Intent>} */
const WITH_MAIN_BUTTON = {
  empty: ({ isTouch }) => isTouch ? "pan" : "marquee",
  node: onNode,
  "node-edge": () => "resize",
  input: () => "link",
  "linked-input": ({ mod, shift }) => mod || shift ? "link" : "pick-up",
  output: ({ mod, shift }) => mod || shift ? "move-links" : "link",
  route: () => "route",
  sheet: ({ mod, alt }) => mod || alt ? "duplicate" : "move",
  corner: () => "resize",
  part: () => "none",
};

/**
 * The gesture that a press begins once it moves.
 *
 * @param {Press} press
 * @returns {Intent}
 */
export const intentOf = (press) => {
  if (press.button === 1) return "pan";
  if (press.button === 2) return press.mod ? "cut" : "none";
  if (press.button !== 0 || press.target === "part") return "none";
  if (press.space) return "pan";
  if (press.knife) return "cut";
  return WITH_MAIN_BUTTON[press.target](press);
};
