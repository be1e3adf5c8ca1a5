/** What the server says of the document in front, asked a moment after each change; the newest answer stands. */

import { batch, computed, effect, signal } from "@preact/signals";

import { isApiFault } from "./fault.js";
import { isFinal, outermost } from "./node_runs.js";
import { onceQuiet } from "./pacing.js";
import { remembered } from "./remembered.js";
import { submissionOf } from "./submission.js";

/**
 * @import { Advice, ProblemEntry, StepView, WorkflowDocument } from "../interfaces.d.ts"
 * @import { Installed } from "../model/sockets.js"
 * @import { CheckRequest, PlanView } from "../types.d.ts"
 * @import { Api } from "./api.js"
 * @import { Stream } from "./stream.js"
 */

/** Milliseconds without a change after which the server is asked. */
const QUIET = 250;
/** @type {readonly ProblemEntry[]} */
const NONE = [];

/**
 * @typedef {object} AdviceParts
 * @property {Installed} catalog
 * @property {Stream} [stream] Tells when the server is back, and when an answer may have changed by itself.
 * @property {() => unknown} [subject] What the document belongs to, such as its tab: the answer on one says nothing of
 *   another. Read where signals are followed.
 * @property {() => string | null} [name] What the job would be called; it decides what nodes are compared with.
 */

/**
 * Makes the advice on a document.
 *
 * @param {Api} api
 * @param {import("@preact/signals").ReadonlySignal<WorkflowDocument>} document
 * @param {AdviceParts} parts
 * @returns {Advice & { ask: () => void, destroy: () => void }} `ask` has the server be asked again.
 */
export const createAdvice = (api, document, { catalog, stream, subject, name = () => null }) => {
  /** @type {import("@preact/signals").Signal<readonly ProblemEntry[]>} */
  const problems = signal(NONE);
  /** @type {import("@preact/signals").Signal<"asking" | "known" | "unreachable">} */
  const state = signal("asking");
  const ok = signal(false);
  /** @type {import("@preact/signals").Signal<PlanView | null>} */
  const plan = signal(null);
  /** @type {AbortController | null} */
  let asking = null;

  const forget = () => {
    asking?.abort();
    asking = null;
    batch(() => {
      problems.value = NONE;
      ok.value = false;
      plan.value = null;
    });
  };
  const ask = async () => {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    const shown = document.peek();
    const work = submissionOf(shown, catalog, { name: name() ?? shown.title });
    try {
      const found = await examine(api, work, mine.signal);
      if (asking !== mine) return;
      batch(() => {
        problems.value = found.problems;
        ok.value = found.ok;
        plan.value = found.plan;
        state.value = "known";
      });
    } catch (fault) {
      if (asking !== mine) return;
      if (!isApiFault(fault)) throw fault;
      // The last answer stays: it is right about all that was not changed since.
      state.value = "unreachable";
    }
  };
  const askSoon = onceQuiet(ask, { quiet: QUIET });
  const later = () => {
    state.value = "asking";
    askSoon();
  };
  /** @type {readonly unknown[]} */
  let asked = [];
  const stopFollowing = effect(() => {
    const { nodes, inputs, outputs, workflows, title } = document.value;
    // Where things lie on the plane is nothing the server has an opinion on.
    const now = [nodes, inputs, outputs, workflows, title, subject?.()];
    if (now.every((part, place) => part === asked[place])) return;
    if (asked.at(-1) !== now.at(-1)) forget();
    asked = now;
    later();
  });
  const stopListening = stream?.listen({
    open: later,
    events: (events) => {
      if (events.some(({ type, data }) => CHANGING.has(type) || (type === "job" && isFinal(data.state)))) {
        later();
      }
    },
  });

  const byNode = computed(() =>
    Map.groupBy(problems.value, ({ node }) => node === null ? "" : outermost(node))
  );
  const steps = computed(() => Map.groupBy(plan.value?.steps ?? [], ({ node }) => outermost(node)));
  return {
    problems,
    state,
    ok,
    seconds: computed(() => plan.value?.seconds ?? null),
    heldBytes: computed(() => plan.value?.held_bytes ?? null),
    missingModels: computed(() => missingModels(problems.value)),
    ofNode: remembered((node) => computed(() => byNode.value.get(node) ?? NONE)),
    step: remembered((node) => computed(() => summary(node, steps.value.get(node)))),
    ask: later,
    destroy: () => {
      stopFollowing();
      stopListening?.();
      askSoon.cancel();
      asking?.abort();
      asking = null;
    },
  };
};

/** Kinds of events after which another answer may be right. */
const CHANGING = new Set(["catalog", "workflow", "asset"]);

/**
 * @param {Api} api
 * @param {CheckRequest} work
 * @param {AbortSignal} signal
 * @returns {Promise<{ ok: boolean, problems: readonly ProblemEntry[], plan: PlanView | null }>}
 */
const examine = async (api, work, signal) => {
  try {
    const { ok, problems } = await api.check(work, signal);
    return { ok, problems, plan: ok ? await api.plan(work, signal) : null };
  } catch (fault) {
    // What is no workflow at all is refused as a whole.
    if (isApiFault(fault) && fault.status === 422) return { ok: false, problems: fault.problems, plan: null };
    throw fault;
  }
};

/**
 * Names the model files that are not there, each once.
 *
 * @param {readonly ProblemEntry[]} problems
 * @returns {readonly string[]}
 */
const missingModels = (problems) => [
  ...new Set(problems.flatMap(({ details }) => /** @type {string[]} */ (details.missing_models ?? []))),
];

/**
 * Gives the step of a node; of a sub-workflow, that of its nodes that says most.
 *
 * @param {string} node
 * @param {readonly StepView[]} [steps]
 * @returns {StepView | null}
 */
const summary = (node, steps = []) => {
  const telling = ["run", "unknown", "hit"].map((action) => steps.find((step) => step.action === action))
    .find(Boolean);
  if (!telling) return null;
  const seconds_last = sumOf(steps.map((step) => step.seconds_last));
  const held_bytes_last = sumOf(steps.map((step) => step.held_bytes_last));
  return { ...telling, node, seconds_last, held_bytes_last };
};

/** Adds up what is known; null where nothing is. @param {(number | null)[]} amounts */
const sumOf = (amounts) => {
  const known = amounts.filter((amount) => amount !== null);
  return known.length ? known.reduce((sum, each) => sum + each, 0) : null;
};
