/**
 * What moves along when a frame is moved: all that lies in it.
 *
 * @import { Bounds, Frame, Note } from "../../interfaces.d.ts"
 */

import { boundsOf } from "../plane.js";
import { holds, holdsPoint, middle } from "./bounds.js";

/**
 * A thing lies in a frame when its middle does, so that a node may stick out; a frame only when all of it does,
 * since two frames that overlap are neighbours and not parent and child.
 *
 * @param {readonly Frame[]} moved
 * @param {{ nodes: ReadonlyMap<string, Bounds>, frames: readonly Frame[], notes: readonly Note[] }} all
 * @returns {{ nodes: Set<string>, frames: Set<string>, notes: Set<string> }} The moved frames among them.
 */
export const carriedBy = (moved, { nodes, frames, notes }) => {
  const carriers = moved.map(boundsOf);
  const carried = {
    /** @type {Set<string>} */
    nodes: new Set(),
    frames: new Set(moved.map(({ id }) => id)),
    /** @type {Set<string>} */
    notes: new Set(),
  };
  for (const carrier of carriers) {
    for (const [id, bounds] of nodes) if (holdsPoint(carrier, middle(bounds))) carried.nodes.add(id);
    for (const note of notes) if (holdsPoint(carrier, middle(boundsOf(note)))) carried.notes.add(note.id);
    for (const frame of frames) if (holds(carrier, boundsOf(frame))) carried.frames.add(frame.id);
  }
  return carried;
};
