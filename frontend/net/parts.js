/** Workflows that a document carries, in tabs of their own: what is saved there goes back into the document. */

import { putBack } from "../model/edits/carried.js";

/** @import { Tab } from "../interfaces.d.ts" */
/** @typedef {{ tab: string, workflow: string }} Part */

/**
 * Gives the tab whose document carries that of a tab.
 *
 * @param {readonly Tab[]} all
 * @param {Tab} tab
 * @returns {Tab | null} Null for a document of its own, and where that tab is closed.
 */
export const homeOf = (all, { part }) => all.find(({ id }) => id === part.value?.tab) ?? null;

/**
 * Finds the tab of a workflow that a document carries.
 *
 * @param {readonly Tab[]} all
 * @param {Part} wanted
 */
export const findPart = (all, wanted) =>
  all.find(({ part }) => part.peek()?.tab === wanted.tab && part.peek()?.workflow === wanted.workflow);

/**
 * Puts the document of a tab back into the one that carries it, as one change there.
 *
 * @param {readonly Tab[]} all
 * @param {Tab} tab
 * @returns {Tab | null} The tab that it went to.
 */
export const putPartBack = (all, tab) => {
  const [home, part] = [homeOf(all, tab), tab.part.peek()];
  if (!home || !part) return null;
  const document = tab.history.document.peek();
  const label = { id: "step.put-back", with: { name: part.workflow } };
  home.history.perform(label, putBack(part.workflow, document));
  tab.saved.value = document;
  return home;
};
