/**
 * How sockets are named where only text has room: `in:NAME` and `out:NAME` in the page.
 *
 * @import { Socket } from "../interfaces.d.ts"
 */

/**
 * Reads a socket from the attribute of its button.
 *
 * @param {string} node
 * @param {string} text Such as `in:prompt`.
 * @returns {Socket | null} null for what is no socket.
 */
export const readSocket = (node, text) => {
  const [, side, name] = /^(in|out):(.+)$/.exec(text) ?? [];
  if (side === undefined || name === undefined) return null;
  return { node, side: side === "in" ? "input" : "output", name };
};

/**
 * Writes a socket as its button has it.
 *
 * @param {Pick<Socket, "side" | "name">} socket
 */
export const socketAttribute = ({ side, name }) => `${side === "input" ? "in" : "out"}:${name}`;

/**
 * Names the output of a link as documents do.
 *
 * @param {Socket} socket
 */
export const dotted = ({ node, name }) => `${node}.${name}`;
