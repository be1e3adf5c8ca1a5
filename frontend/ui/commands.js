/** Everything that can be done, by name: what menus, keys and the command palette run. */

/** @import { Command, Commands, Settings } from "../interfaces.d.ts" */

import { computed, signal } from "@preact/signals";
import { normalizeKeys } from "./keymap.js";

/**
 * Keeps the commands, with the keys their user gave them.
 *
 * @param {Pick<Settings, "keymap">} settings
 * @param {(fault: unknown, id: string) => void} [report] Hears what a command throws.
 * @returns {Commands}
 */
export function createCommands(settings, report = reportError) {
  const byId = signal(/** @type {ReadonlyMap<string, Command>} */ (new Map()));
  const all = computed(() => [...byId.value.values()]);
  /** @param {string} id */
  const get = (id) => {
    const command = byId.value.get(id);
    if (!command) throw new Error(`There is no command ${id}.`);
    return command;
  };
  /** @param {string} id */
  const isEnabled = (id) => get(id).isEnabled?.() ?? true;

  return {
    all,
    add(...commands) {
      byId.value = new Map([
        ...byId.value,
        ...commands.map((command) => /** @type {const} */ ([command.id, command])),
      ]);
    },
    run(id) {
      if (!isEnabled(id)) return;
      try {
        Promise.resolve(get(id).run()).catch((fault) => report(fault, id));
      } catch (fault) {
        report(fault, id);
      }
    },
    isEnabled,
    keys: (id) => settings.keymap.value[id] ?? (get(id).keys ?? []).map(normalizeKeys),
    setKeys(id, keys) {
      const { [id]: _, ...others } = settings.keymap.value;
      settings.keymap.value = keys === null ? others : { ...others, [id]: keys.map(normalizeKeys) };
    },
  };
}

/**
 * Names the commands that hear the same keys, except one.
 *
 * @param {Commands} commands
 * @param {string} keys
 * @param {string} [except]
 */
export const commandsOfKeys = (commands, keys, except) =>
  commands.all.value.filter(({ id }) => id !== except && commands.keys(id).includes(normalizeKeys(keys)));
