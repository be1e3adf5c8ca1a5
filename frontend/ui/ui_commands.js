/** The commands of what floats over the editor. */

/** @import { Command, Commands, Settings, Ui } from "../interfaces.d.ts" */

import { openCommandPalette } from "./command_palette.js";
import { openSettings } from "./settings_dialog.js";
import { openShortcuts } from "./shortcuts.js";

/**
 * Makes the commands.
 *
 * @param {{ ui: Ui, commands: Commands, settings: Settings }} parts
 * @returns {Command[]}
 */
export const uiCommands = ({ ui, commands, settings }) => [
  {
    id: "ui.palette",
    keys: ["Mod+K", "F1"],
    whileTyping: true,
    run: () => openCommandPalette(ui, commands),
  },
  { id: "ui.shortcuts", keys: ["?"], run: () => void openShortcuts(ui, commands) },
  { id: "ui.settings", keys: ["Mod+,"], whileTyping: true, run: () => void openSettings(ui, settings) },
  {
    id: "ui.theme",
    run: () => {
      const isDark = document.documentElement.dataset.theme === "dark";
      settings.theme.value = isDark ? "light" : "dark";
    },
  },
];
