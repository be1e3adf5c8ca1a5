/**
 * What lies under a pointer.
 *
 * @import { Editor, Frame, Note, Point, Socket, Wire } from "../../interfaces.d.ts"
 * @import { TargetKind } from "./intent.js"
 */

import { readSocket } from "../socket_names.js";
import { OVERVIEW_ZOOM } from "../viewport.js";

/** How near counts as on it, in screen pixels: a mouse aims better than a finger. */
const REACH_PX = {
  mouse: { socket: 10, wire: 6, dot: 9, edge: 5 },
  touch: { socket: 22, wire: 14, dot: 18, edge: 0 },
};

/** Parts of a node that have a mouse of their own. */
const PARTS =
  "input, textarea, select, button, a[href], [contenteditable], [role=slider], [data-own-pointer], .minimap, .outline-panel";

/**
 * @typedef {object} Target
 * @property {TargetKind} kind
 * @property {Point} at In the graph.
 * @property {string} [node]
 * @property {Socket} [socket]
 * @property {Frame} [frame]
 * @property {Note} [note]
 * @property {Wire} [wire] A wire that lies under it, beside whatever else does.
 * @property {{ key: string, index: number }} [route]
 */

/** @typedef {{ at: Point, element: Element | null, isTouch: boolean }} Spot */

/** @type {(editor: Editor, socket: Socket) => TargetKind} */
const socketKind = ({ plane }, { node, side, name }) => {
  if (side === "output") return "output";
  const isLinked = plane.wires.value.some(({ target }) => target.node === node && target.name === name);
  return isLinked ? "linked-input" : "input";
};

/** @type {(editor: Editor, socket: Socket, at: Point) => Target} */
const ofSocket = (editor, socket, at) => ({
  kind: socketKind(editor, socket),
  at,
  node: socket.node,
  socket,
});

/** What the page itself says is under the pointer. @type {(editor: Editor, spot: Spot, at: Point) => Target | null} */
const inPage = (editor, { element }, at) => {
  const button = element?.closest("button[data-socket]");
  const node = element?.closest("[data-node]")?.getAttribute("data-node") ?? undefined;
  const socket = button && node !== undefined
    ? readSocket(node, button.getAttribute("data-socket") ?? "")
    : null;
  if (socket !== null) return ofSocket(editor, socket, at);
  return element?.closest(PARTS) ? { kind: "part", at, node } : null;
};

/** @type {(editor: Editor, at: Point, reach: typeof REACH_PX.mouse, scale: number) => Target | null} */
const nodeOrSocket = (editor, at, reach, scale) => {
  // In the overview a node is hardly wider than the reach of its sockets; there one means the node.
  const isOverview = 1 / scale < OVERVIEW_ZOOM;
  const socket = isOverview ? null : editor.plane.socketNear(at, reach.socket * scale);
  if (socket !== null) return ofSocket(editor, socket, at);
  const box = editor.plane.boxAt(at);
  if (box === null) return null;
  const isEdge = !isOverview && box.x + box.width - at[0] < reach.edge * scale && box.look.collapsed !== true;
  return { kind: isEdge ? "node-edge" : "node", at, node: box.id };
};

/** @type {(editor: Editor, at: Point) => Target | null} */
const sheet = ({ plane }, at) => {
  const onNote = plane.noteAt(at);
  if (onNote !== null) return { kind: onNote.part === "corner" ? "corner" : "sheet", at, note: onNote.note };
  const onFrame = plane.frameAt(at);
  if (onFrame === null) return null;
  // The inside of a frame is ground like any other: marquees begin there.
  if (onFrame.part === "body") return { kind: "empty", at, frame: onFrame.frame };
  return { kind: onFrame.part === "corner" ? "corner" : "sheet", at, frame: onFrame.frame };
};

/**
 * Finds what lies under a pointer: what is drawn on top first.
 *
 * @param {Editor} editor
 * @param {Spot} spot Where in the page; `element` is what the browser found there.
 * @returns {Target}
 */
export const aim = (editor, spot) => {
  const at = editor.viewport.toGraph(spot.at);
  const reach = spot.isTouch ? REACH_PX.touch : REACH_PX.mouse;
  const scale = 1 / editor.viewport.state.peek().zoom;
  const part = inPage(editor, spot, at);
  if (part !== null) return part;
  const box = nodeOrSocket(editor, at, reach, scale);
  if (box !== null) return box;
  const route = editor.plane.routeNear(at, reach.dot * scale);
  if (route !== null) return { kind: "route", at, route };
  const wire = editor.plane.wireNear(at, reach.wire * scale) ?? undefined;
  const below = sheet(editor, at);
  // A wire over the title of a frame is aimed at, as it is drawn above it.
  if (wire !== undefined) return { kind: "empty", at, wire, frame: below?.frame };
  return below ?? { kind: "empty", at };
};
