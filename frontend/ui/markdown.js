/**
 * A small part of Markdown: headings, paragraphs, lists, code, bold, italic and links.
 *
 * It is read into a tree and shown by elements, never as HTML, so a text can show nothing but text.
 */

import { html } from "./html.js";

/**
 * @typedef {string | { kind: "strong" | "em", inside: Inline[] } | { kind: "code", text: string }
 *   | { kind: "link", href: string, inside: Inline[] } | { kind: "break" }} Inline
 */
/**
 * @typedef {{ kind: "heading", level: number, inside: Inline[] } | { kind: "paragraph", inside: Inline[] }
 *   | { kind: "list", isOrdered: boolean, items: Inline[][] } | { kind: "code", text: string }} Block
 */

const INLINE =
  /(`+)(.+?)\1|\*\*(.+?)\*\*(?!\*)|__(.+?)__|\*([^\s*].*?)\*|\b_([^\s_].*?)_\b|\[([^\]]+)\]\(([^()\s]+)\)|(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])|(\n)/s;
/** How code and headings begin, which need no empty line before them. */
const BEGINS = /^(?:```|#{1,6}\s)/;
const SAFE = /^(?:https?:|mailto:)/i;

/**
 * Reads a text.
 *
 * @param {string} text
 * @returns {Block[]}
 */
export function readMarkdown(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  /** @type {Block[]} */
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    const { block, next } = blockAt(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

/** @param {string[]} lines @param {number} at @returns {{ block: Block | null, next: number }} */
function blockAt(lines, at) {
  const line = lines[at];
  if (line.trim() === "") return { block: null, next: at + 1 };
  if (line.startsWith("```")) {
    const end = lines.findIndex((other, index) => index > at && other.startsWith("```"));
    const close = end < 0 ? lines.length : end;
    return { block: { kind: "code", text: lines.slice(at + 1, close).join("\n") }, next: close + 1 };
  }
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (heading) {
    return {
      block: { kind: "heading", level: heading[1].length, inside: readInline(heading[2]) },
      next: at + 1,
    };
  }
  const bullet = bulletOf(line);
  return bullet ? listAt(lines, at, bullet.isOrdered) : paragraphAt(lines, at);
}

/** @param {string} line */
function bulletOf(line) {
  const found = /^\s{0,3}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/.exec(line);
  return found && { isOrdered: found[1] !== undefined, text: found[2] };
}

/** @param {string[]} lines @param {number} at @param {boolean} isOrdered @returns {{ block: Block, next: number }} */
function listAt(lines, at, isOrdered) {
  /** @type {string[]} */
  const items = [];
  let next = at;
  for (; next < lines.length && lines[next].trim() !== ""; next++) {
    const bullet = bulletOf(lines[next]);
    if (bullet ? bullet.isOrdered !== isOrdered : BEGINS.test(lines[next])) break;
    // A line without a bullet goes on with the item above it.
    if (bullet) items.push(bullet.text);
    else items[items.length - 1] += ` ${lines[next].trim()}`;
  }
  return { block: { kind: "list", isOrdered, items: items.map(readInline) }, next };
}

/** @param {string[]} lines @param {number} at @returns {{ block: Block, next: number }} */
function paragraphAt(lines, at) {
  let next = at + 1;
  while (
    next < lines.length && lines[next].trim() !== "" && !BEGINS.test(lines[next]) &&
    !bulletOf(lines[next])
  ) next++;
  return { block: { kind: "paragraph", inside: readInline(lines.slice(at, next).join("\n").trim()) }, next };
}

/** @param {string} text @returns {Inline[]} */
function readInline(text) {
  /** @type {Inline[]} */
  const found = [];
  let rest = text;
  for (let match = INLINE.exec(rest); match; match = INLINE.exec(rest)) {
    if (match.index > 0) found.push(rest.slice(0, match.index));
    found.push(inlineOf(match));
    rest = rest.slice(match.index + match[0].length);
  }
  return rest === "" ? found : [...found, rest];
}

/** @param {RegExpExecArray} match @returns {Inline} */
function inlineOf([whole, , code, strong, strongToo, em, emToo, words, href, bare]) {
  if (code !== undefined) return { kind: "code", text: code.trim() };
  if (strong ?? strongToo) return { kind: "strong", inside: readInline(strong ?? strongToo) };
  if (em ?? emToo) return { kind: "em", inside: readInline(em ?? emToo) };
  if (href !== undefined) return SAFE.test(href) ? { kind: "link", href, inside: readInline(words) } : whole;
  return bare === undefined ? { kind: "break" } : { kind: "link", href: bare, inside: [bare] };
}

/**
 * Shows a text.
 *
 * @param {{ text: string }} props
 */
export const Markdown = ({ text }) => html`<div class="markdown">${readMarkdown(text).map(showBlock)}</div>`;

/** @param {Block} block */
function showBlock(block) {
  if (block.kind === "code") return html`<pre><code>${block.text}</code></pre>`;
  if (block.kind === "paragraph") return html`<p>${block.inside.map(showInline)}</p>`;
  if (block.kind === "list") {
    const items = block.items.map((item) => html`<li>${item.map(showInline)}</li>`);
    return block.isOrdered ? html`<ol>${items}</ol>` : html`<ul>${items}</ul>`;
  }
  // Headings of the page come before those of a text in it.
  return html`<${`h${Math.min(6, block.level + 2)}`}>${block.inside.map(showInline)}<//>`;
}

/** @param {Inline} inline @returns {unknown} */
function showInline(inline) {
  if (typeof inline === "string") return inline;
  if (inline.kind === "code") return html`<code>${inline.text}</code>`;
  if (inline.kind === "break") return html`<br />`;
  if (inline.kind === "link") {
    return html`<a href=${inline.href} target="_blank" rel="noopener noreferrer">${
      inline.inside.map(showInline)
    }</a>`;
  }
  return html`<${inline.kind}>${inline.inside.map(showInline)}<//>`;
}
