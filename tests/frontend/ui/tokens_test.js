import assert from "node:assert/strict";

const css = await Deno.readTextFile(new URL("../../../frontend/ui/tokens.css", import.meta.url));

/** @param {string} block */
const colorsOf = (block) =>
  Object.fromEntries(
    [...block.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map(([, name, color]) => [name, color]),
  );

const THEMES = {
  light: colorsOf(css.slice(css.indexOf(":root {"), css.indexOf("@media"))),
  dark: colorsOf(css.slice(css.indexOf(':root[data-theme="dark"]'))),
};

/** Relative luminance as WCAG defines it. @param {string} color */
function luminance(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @type {(first: string, second: string) => number} */
function contrast(first, second) {
  const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ["--ground", "--surface", "--raised", "--sunken", "--hover", "--node", "--node-header"];
const SOFT =
  /** @type {const} */ ([["--danger", "--danger-soft"], ["--warn", "--warn-soft"], ["--ok", "--ok-soft"]]);
const NODE_COLORS = ["gray", "red", "orange", "yellow", "green", "teal", "blue", "violet", "pink"];

for (const [theme, colors] of Object.entries(THEMES)) {
  /** @type {(text: string, ground: string, least: number) => void} */
  const reads = (text, ground, least) => {
    const found = contrast(colors[text], colors[ground]);
    assert.ok(
      found >= least,
      `${text} on ${ground} has a contrast of ${found.toFixed(2)}, less than ${least}`,
    );
  };

  Deno.test(`text of the ${theme} theme reads on everything it stands on`, () => {
    for (const ground of GROUNDS) {
      for (const text of ["--text", "--node-text", "--muted"]) reads(text, ground, 4.5);
    }
    for (const ground of ["--surface", "--raised", "--node", "--sunken"]) {
      for (const text of ["--accent", "--danger", "--warn", "--ok"]) reads(text, ground, 4.5);
    }
    for (const [text, ground] of SOFT) reads(text, ground, 4.5);
    reads("--text", "--accent-soft", 4.5);
    reads("--on-accent", "--accent", 4.5);
    reads("--on-danger", "--danger", 4.5);
  });

  Deno.test(`titles read on every colour that a node of the ${theme} theme may have`, () => {
    for (const name of NODE_COLORS) reads("--node-text", `--node-${name}`, 4.5);
  });

  Deno.test(`borders of controls, the focus and wires of the ${theme} theme are seen`, () => {
    for (const ground of ["--surface", "--raised", "--sunken", "--node"]) reads("--line-strong", ground, 3);
    for (const ground of GROUNDS) reads("--focus", ground, 3);
    for (
      const wire of Object.keys(colors).filter((name) =>
        name.startsWith("--wire") && name !== "--wire-casing"
      )
    ) {
      reads(wire, "--ground", 3);
      reads(wire, "--node", 3);
    }
  });
}

Deno.test("both themes name the same colours", () => {
  assert.deepEqual(Object.keys(THEMES.dark).sort(), Object.keys(THEMES.light).sort());
});
