/** What is selected in a document. */

import { batch, signal } from "@preact/signals";

/** @import { Selection } from "../interfaces.d.ts" */

/**
 * Makes a selection of nothing.
 *
 * @returns {Selection}
 */
export const createSelection = () => {
  /** @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
  const nodes = signal(new Set());
  /** @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
  const frames = signal(new Set());
  /** @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
  const notes = signal(new Set());
  /** @type {import("@preact/signals").Signal<string | null>} */
  const wire = signal(null);
  /** @type {Selection["set"]} */
  const set = (what) =>
    batch(() => {
      choose(nodes, what.nodes);
      choose(frames, what.frames);
      choose(notes, what.notes);
      wire.value = what.wire ?? null;
    });
  return {
    nodes,
    frames,
    notes,
    wire,
    set,
    toggle: (node) =>
      batch(() => {
        const chosen = new Set(nodes.value);
        if (!chosen.delete(node)) chosen.add(node);
        nodes.value = chosen;
        wire.value = null;
      }),
    clear: () => set({}),
  };
};

/**
 * @param {import("@preact/signals").Signal<ReadonlySet<string>>} chosen
 * @param {Iterable<string>} [ids]
 */
const choose = (chosen, ids = []) => {
  const wanted = new Set(ids);
  // Whoever looks is not woken by a selection that is the same again.
  if (wanted.symmetricDifference(chosen.value).size) chosen.value = wanted;
};
