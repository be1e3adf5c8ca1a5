/**
 * The colours of the page as the canvas needs them: read from the stylesheet, anew when the theme changes.
 */

import { signal } from "@preact/signals";
import { parseType, withoutNull } from "../model/types.js";
import { remembered } from "../net/remembered.js";

/**
 * @import { ReadonlySignal } from "@preact/signals"
 * @import { Catalog } from "../interfaces.d.ts"
 */

/** Names of the colours that nodes, frames and notes may have. */
export const NODE_COLORS = /** @type {const} */ ([
  "gray",
  "red",
  "orange",
  "yellow",
  "green",
  "teal",
  "blue",
  "violet",
  "pink",
]);

const TOKENS = /** @type {const} */ ({
  ground: "--ground",
  surface: "--raised",
  text: "--text",
  muted: "--muted",
  line: "--line-strong",
  accent: "--accent",
  accentSoft: "--accent-soft",
  onAccent: "--on-accent",
  danger: "--danger",
  dangerSoft: "--danger-soft",
  ok: "--ok",
  grid: "--grid",
  gridStrong: "--grid-strong",
  node: "--node",
  nodeHeader: "--node-header",
  nodeLine: "--node-line",
  nodeText: "--node-text",
  casing: "--wire-casing",
  wireSelected: "--wire-selected",
  wireRefused: "--wire-refused",
  font: "--font",
});

/**
 * Gives the name of the value type that the colour of a socket stands for: that of the items of a list. Each socket
 * that is shown asks for it, and there are few types.
 */
const plainName = remembered((type) => {
  let plain = withoutNull(parseType(type));
  while (plain.kind === "list") plain = withoutNull(plain.item);
  return plain.text;
});

/**
 * Gives the colour of a value type for a style: that of the theme, or the one the catalogue names.
 * @param {Pick<Catalog, "color">} catalog
 * @param {string} type
 * @returns {string}
 */
export const typeColor = (catalog, type) => {
  if (type === "") return "var(--wire)";
  const name = plainName(type);
  return /^[\w-]+$/.test(name) ? `var(--wire-${name}, ${catalog.color(type)})` : "var(--wire)";
};

/** @typedef {{ [K in keyof typeof TOKENS]: string } & { colors: Record<string, string>, ofType(type: string): string, headerOf(type: string): string }} Ink */

/**
 * Reads the colours that hold on an element.
 * @param {Element} element
 * @param {Pick<Catalog, "color">} catalog
 * @returns {Ink}
 */
export const readInk = (element, catalog) => {
  // What is not on the page yet has no styles; the colours are those of the page anyway.
  const style = getComputedStyle(element.isConnected ? element : document.documentElement);
  /** @param {string} name */
  const read = (name) => style.getPropertyValue(name).trim();
  const ofType = remembered((type) => {
    const name = type === "" ? "" : plainName(type);
    return (/^[\w-]+$/.test(name) && read(`--wire-${name}`)) || (name && catalog.color(type)) ||
      read("--wire");
  });
  const tokens = Object.fromEntries(Object.entries(TOKENS).map(([key, name]) => [key, read(name)]));
  const colors = Object.fromEntries(NODE_COLORS.map((name) => [name, read(`--node-${name}`)]));
  /** The header of a node that makes such values, as the stylesheet mixes it. */
  const headerOf = remembered((type) => `color-mix(in oklab, ${tokens.nodeHeader} 84%, ${ofType(type)})`);
  return /** @type {Ink} */ ({ ...tokens, colors, ofType, headerOf });
};

/**
 * Keeps the colours up to date.
 * @param {Element} element
 * @param {Pick<Catalog, "color" | "table">} catalog
 * @returns {{ ink: ReadonlySignal<Ink>, destroy(): void }}
 */
export const createInk = (element, catalog) => {
  const ink = signal(readInk(element, catalog));
  const renew = () => (ink.value = readInk(element, catalog));
  const themes = new MutationObserver(renew);
  themes.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme", "class", "style"],
  });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", renew);
  const forget = catalog.table.subscribe(renew);
  return {
    ink,
    destroy: () => {
      themes.disconnect();
      system.removeEventListener("change", renew);
      forget();
    },
  };
};
