/**
 * What is known of the nodes of one job, from its events.
 *
 * Events may come twice and in any order, live and from the log at once: what a later one said of a node stands.
 * Nodes within a sub-workflow, such as `portrait/sample`, are summed up in the node that they are seen as.
 */

/**
 * @import { JobView, NodeRun, NodeState, ProblemEntry } from "../interfaces.d.ts"
 * @import { Passing, ServerEvent } from "./socket.js"
 */

/**
 * @typedef {object} Part A node as the server runs it.
 * @property {number} number Of the event that said so.
 * @property {NodeState} state
 * @property {string} [code] Of the reason.
 * @property {string[]} [inputs] Those that the reason speaks of.
 * @property {number} [seconds]
 * @property {number} [heldBytes]
 * @property {number} [peakBytes]
 * @property {number} [step]
 * @property {number} [total]
 * @property {number} [secondsLeft]
 */

/** @typedef {ReturnType<typeof createNodeRuns>} NodeRuns */

const FINAL = new Set(["succeeded", "failed", "cancelled"]);
/** What a node is whose parts differ: the first of these that one of them is. */
const RANKED =
  /** @type {const} */ (["running", "failed", "cancelled", "skipped", "ran", "cached", "waiting"]);
/** @type {readonly ProblemEntry[]} */
const NONE = [];

/** Gives the node of a document that a node of a run belongs to. @param {string} id */
export const outermost = (id) => id.split("/", 1)[0];

/** Tells whether a job in this state ran to its end. @param {string} state */
export const isFinal = (state) => FINAL.has(state);

/**
 * Begins to gather what is known of the nodes of a job.
 */
export const createNodeRuns = () => {
  /** @type {Map<string, Map<string, Part>>} The parts of each node of the document. */
  const nodes = new Map();
  /** @type {Map<string, string>} URLs of the newest previews by node. */
  const previews = new Map();
  /** @type {Map<string, Blob>} Previews that nobody saw yet. */
  const pictures = new Map();
  /** @type {Set<string>} */
  let changed = new Set();
  let total = 0;
  /** Number of the event that began the attempt; what was said before of nodes is void. */
  let begun = 0;
  let isOver = false;

  /** @param {string} id @param {number} number @param {Omit<Part, "number">} said */
  const put = (id, number, said) => {
    const node = outermost(id);
    const parts = nodes.get(node) ?? new Map();
    if (number < begun || number < (parts.get(id)?.number ?? 0)) return;
    nodes.set(node, parts.set(id, { number, ...said }));
    changed.add(node);
  };
  /** @param {number} number */
  const begin = (number) => {
    if (number <= begun) return;
    begun = number;
    for (const [node, parts] of nodes) {
      for (const [id, part] of parts) if (part.number < number) parts.delete(id);
      if (!parts.size) nodes.delete(node);
      changed.add(node);
    }
  };
  return {
    /** Takes up an event about the job. @param {ServerEvent} event */
    hear: ({ type, number, data }) => {
      if (type === "job") {
        // One that was asked to stop runs on until it does.
        if (!isFinal(data.state) && !data.is_cancelling) begin(number);
        isOver ||= isFinal(data.state);
        for (const node of nodes.keys()) changed.add(node);
      } else if (type === "nodes") {
        if (data.total !== undefined) total = data.total;
        for (const id of data.started ?? []) put(id, number, { state: "running" });
        for (const entry of data.finished ?? []) put(entry[0], number, finished(entry));
      }
    },
    /** Takes up how far a node is, or its preview. @param {Passing} frame */
    pass: ({ data, picture }) => {
      const node = outermost(data.node);
      const part = nodes.get(node)?.get(data.node) ?? { number: begun, state: "running" };
      // What passes comes beside the log, and can come after the end of its node.
      if (part.state !== "running") return;
      const { step, total, seconds_left: secondsLeft } = data;
      put(data.node, part.number, picture ? part : { ...part, step, total, secondsLeft });
      if (picture) pictures.set(node, picture);
    },
    /** Gives the nodes that changed since this was last asked. */
    takeChanged: () => {
      const taken = changed;
      changed = new Set();
      return taken;
    },
    /**
     * Says what is known of a node.
     *
     * @param {string} node
     * @param {JobView} job The job as it is.
     * @param {boolean} isNeeded Whether the run needs the node, as far as the document says.
     * @returns {NodeRun | null}
     */
    of: (node, job, isNeeded) => {
      const parts = nodes.get(node);
      const problems = problemsOf(job, node);
      if (parts) return { ...summary([...parts.values()], isFinal(job.state)), ...shown(node), problems };
      if (!isFinal(job.state) && isNeeded) return { state: "waiting", problems };
      return problems.length ? { state: "failed", problems } : null;
    },
    /** Every part with its id. @returns {Iterable<[string, Part]>} */
    parts: function* () {
      for (const parts of nodes.values()) yield* parts;
    },
    /** How many nodes the run has; 0 where that is not known. */
    total: () => total,
    /** Whether the end of the job was heard. */
    isOver: () => isOver,
    /** Gives up the previews; nothing may show them any more. */
    destroy: () => {
      for (const url of previews.values()) URL.revokeObjectURL(url);
      previews.clear();
      pictures.clear();
    },
  };

  /** Gives the newest preview of a node, which takes the place of the one before. @param {string} node */
  function shown(node) {
    const picture = pictures.get(node);
    if (picture) {
      const before = previews.get(node);
      previews.set(node, URL.createObjectURL(picture));
      pictures.delete(node);
      // What is on the screen is decoded already, or is not worth showing any more.
      if (before) URL.revokeObjectURL(before);
    }
    const preview = previews.get(node);
    return preview ? { preview } : {};
  }
};

