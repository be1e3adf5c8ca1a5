/** The help of a node as its author wrote it, in its parts. No DOM. */

/**
 * @typedef {object} Help
 * @property {string} text What it does, as Markdown.
 * @property {{ name: string, text: string }[]} raises When it fails, and with which error.
 * @property {string} returns What it gives.
 */

const SECTIONS = new Set(["Args:", "Returns:", "Raises:", "Yields:", "Examples:", "Example:", "Note:"]);

/**
 * Reads a docstring in Google's style. What it says of single inputs is left out: that stands at their fields.
 *
 * @param {string} doc
 * @returns {Help}
 */
export const readDocstring = (doc) => {
  /** @type {Map<string, string[]>} */
  const sections = new Map([["", []]]);
  let current = "";
  for (const line of doc.split("\n")) {
    if (SECTIONS.has(line.trim()) && !/^\s/.test(line)) {
      current = line.trim();
      sections.set(current, []);
    } else sections.get(current)?.push(line);
  }
  return {
    text: paragraphs(sections.get("") ?? []),
    raises: entries(sections.get("Raises:") ?? []),
    returns: paragraphs(sections.get("Returns:") ?? []),
  };
};

/** Joins lines that were broken for their length; an empty line ends a paragraph. @param {string[]} lines */
const paragraphs = (lines) =>
  lines.join("\n").split(/\n\s*\n/).map((block) =>
    block.split("\n").map((line) => line.trim()).join(" ").trim()
  )
    .filter(Boolean).join("\n\n");

/** @param {string[]} lines */
const entries = (lines) => {
  /** @type {{ name: string, text: string }[]} */
  const found = [];
  for (const line of lines) {
    const start = /^ {4}(\w+): (.*)$/.exec(line);
    const last = found.at(-1);
    if (start) found.push({ name: start[1], text: start[2] });
    else if (last && line.trim()) found[found.length - 1] = { ...last, text: `${last.text} ${line.trim()}` };
  }
  return found;
};
