import assert from "node:assert/strict";
import { readMarkdown } from "../../../frontend/ui/markdown.js";

/** @param {string} text */
const inlineOf = (text) => /** @type {any} */ (readMarkdown(text)[0]).inside;

Deno.test("headings, paragraphs, lists and code are told apart", () => {
  const text = "# Title\nFirst line\nsecond\n\n- one\n- two\n  goes on\n\n1. a\n2. b\n```js\nx < 1\n```";

  assert.deepEqual(readMarkdown(text), [
    { kind: "heading", level: 1, inside: ["Title"] },
    { kind: "paragraph", inside: ["First line", { kind: "break" }, "second"] },
    { kind: "list", isOrdered: false, items: [["one"], ["two goes on"]] },
    { kind: "list", isOrdered: true, items: [["a"], ["b"]] },
    { kind: "code", text: "x < 1" },
  ]);
});

Deno.test("bold, italic and code nest, and names with underscores stay", () => {
  assert.deepEqual(inlineOf("a **b *c*** `d_e_f` snake_case_name 2*3*4"), [
    "a ",
    { kind: "strong", inside: ["b ", { kind: "em", inside: ["c"] }] },
    " ",
    { kind: "code", text: "d_e_f" },
    " snake_case_name 2",
    { kind: "em", inside: ["3"] },
    "4",
  ]);
});

Deno.test("links lead to the web alone", () => {
  assert.deepEqual(inlineOf("[here](https://a.org/b) https://c.org/d."), [
    { kind: "link", href: "https://a.org/b", inside: ["here"] },
    " ",
    { kind: "link", href: "https://c.org/d", inside: ["https://c.org/d"] },
    ".",
  ]);
  assert.deepEqual(inlineOf("[x](javascript:alert)"), ["[x](javascript:alert)"]);
});

Deno.test("markup is text", () => {
  assert.deepEqual(inlineOf("<img src=x onerror=alert(1)>"), ["<img src=x onerror=alert(1)>"]);
});

Deno.test("code that is never closed goes to the end, and nothing is nothing", () => {
  assert.deepEqual(readMarkdown("```\na"), [{ kind: "code", text: "a" }]);
  assert.deepEqual(readMarkdown("\n \n"), []);
});

Deno.test("long texts of marks are read in no time", () => {
  const started = performance.now();
  readMarkdown("*a ".repeat(5_000) + "`".repeat(2_000) + "[".repeat(5_000));

  assert.ok(performance.now() - started < 5_000);
});
