/** What packs add to the editor: fields for inputs of their nodes, and panels. `plugin.js` is their door to it. */

import { signal } from "@preact/signals";

/** @import { ComponentType } from "preact" */
/** @import { Editor, FieldProps } from "./interfaces.d.ts" */

/**
 * @typedef {object} PackPanel
 * @property {string} id Begins with the name of the pack, as in `words:list`.
 * @property {ComponentType<{ editor: Editor }>} Body
 */

/** Fields by the input they edit, as `type/input`. */
export const packFields = signal(/** @type {ReadonlyMap<string, ComponentType<FieldProps>>} */ (new Map()));

/** Panels in the order in which they were added. */
export const packPanels = signal(/** @type {readonly PackPanel[]} */ ([]));

/**
 * Adds a field; one that was added before for the same input makes room.
 *
 * @param {string} type Type of the nodes.
 * @param {string} input Name of the input.
 * @param {ComponentType<FieldProps>} Field
 */
export const addField = (type, input, Field) => {
  packFields.value = new Map([...packFields.value, [`${type}/${input}`, Field]]);
};

/**
 * Adds a panel; one of the same id makes room.
 *
 * @param {PackPanel} panel
 */
export const addPanel = (panel) => {
  packPanels.value = [...packPanels.value.filter(({ id }) => id !== panel.id), panel];
};
