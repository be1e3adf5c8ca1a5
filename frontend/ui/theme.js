/** Shows the page in the theme and the language that the settings name. */

/** @import { Settings } from "../interfaces.d.ts" */

import { computed, effect, signal } from "@preact/signals";
import { language, useLanguage } from "./texts.js";

/**
 * Follows the settings, and the system where they leave it to the system.
 *
 * @param {Settings} settings
 */
export function createTheme(settings) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const systemIsDark = signal(dark.matches);
  const hear = () => (systemIsDark.value = dark.matches);
  dark.addEventListener("change", hear);
  const isDark = computed(() =>
    settings.theme.value === "system" ? systemIsDark.value : settings.theme.value === "dark"
  );

  const stops = [
    effect(() => void (document.documentElement.dataset.theme = isDark.value ? "dark" : "light")),
    effect(() => {
      const wanted = settings.language.value;
      void useLanguage(wanted === "system" ? navigator.language : wanted);
    }),
    effect(() => void (document.documentElement.lang = language())),
  ];
  return {
    /** Whether the page is dark now; what is drawn on a canvas is drawn anew when it changes. */
    isDark,
    destroy() {
      dark.removeEventListener("change", hear);
      for (const stop of stops) stop();
    },
  };
}
