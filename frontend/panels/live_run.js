/** Runs the document a moment after every change, where its user wishes so. */

import { effect } from "@preact/signals";
import { hasEnded } from "./queue_rows.js";

/** @import { Editor, WorkflowDocument } from "../interfaces.d.ts" */

/** Milliseconds without a change after which a run begins. */
const QUIET_MS = 400;

/**
 * Follows the document in front. A run that an edit has made useless is cancelled.
 *
 * @param {Pick<Editor, "tabs" | "document" | "settings" | "advice" | "runs">} editor
 * @returns {() => void} What ends it.
 */
export const createLiveRun = ({ tabs, document, settings, advice, runs }) => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {string | null} */
  let latest = null;
  /** @type {{ tab: string, content: string } | null} */
  let seen = null;

  const run = async () => {
    const tab = tabs.current.peek();
    if (!settings.liveRun.peek() || !advice.ok.peek()) return;
    const before = runs.jobs.peek().find((job) => job.id === latest);
    if (before && !hasEnded(before)) await runs.cancel(before.id).catch(() => undefined);
    latest = await runs.submit(tab).then((job) => job.id, () => null);
  };
  const stop = effect(() => {
    const isWanted = settings.liveRun.value;
    const now = { tab: tabs.current.value.id, content: contentOf(document.value) };
    const isSound = advice.ok.value;
    const isEdit = seen !== null && seen.tab === now.tab && seen.content !== now.content;
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

/**
 * Gives what of a document a run depends on.
 *
 * @param {WorkflowDocument} document
 */
export const contentOf = ({ nodes, inputs, outputs, workflows }) =>
  JSON.stringify([nodes, inputs, outputs, workflows]);
