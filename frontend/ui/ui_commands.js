/** The commands of what floats over the editor. */

/** @import { Editor } from "../interfaces.d.ts" */

import { openCommandPalette } from "./command_palette.js";
import { openSettings } from "./settings_dialog.js";
import { openShortcuts } from "./shortcuts.js";

/**
 * Adds them to the commands of the editor.
 *
 * @param {Pick<Editor, "ui" | "commands" | "settings">} editor
 */
export const registerUiCommands = ({ ui, commands, settings }) =>
  commands.add(
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
  );
