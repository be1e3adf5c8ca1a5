/** How all nodes of a document fare, for what shows them as a whole. */

import { computed } from "@preact/signals";
import { isWrong } from "./node_state.js";

/** @import { Editor, NodeState } from "../interfaces.d.ts" */
/** @import { Facts } from "./node_state.js" */

/**
 * Follows what all nodes of the document in front do.
 * @param {Pick<Editor, "tabs" | "advice" | "plane">} editor
 * @param {Facts} facts
 */
export const followRuns = (editor, { gist }) => {
  /** @type {ReadonlyMap<string, NodeState>} */
  let last = new Map();
  const states = computed(() => {
    const tab = editor.tabs.current.value;
    /** @type {Map<string, NodeState>} */
    const next = new Map();
    let isSame = true;
    for (const id of editor.plane.boxes.value.keys()) {
      const state = gist(tab, id).run.value?.state;
      if (!state) continue;
      next.set(id, state);
      isSame &&= last.get(id) === state;
    }
    if (!isSame || next.size !== last.size) last = next;
    return last;
  });
  /** @param {NodeState} wanted */
  const those = (wanted) => states.value.entries().filter(([, state]) => state === wanted).map(([id]) => id);
  const running = computed(() => new Set(those("running")));
  const faulty = computed(() => {
    const checked = editor.advice.problems.value.flatMap((problem) =>
      isWrong([problem]) ? problem.node ?? [] : []
    );
    return new Set([...checked, ...those("failed")]);
  });
  return { states, running, faulty };
};
