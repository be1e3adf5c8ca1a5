/** Whether documents say the same. */

/** @import { WorkflowDocument } from "../interfaces.d.ts" */

import { equal, own } from "./records.js";

/**
 * Tells whether two documents are the same. The order of what they take and give counts, since it is that of forms;
 * that of nodes does not.
 *
 * @param {WorkflowDocument | null} a
 * @param {WorkflowDocument | null} b
 * @returns {boolean}
 */
export const isSameDocument = (a, b) => {
  if (a === b) return true;
  if (a === null || b === null || !equal(a, b)) return false;
  return isSameOrder(a.inputs, b.inputs) && isSameOrder(a.outputs, b.outputs) &&
    Object.entries(a.workflows ?? {}).every(([name, inner]) =>
      isSameDocument(inner, own(b.workflows, name) ?? null)
    );
};

/** @type {(a: object, b: object) => boolean} */
const isSameOrder = (a, b) => {
  const names = Object.keys(b);
  return Object.keys(a).every((name, place) => name === names[place]);
};
