/**
 * Dragging a link: a new one, the loose end of one that there is, or all links of an output at once.
 *
 * @import { Editor, Fit, Gesture, Point, Socket } from "../../interfaces.d.ts"
 * @import { Target } from "./aim.js"
 * @import { Drag, Pointer } from "./drags.js"
 * @import { Judge } from "./judge.js"
 */

import { connectEnds, disconnectAll } from "./edits.js";
import { createJudge } from "./judge.js";
import { offerConversions } from "./offer.js";

/** How near a link snaps to a socket that fits, and how near one must be to mean one that does not, in screen pixels. */
const SNAP_PX = 40;
const AIM_PX = 14;

/**
 * The ends of the links that are dragged.
 *
 * @typedef {object} Ends
 * @property {readonly Socket[]} fixed The sockets at the ends that stay, all of one side.
 * @property {readonly string[]} moving The links whose other end is loose; none for a new link.
 */

/** @type {(editor: Editor, socket: Socket) => Ends} */
const newLink = (_editor, socket) => ({ fixed: [socket], moving: [] });

/** @type {(editor: Editor, socket: Socket) => Ends} */
const pickedUp = (editor, socket) => {
  const wires = editor.plane.wires.peek();
  // Of several links into a list the last one is taken, as it is the one that was added last.
  const wire = wires.findLast(({ target }) => target.node === socket.node && target.name === socket.name);
  return wire === undefined ? newLink(editor, socket) : { fixed: [wire.source], moving: [wire.key] };
};

/** @type {(editor: Editor, socket: Socket) => Ends} */
const allOf = (editor, socket) => {
  const wires = editor.plane.wires.peek().filter(({ source }) =>
    source.node === socket.node && source.name === socket.name
  );
  if (wires.length === 0) return newLink(editor, socket);
  return { fixed: wires.map(({ target }) => target), moving: wires.map(({ key }) => key) };
};

const ENDS = { link: newLink, "pick-up": pickedUp, "move-links": allOf };

/** @type {(editor: Editor, judge: Judge, fixed: readonly Socket[], at: Point) => { candidate: Socket | null, refused: { socket: Socket, fit: Fit } | null }} */
const aimed = (editor, judge, fixed, at) => {
  const scale = 1 / editor.viewport.state.peek().zoom;
  // A socket that is aimed at is meant, also when another one near by would fit.
  const isOwn = (/** @type {Socket} */ socket) =>
    fixed.some(({ node, side, name }) =>
      node === socket.node && side === socket.side && name === socket.name
    );
  const under = editor.plane.socketNear(at, AIM_PX * scale, (socket) => !isOwn(socket));
  if (under !== null) {
    const fit = judge.fit(under);
    return fit.fits
      ? { candidate: under, refused: null }
      : { candidate: null, refused: { socket: under, fit } };
  }
  const near = editor.plane.socketNear(at, SNAP_PX * scale, judge.accepts);
  if (near !== null) return { candidate: near, refused: null };
  const box = editor.plane.boxAt(at);
  return { candidate: box === null ? null : judge.bestOf(box, at), refused: null };
};

/**
 * The gesture of a link, which is drawn.
 *
 * @param {Ends} ends
 * @param {Point} to
 * @param {Socket | null} candidate
 * @param {Fit | null} fit
 * @returns {Gesture}
 */
export const linkGesture = ({ fixed, moving }, to, candidate, fit) => ({
  kind: "link",
  from: fixed[0],
  moving,
  to,
  candidate,
  fit,
});

/**
 * Begins to drag a link.
 *
 * @param {Editor} editor
 * @param {Pointer} start
 * @param {Target} target The socket it is dragged from.
 * @param {"link" | "pick-up" | "move-links"} intent
 * @returns {Drag | null}
 */
export const startLink = (editor, start, target, intent) =>
  target.socket === undefined ? null : dragLink(editor, ENDS[intent](editor, target.socket), start);

/**
 * Drags links whose other ends are known.
 *
 * @param {Editor} editor
 * @param {Ends} ends
 * @param {Pointer} start
 * @returns {Drag}
 */
export const dragLink = (editor, ends, start) => {
  const judge = createJudge(editor, ends.fixed);
  /** @type {ReturnType<typeof aimed>} */
  let now = { candidate: null, refused: null };
  const rest = () => {
    editor.gesture.value = { kind: "none" };
  };
  /** @type {(pointer: Pointer) => void} */
  const move = ({ at }) => {
    now = aimed(editor, judge, ends.fixed, at);
    const fit = now.refused?.fit ?? (now.candidate === null ? null : judge.fit(now.candidate));
    editor.gesture.value = linkGesture(ends, at, now.candidate, fit);
  };
  move(start);
  return {
    move,
    drop: ({ at, client, shift }) => {
      if (now.candidate !== null) {
        rest();
        connectEnds(editor, ends.fixed, now.candidate, ends.moving);
      } else if (now.refused !== null) {
        rest();
        offerConversions(editor, client, ends, now.refused);
      } else if (ends.moving.length === 0 || shift) {
        // The wire stays drawn to where the palette opens; the palette ends the gesture.
        editor.palette.value = { at, client, from: ends.fixed[0] };
      } else {
        rest();
        disconnectAll(editor, ends.moving);
      }
    },
    cancel: rest,
  };
};
