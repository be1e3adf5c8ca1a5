/** Runs the document a moment after every change, where its user wishes so. */

import { effect } from "@preact/signals";
import { faultText } from "./faults.js";
import { hasEnded } from "./queue_rows.js";

/** @import { Editor, JobView, WorkflowDocument } from "../interfaces.d.ts" */

/** Milliseconds without a change after which a run begins. */
const QUIET_MS = 400;

/**
 * Follows the document in front. A run that an edit has made useless is cancelled. A refusal is said once, and again
 * only after a run has begun or another reason has come.
 *
 * @param {Pick<Editor, "tabs" | "document" | "settings" | "advice" | "runs" | "ui">} editor
 * @returns {() => void} What ends it.
 */
export const createLiveRun = ({ tabs, document, settings, advice, runs, ui }) => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {string | null} */
  let latest = null;
  /** @type {{ tab: string, document: WorkflowDocument } | null} */
  let seen = null;
  const refusals = createRefusals(ui);

  const run = async () => {
    const tab = tabs.current.peek();
    if (!settings.liveRun.peek() || !advice.ok.peek()) return;
    const before = runs.jobs.peek().find((job) => job.id === latest);
    if (before && !hasEnded(before)) await runs.cancel(before.id).catch(() => undefined);
    latest = await runs.submit(tab).then(refusals.over, refusals.say);
  };
  const stop = effect(() => {
    const isWanted = settings.liveRun.value;
    const now = { tab: tabs.current.value.id, document: document.value };
    const isSound = advice.ok.value;
    const isEdit = seen !== null && seen.tab === now.tab && !isSameWork(seen.document, now.document);
    if (!isWanted || seen?.tab !== now.tab) {
      seen = now;
      return;
    }
    // The change waits until the server has found nothing wrong with it.
    if (!isEdit || !isSound) return;
    seen = now;
    clearTimeout(timer);
    timer = setTimeout(run, QUIET_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
};

/** Makes what says why runs do not begin, each reason once. @param {Editor["ui"]} ui */
const createRefusals = (ui) => {
  let said = "";
  return {
    /** @param {unknown} fault */
    say: (fault) => {
      const why = faultText(fault);
      if (why !== said) ui.toast({ id: "panels.run.live-refused", with: { fault: why } });
      said = why;
      return null;
    },
    /** @param {JobView} job */
    over: ({ id }) => {
      said = "";
      return id;
    },
  };
};

/**
 * Tells whether two documents that came of each other run alike: edits share what they do not touch, and moving
 * nodes touches only the view.
 *
 * @param {WorkflowDocument} a
 * @param {WorkflowDocument} b
 */
export const isSameWork = (a, b) =>
  a.nodes === b.nodes && a.inputs === b.inputs && a.outputs === b.outputs && a.workflows === b.workflows;
