/**
 * Where a new node goes: to the point that was asked for, or below what lies there already.
 *
 * @import { Bounds, NodeType, Point, Socket } from "../../interfaces.d.ts"
 */

import { layOut, SIZES } from "../metrics.js";
import { touches } from "./bounds.js";

/** Room between a new node and those around it. */
const GAP = SIZES.grid;

/** @type {(value: number) => number} */
const onGrid = (value) => Math.round(value / SIZES.grid) * SIZES.grid + 0;

/**
 * Finds the place for a node.
 *
 * @param {ReadonlyMap<string, Bounds>} boxes What lies there.
 * @param {Point} at Its corner; or its socket, where it is linked with one.
 * @param {NodeType | undefined} type
 * @param {{ side: Socket["side"], name?: string }} [partner] Side of the socket that it is linked with, and the name of
 *   its own.
 * @returns {Point}
 */
export const placeFor = (boxes, at, type, partner) => {
  const { width, height, inputs, outputs } = layOut({ entry: { type: "", version: 1, inputs: {} }, type });
  const socket = (partner?.side === "output" ? inputs : outputs).get(partner?.name ?? "") ?? [0, 0];
  const x = onGrid(at[0] - (partner === undefined ? 0 : socket[0]));
  let y = onGrid(at[1] - (partner === undefined ? 0 : socket[1]));
  const around = () => ({
    x: x - GAP + 1,
    y: y - GAP + 1,
    width: width + 2 * GAP - 2,
    height: height + 2 * GAP - 2,
  });
  // Each step goes below something that was in the way, so that this ends.
  for (;;) {
    const blocker = [...boxes.values()].find((box) => touches(around(), box));
    if (blocker === undefined) return [x, y];
    y = Math.max(y + SIZES.grid, onGrid(blocker.y + blocker.height + GAP + SIZES.grid / 2));
  }
};
