/** What one tab shows of runs: which job, how each node fares in it, and the pictures that nodes made so far. */

import { batch, signal } from "@preact/signals";

import { upstream } from "../model/links.js";
import { isFinal } from "./node_runs.js";
import { createRenamings } from "./renamings.js";
import { createTabPictures } from "./tab_pictures.js";

/**
 * @import { JobView, NodeRun, WorkflowDocument } from "../interfaces.d.ts"
 * @import { NodeRuns } from "./node_runs.js"
 * @import { Names } from "./renamings.js"
 */

/** Of so many runs the pictures stay, where no later one made others at the same socket. */
const MOST_JOBS = 8;

/** @typedef {ReturnType<typeof createTabRuns>} TabRuns */

/**
 * Makes what a tab shows.
 *
 * @param {object} known
 * @param {(id: string) => JobView | undefined} known.job
 * @param {(id: string) => NodeRuns | undefined} known.run
 * @param {(id: string) => Promise<WorkflowDocument | null>} known.document What a job runs.
 * @param {Names} [names] Nodes that were renamed since jobs were submitted.
 */
export const createTabRuns = ({ job, run, document }, names) => {
  const renamings = createRenamings(names);
  const pictures = createTabPictures({ job, document, nameOf: renamings.now });
  /** @type {import("@preact/signals").Signal<string | null>} */
  const shown = signal(null);
  /** @type {Map<string, import("@preact/signals").Signal<NodeRun | null>>} */
  const nodes = new Map();
  /** @type {readonly string[]} Jobs whose pictures are shown; those of later ones come first. */
  let trail = [];
  /** @type {ReadonlySet<string>} Nodes that the shown run needs, as they are called in it. */
  let needed = new Set();

  /** @param {string} node @returns {NodeRun | null} */
  const stateOf = (node) => {
    const view = shown.peek() === null ? undefined : job(shown.peek() ?? "");
    if (!view) return null;
    const there = renamings.then(view.id, node);
    return run(view.id)?.of(there, view, needed.has(there)) ?? waiting(view, needed.has(there));
  };
  /** @param {Iterable<string>} [changed] Nodes; all where it is missing. */
  const update = (changed = nodes.keys()) => {
    for (const node of changed) {
      const known = nodes.get(node);
      if (!known) continue;
      const state = stateOf(node);
      // A job's end concerns all nodes, but most are as they were.
      if (!isSame(known.peek(), state)) known.value = state;
    }
  };
  const lookAtDocument = async () => {
    const id = shown.peek();
    const workflow = id === null ? null : await document(id);
    if (id !== shown.peek()) return;
    const targets = Object.values(workflow?.outputs ?? {}).map((output) => output.from.split(".", 1)[0]);
    needed = workflow ? upstream(workflow, targets) : new Set();
    batch(() => update());
  };
  return {
    shown,
    /** The jobs whose pictures are shown, the newest last. */
    trail: () => trail,
    /** Shows a job. @param {string | null} id */
    show: (id) => {
      if (id !== null) trail = [...trail.filter((other) => other !== id), id].slice(-MOST_JOBS);
      shown.value = id;
      needed = new Set();
      batch(() => update());
      lookAtDocument();
      pictures.look(trail);
    },
    /** Goes on to another job of the trail, as when it begins to run. @param {string} id */
    follow: (id) => {
      shown.value = id;
      batch(() => update());
      lookAtDocument();
    },
    /** Takes up jobs that were shown before the page was loaded. @param {readonly string[]} ids */
    restore: (ids) => {
      trail = [...ids].slice(-MOST_JOBS);
      shown.value = trail.at(-1) ?? null;
      lookAtDocument();
      pictures.look(trail);
    },
    /** Takes up what is new of nodes of the shown job. @param {Iterable<string>} [changed] All where it is missing. */
    update: (changed) =>
      update(changed && Array.from(changed, (node) => renamings.now(shown.peek() ?? "", node))),
    lookForPictures: () => pictures.look(trail),
    pictures: pictures.of,
    /** Has what is known of a node go on under its new name. @param {string} from @param {string} to */
    rename: (from, to) => {
      renamings.rename(trail, from, to);
      batch(() => update());
      pictures.look(trail);
    },
    /** Nodes that were renamed since jobs were submitted. */
    names: renamings.toJSON,
    /** @param {string} node */
    node: (node) => {
      const known = nodes.get(node) ?? signal(stateOf(node));
      nodes.set(node, known);
      return known;
    },
  };
};

/** @param {JobView} view @param {boolean} isNeeded @returns {NodeRun | null} */
const waiting = (view, isNeeded) =>
  isNeeded && !isFinal(view.state) ? { state: "waiting", problems: [] } : null;

/** @param {NodeRun | null} a @param {NodeRun | null} b */
const isSame = (a, b) =>
  a === b ||
  (a !== null && b !== null && a.state === b.state && a.step === b.step && a.total === b.total &&
    a.secondsLeft === b.secondsLeft && a.seconds === b.seconds && a.heldBytes === b.heldBytes &&
    a.peakBytes === b.peakBytes && a.preview === b.preview &&
    a.reason?.code === b.reason?.code && a.problems.length === b.problems.length &&
    a.problems.every((problem, place) => problem.message === b.problems[place].message));
