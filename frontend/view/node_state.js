/**
 * What is known of a node beside the document: its run, its pictures, its problems and what a run would do.
 */

import { computed, signal } from "@preact/signals";
import { remembered } from "../net/remembered.js";
import { sizeOf } from "../ui/sizes.js";
import { say } from "../ui/texts.js";
import { capitalized, socketLabel, spanOf } from "./labels.js";
import { NO_EXTRAS } from "./metrics.js";

/**
 * @import { ReadonlySignal, Signal } from "@preact/signals"
 * @import { Editor, JobView, NodeEntry, NodeRun, Picture, ProblemEntry, ReasonView, StepView, Tab } from "../interfaces.d.ts"
 * @import { Extras } from "./metrics.js"
 */

/** @typedef {"running" | "waiting" | "ran" | "cached" | "failed" | "cancelled" | "skipped" | "incomplete" | "ready" | "stale" | "off" | "bypass" | "none"} Mark */

/**
 * @typedef {object} Foot The last line of a node.
 * @property {Mark} mark
 * @property {string} text
 * @property {string} time And the memory, where there is any to speak of: `0.8s · 12 MB`.
 */

/**
 * @typedef {object} NodeGist What the plane needs of each node, so that there is little of it.
 * @property {ReadonlySignal<NodeRun | null>} run
 * @property {ReadonlySignal<readonly Picture[]>} pictures
 * @property {ReadonlySignal<Extras>} extras
 */

/**
 * @typedef {object} MoreFacts What a node on the page needs besides.
 * @property {ReadonlySignal<readonly ProblemEntry[]>} problems Of the check and of the run, each once.
 * @property {ReadonlySignal<StepView | null>} step
 * @property {ReadonlySignal<boolean>} isOutdated Whether an edit since has made the run that is shown history.
 * @property {Signal<number>} previewRatio Height by width of the unfinished picture.
 */

/** @typedef {NodeGist & MoreFacts} NodeFacts */
/** @typedef {ReturnType<typeof createFacts>} Facts */

/** Inputs that are not connected yet are marked at their sockets; sentences about them would only shout. */
const MARKED_ONLY = "input-missing";

/** @type {readonly ProblemEntry[]} */
const NO_PROBLEMS = [];

/** The longest list of inputs in a reason. */
const MOST_INPUTS = 2;

/**
 * Joins two lists of problems without saying anything twice.
 * @param {readonly ProblemEntry[]} first
 * @param {readonly ProblemEntry[]} second
 * @returns {readonly ProblemEntry[]}
 */
const together = (first, second) => {
  if (second.length === 0) return first;
  const said = new Set(first.map(({ message }) => message));
  return [...first, ...second.filter(({ message }) => !said.has(message))];
};

/**
 * Gives the sentences that a node shows, one a line.
 * @param {readonly ProblemEntry[]} problems
 * @returns {string}
 */
export const sentences = (problems) =>
  problems.length === 0 ? "" : problems.filter(({ code }) => code !== MARKED_ONLY)
    .map(({ message, hint }) => hint ? `${message} ${hint}` : message)
    .join("\n");

/**
 * Tells whether something is wrong with a node, and not only missing.
 * @param {readonly ProblemEntry[]} problems
 * @returns {boolean}
 */
export const isWrong = (problems) =>
  problems.some(({ code, severity }) => severity === "error" && code !== MARKED_ONLY);

/**
 * Gives the pictures a node has room for.
 * @param {NodeRun | null} run
 * @param {readonly Picture[]} pictures
 * @param {() => number} previewRatio
 * @returns {Extras["pictures"]}
 */
const picturesOf = (run, pictures, previewRatio) => {
  const count = isPreviewed(run, pictures) ? 1 : pictures.length;
  if (count === 0) return null;
  return { count, ratio: pictures.length === 0 ? previewRatio() : pictures[0].height / pictures[0].width };
};

/**
 * Tells whether a node shows the unfinished picture of its run.
 * @param {NodeRun | null} run
 * @param {readonly Picture[]} pictures
 * @returns {boolean}
 */
export const isPreviewed = (run, pictures) =>
  run?.preview !== undefined && (run.state === "running" || pictures.length === 0);

/** @param {Extras["pictures"]} one @param {Extras["pictures"]} other @returns {boolean} */
const isSame = (one, other) => one?.count === other?.count && one?.ratio === other?.ratio;

/**
 * Tells whether a run would make another result than the run that is shown.
 * @param {ReadonlySignal<JobView | null>} job
 * @param {ReadonlySignal<NodeRun | null>} run
 * @param {ReadonlySignal<StepView | null>} step
 * @returns {ReadonlySignal<boolean>}
 */
const outdated = (job, run, step) => {
  /** What was foretold before or during a run says nothing of what comes after it. @type {StepView | null} */
  let past = null;
  return computed(() => {
    const isActive = job.value?.state === "queued" || job.value?.state === "running";
    // What was cancelled would run again whether or not it was edited; only what is foretold later tells.
    const isOpen = past === null && run.value?.state === "cancelled";
    if (isActive || isOpen) past = step.value;
    return step.value !== null && step.value !== past && step.value.action !== "hit";
  });
};

/**
 * Makes the gist of one node.
 * @param {Pick<Editor, "runs" | "advice">} editor
 * @param {string} tab
 * @param {string} node
 * @param {(node: string) => Signal<number>} previewRatio
 * @returns {NodeGist}
 */
