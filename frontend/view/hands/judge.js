/**
 * Which sockets a link may end at, and why not at the others.
 *
 * @import { Box, Editor, Fit, Point, Socket, Words } from "../../interfaces.d.ts"
 */

import { downstream, upstream } from "../../model/links.js";
import { socketType } from "../../model/sockets.js";
import { dotted } from "../socket_names.js";
import { distance } from "./bounds.js";

/** @type {(reason: Words) => Fit} */
const refused = (reason) => ({ fits: false, reason, conversions: [] });

/** A node that is not installed says nothing of its sockets; then the server will. @type {Fit} */
const UNKNOWN = { fits: true, rule: "unknown" };

/**
 * @typedef {object} Judge
 * @property {(socket: Socket) => Fit} fit
 * @property {(socket: Socket) => boolean} accepts
 * @property {(box: Box, at: Point) => Socket | null} bestOf The socket of a node that suits best.
 * @property {() => Socket[]} candidates All sockets that fit, the nearest first.
 */

/** @type {(editor: Editor, output: Socket, input: Socket) => Fit} */
const typesFit = ({ document, catalog }, output, input) => {
  const given = socketType(document.peek(), catalog, output);
  const taken = socketType(document.peek(), catalog, input);
  return given === null || taken === null ? UNKNOWN : catalog.fits(given, taken);
};

/** @type {(box: Box, side: Socket["side"]) => Socket[]} */
const socketsOf = (box, side) =>
  [...(side === "input" ? box.inputs : box.outputs).keys()].map((name) => ({ node: box.id, side, name }));

/** @type {(editor: Editor, at: Point) => (a: Socket, b: Socket) => number} */
const byDistance = ({ plane }, at) => (a, b) =>
  distance(plane.socketPoint(a) ?? at, at) - distance(plane.socketPoint(b) ?? at, at);

/**
 * Judges where the loose end of links may go. Verdicts are kept: while a link is dragged the same few sockets are
 * asked for at every move.
 *
 * @param {Editor} editor
 * @param {readonly Socket[]} fixed The sockets at the other ends, all of one side; at least one.
 * @returns {Judge}
 */
export const createJudge = (editor, fixed) => {
  const document = editor.document.peek();
  const side = fixed[0].side;
  const wanted = side === "output" ? "input" : "output";
  const nodes = fixed.map(({ node }) => node);
  const circular = side === "output" ? upstream(document, nodes) : downstream(document, nodes);
  const linked = new Set(editor.plane.wires.peek().map(({ target }) => dotted(target)));
  /** @type {Map<string, Fit>} */
  const verdicts = new Map();

  /** @type {(socket: Socket) => Fit} */
  const decide = (socket) => {
    if (socket.side === side) return refused({ id: `edit.link.two_${side}s` });
    if (nodes.includes(socket.node)) return refused({ id: "edit.link.self" });
    if (circular.has(socket.node)) {
      const [from, to] = side === "output" ? [nodes[0], socket.node] : [socket.node, nodes[0]];
      return refused({ id: "edit.link.circle", with: { from, to } });
    }
    const fits = fixed.map((end) =>
      side === "output" ? typesFit(editor, end, socket) : typesFit(editor, socket, end)
    );
    return fits.find((fit) => !fit.fits) ?? fits[0];
  };
  /** @type {Judge["fit"]} */
  const fit = (socket) => {
    const key = `${socket.side} ${dotted(socket)}`;
    const verdict = verdicts.get(key) ?? decide(socket);
    verdicts.set(key, verdict);
    return verdict;
  };
  /** @type {Judge["accepts"]} */
  const accepts = (socket) => fit(socket).fits;

  return {
    fit,
    accepts,
    bestOf: (box, at) => {
      const fitting = socketsOf(box, wanted).filter(accepts).sort(byDistance(editor, at));
      // Over a node, and not at a socket, one means a socket that is free.
      return fitting.find((socket) => !linked.has(dotted(socket))) ?? fitting[0] ?? null;
    },
    candidates: () => {
      const all = [...editor.plane.boxes.peek().values()].flatMap((box) => socketsOf(box, wanted));
      return all.filter(accepts).sort(byDistance(editor, editor.plane.socketPoint(fixed[0]) ?? [0, 0]));
    },
  };
};
