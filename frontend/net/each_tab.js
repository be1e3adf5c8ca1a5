/** Doing something with every tab as long as it is open. */

import { effect } from "@preact/signals";

/** @import { Tab } from "../interfaces.d.ts" */

/**
 * Begins something with every tab that is open and with every one that is opened, and ends it when that is closed.
 *
 * @param {import("@preact/signals").ReadonlySignal<readonly Tab[]>} all
 * @param {(tab: Tab) => () => void} begin Gives what ends it.
 */
export const eachTab = (all, begin) => {
  /** @type {Map<Tab, () => void>} */
  const begun = new Map();
  effect(() => {
    const open = new Set(all.value);
    for (const [tab, end] of begun) {
      if (open.has(tab)) continue;
      end();
      begun.delete(tab);
    }
    for (const tab of open) if (!begun.has(tab)) begun.set(tab, begin(tab));
  });
};