const gistOf = ({ runs, advice }, tab, node, previewRatio) => {
  const run = runs.node(tab, node);
  const pictures = runs.pictures(tab, node);
  const checked = advice.ofNode(node);
  let last = NO_EXTRAS;
  const extras = computed(() => {
    const now = run.value;
    const shown = picturesOf(now, pictures.value, () => previewRatio(node).value);
    const problems = sentences(together(checked.value, now?.problems ?? NO_PROBLEMS));
    // Steps of a run come many times a second; a node whose parts stay the same is not laid out again.
    if (last.problems !== problems || !isSame(last.pictures, shown)) last = { pictures: shown, problems };
    return last;
  });
  return { run, pictures, extras };
};

/**
 * Makes the facts of one node.
 * @param {Pick<Editor, "runs" | "advice">} editor
 * @param {string} node
 * @param {NodeGist} gist
 * @param {{ job: ReadonlySignal<JobView | null>, previewRatio: Signal<number> }} more `job` is the one whose run is shown.
 * @returns {NodeFacts}
 */
const factsOf = ({ advice }, node, gist, { job, previewRatio }) => {
  const { run } = gist;
  const checked = advice.ofNode(node);
  const step = advice.step(node);
  const problems = computed(() => together(checked.value, run.value?.problems ?? NO_PROBLEMS));
  return { ...gist, problems, step, isOutdated: outdated(job, run, step), previewRatio };
};

/**
 * Makes what is known of all nodes, each when it is first asked for.
 * @param {Pick<Editor, "runs" | "advice">} editor
 * @returns {{ gist(tab: Tab, node: string): NodeGist, facts(tab: Tab, node: string): NodeFacts }}
 */
export const createFacts = (editor) => {
  /** @param {Tab} tab */
  const ofTab = ({ id }) => {
    const previewRatio = remembered((_node) => signal(1));
    const gist = remembered((node) => gistOf(editor, id, node, previewRatio));
    const job = editor.runs.shown(id);
    const facts = remembered((node) =>
      factsOf(editor, node, gist(node), { job, previewRatio: previewRatio(node) })
    );
    return { gist, facts };
  };
  /** @type {WeakMap<Tab, ReturnType<typeof ofTab>>} */
  const tabs = new WeakMap();
  /** @param {Tab} tab */
  const known = (tab) => {
    const before = tabs.get(tab);
    if (before) return before;
    const made = ofTab(tab);
    tabs.set(tab, made);
    return made;
  };
  return {
    gist: (tab, node) => known(tab).gist(node),
    facts: (tab, node) => known(tab).facts(node),
  };
};

/**
 * Gives why a node runs, ran or did not.
 * @param {ReasonView} reason
 * @returns {string}
 */
const why = ({ code, inputs }) => {
  const named = inputs.slice(0, MOST_INPUTS).map(socketLabel).join(", ");
  const more = inputs.length > MOST_INPUTS ? ` +${inputs.length - MOST_INPUTS}` : "";
  return say(`node.why.${code}`, { inputs: named + more });
};

/** @param {NodeRun} run @returns {Foot} */
const runningFoot = ({ step, total, secondsLeft }) => ({
  mark: "running",
  text: step !== undefined && total !== undefined ? say("node.step", { step, total }) : say("node.running"),
  time: secondsLeft === undefined ? "" : say("node.left", { time: spanOf(secondsLeft) }),
});

/** @param {NodeRun} run @returns {Foot} */
const endedFoot = ({ state, reason, seconds, heldBytes }) => ({
  mark: state,
  text: state === "ran" && reason
    ? capitalized(why(reason))
    : state === "cached" && reason
    ? say("node.reused", { why: why(reason) })
    : say(`node.state.${state}`),
  time: taken(seconds === undefined || state === "cached" ? "" : spanOf(seconds), heldBytes),
});

/** @param {string} time @param {number | null} [bytes] */
const taken = (time, bytes) => [time, bytes && sizeOf(bytes)].filter(Boolean).join(" · ");

/** @param {StepView} step @returns {Foot} */
const plannedFoot = ({ action, reason, seconds_last: seconds, held_bytes_last: bytes }) => {
  if (action === "hit") return { mark: "ready", text: say("node.ready", { why: why(reason) }), time: "" };
  const time = seconds === null ? "" : say("node.about", { time: taken(spanOf(seconds), bytes) });
  const text = action === "run" ? say("node.would", { why: why(reason) }) : say("node.unknown");
  return { mark: "stale", text, time };
};

/**
 * Gives the last line of a node: what it does, what it did, or what a run would do with it.
 * @param {object} of
 * @param {NodeEntry} of.entry
 * @param {NodeRun | null} of.run
 * @param {StepView | null} of.step
 * @param {boolean} of.isOutdated
 * @param {readonly ProblemEntry[]} of.problems
 * @returns {Foot}
 */
export const footOf = ({ entry, run, step, isOutdated, problems }) => {
  if (run?.state === "running") return runningFoot(run);
  if (entry.mode) return { mark: entry.mode, text: say(`node.${entry.mode}`), time: "" };
  if (run?.state === "waiting") return { mark: "waiting", text: say("node.state.waiting"), time: "" };
  const missing = problems.filter(({ code }) => code === MARKED_ONLY).length;
  if (isWrong(problems)) return { mark: "failed", text: say("node.problem"), time: "" };
  if (missing > 0) return { mark: "incomplete", text: say("node.missing", { count: missing }), time: "" };
  if (step && (isOutdated || !run)) return plannedFoot(step);
  return run ? endedFoot(run) : { mark: "none", text: "", time: "" };
};
