/**
 * What a module of a pack may use: `import { defineField, html } from "weft"`.
 *
 * A module lies in the folder `web` of its pack and is loaded with the page. It may define fields, panels and
 * commands, and look at and change the document in front through the editor it is given. What is not here may change
 * with every release.
 */

import { addField, addPanel } from "./extensions.js";
import { guarded } from "./ui/guarded.js";
import { addText } from "./ui/texts.js";

/** @import { ComponentType } from "preact" */
/** @import { Command, Editor, FieldProps } from "./interfaces.d.ts" */

export { batch, computed, effect, signal } from "@preact/signals";
export { useEffect, useMemo, useRef, useState } from "preact/hooks";
export { html } from "./ui/html.js";

/** Version of this door; it grows when something that packs use goes away. */
export const version = 1;

/** @type {PromiseWithResolvers<Editor>} */
const opened = Promise.withResolvers();

/**
 * Gives the editor once it stands.
 *
 * @returns {Promise<Editor>}
 */
export const editor = () => opened.promise;

/**
 * Shows a component wherever an input of a pack's node is edited: in nodes, the inspector and forms.
 *
 * @param {string} type Type of the node, such as `words:word.say`.
 * @param {string} input Name of the input.
 * @param {ComponentType<FieldProps>} Field Shows `value` and calls `onChange` with another one.
 */
export const defineField = (type, input, Field) => addField(type, input, guarded(Field, `${type} ${input}`));

/**
 * Adds a panel to those at the left.
 *
 * @param {{ id: string, title: string, Body: ComponentType<{ editor: Editor }> }} panel `id` begins with the name of
 *   the pack, as in `words:list`.
 */
export const definePanel = async ({ id, title, Body }) => {
  addText(`panels.${id}`, title);
  const { panel } = (await editor()).settings;
  const toggle = () => {
    panel.value = panel.peek() === id ? null : id;
  };
  await defineCommand({ id: `panel.${id}`, title, run: toggle });
  addPanel({ id, Body: guarded(Body, id) });
};

/**
 * Adds a command, which is found in the palette of commands and can be given keys.
 *
 * @param {Command & { title: string }} command `id` begins with the name of the pack.
 */
export const defineCommand = async ({ title, ...command }) => {
  addText(`command.${command.id}`, title);
  (await editor()).commands.add(command);
};

/**
 * Opens the door; the page does so once.
 *
 * @param {Editor} made
 */
export const open = (made) => opened.resolve(made);
