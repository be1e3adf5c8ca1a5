/** What a person likes, kept in this browser and shared by its tabs. */

/** @import { Settings } from "../interfaces.d.ts" */

import { effect, signal } from "@preact/signals";

const KEY = "weft.settings";

/** @type {{ [K in keyof Settings]: Settings[K]["value"] }} */
const USUAL = {
  theme: "system",
  language: "system",
  snapToGrid: false,
  snapToNeighbours: true,
  wireStyle: "curved",
  minimap: true,
  liveRun: false,
  keymap: {},
  panel: null,
};

/** Values that a setting may have, where they are a few words. */
const WORDS = /** @type {const} */ ({
  theme: ["system", "dark", "light"],
  language: ["system", "en", "de"],
  wireStyle: ["curved", "straight", "angled", "hidden"],
});

/**
 * Reads the settings and keeps every change.
 *
 * @param {Pick<Storage, "getItem" | "setItem">} [storage]
 * @returns {Settings}
 */
export function createSettings(storage = localStorage) {
  const settings = /** @type {Settings} */ (/** @type {unknown} */ (
    Object.fromEntries(
      Object.entries({ ...USUAL, ...readKept(storage) }).map(([key, value]) => [key, signal(value)]),
    )
  ));
  const text = () =>
    JSON.stringify(Object.fromEntries(Object.entries(settings).map(([key, kept]) => [key, kept.value])));
  effect(() => {
    const now = text();
    try {
      storage.setItem(KEY, now);
    } catch {
      // A browser that keeps nothing (private windows, full storage) still lets its user choose for now.
    }
  });
  globalThis.addEventListener?.("storage", (event) => {
    if (event.key !== KEY) return;
    for (const [key, value] of Object.entries(readKept(storage))) {
      const kept = settings[/** @type {keyof Settings} */ (key)];
      if (JSON.stringify(kept.value) !== JSON.stringify(value)) kept.value = /** @type {never} */ (value);
    }
  });
  return settings;
}

/**
 * Gives the settings that were kept, leaving out what no version of the editor would have written.
 *
 * @param {Pick<Storage, "getItem">} storage
 * @returns {Record<string, unknown>}
 */
function readKept(storage) {
  const kept = parsed(storage);
  return Object.fromEntries(Object.entries(kept).filter(([key, value]) => isPossible(key, value)));
}

/** @type {(storage: Pick<Storage, "getItem">) => Record<string, unknown>} */
function parsed(storage) {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}

/** @type {(key: string, value: unknown) => boolean} */
function isPossible(key, value) {
  if (!Object.hasOwn(USUAL, key)) return false;
  if (Object.hasOwn(WORDS, key)) {
    return /** @type {readonly unknown[]} */ (WORDS[/** @type {keyof typeof WORDS} */ (key)]).includes(value);
  }
  if (key === "panel") return value === null || typeof value === "string";
  if (key === "keymap") return isKeymap(value);
  return typeof value === "boolean";
}

/** @type {(value: unknown) => boolean} */
const isKeymap = (value) =>
  typeof value === "object" && value !== null &&
  Object.values(value).every((keys) => Array.isArray(keys) && keys.every((key) => typeof key === "string"));