/** @param {[string, string, string, number, string?, number?, number?]} entry @returns {Omit<Part, "number">} */
const finished = ([, state, code, seconds, detail, heldBytes, peakBytes]) => {
  const isFault = state === "failed";
  return {
    state: state === "hit" ? "cached" : /** @type {NodeState} */ (state),
    ...(isFault ? {} : { code, inputs: detail ? detail.split(", ") : [] }),
    seconds,
    ...(heldBytes ? { heldBytes } : {}),
    ...(peakBytes ? { peakBytes } : {}),
  };
};

/** @param {Part[]} parts @param {boolean} isOver @returns {Omit<NodeRun, "problems">} */
const summary = (parts, isOver) => {
  const states = parts.map((part) => (isOver && part.state === "running" ? "cancelled" : part.state));
  const state = RANKED.find((candidate) => states.includes(candidate)) ?? "waiting";
  const told = parts[states.indexOf(state)];
  const seconds = parts.reduce((sum, part) => sum + (part.seconds ?? 0), 0);
  return {
    state,
    ...(told.code ? { reason: { code: told.code, text: "", inputs: told.inputs ?? [] } } : {}),
    ...(state === "running" && told.step !== undefined
      ? { step: told.step, total: told.total, secondsLeft: told.secondsLeft }
      : {}),
    ...(state === "running" || state === "waiting" ? {} : { seconds, ...memory(parts) }),
  };
};

/** Sums up what results hold; of peaks, the highest counts. @param {Part[]} parts */
const memory = (parts) => {
  const heldBytes = parts.reduce((sum, part) => sum + (part.heldBytes ?? 0), 0);
  const peakBytes = Math.max(0, ...parts.map((part) => part.peakBytes ?? 0));
  return { ...(heldBytes ? { heldBytes } : {}), ...(peakBytes ? { peakBytes } : {}) };
};

/** @param {JobView} job @param {string} node */
const problemsOf = (job, node) => {
  if (!job.problems.length) return NONE;
  return job.problems.filter((problem) => problem.node !== null && outermost(problem.node) === node);
};
