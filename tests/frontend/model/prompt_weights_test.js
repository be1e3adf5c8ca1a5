/** The weights of words are raised and lowered where the selection is. */

import assert from "node:assert/strict";
import { groupsIn, isBalanced, weigh } from "../../../frontend/model/prompt_weights.js";

/** The server is held to the same cases. */
const CASES = JSON.parse(await Deno.readTextFile(new URL("../../prompt_cases.json", import.meta.url)));

/**
 * Reads a prompt into words and their weights, by the brackets that were found in it.
 *
 * @param {string} text
 */
function spansOf(text) {
  const groups = groupsIn(text);
  /** @type {[string, number][]} */
  const spans = [];
  for (let at = 0; at < text.length; at++) {
    if (groups.some(({ open, stop, end }) => at === open || (at >= stop && at < end))) continue;
    if (text[at] === "\\" && "\\()[]:|".includes(text[at + 1] ?? " ")) at++;
    const around = groups.filter(({ open, stop }) => open < at && at < stop);
    const weight = around.reduce((product, group) => product * group.weight, 1);
    const last = spans.at(-1);
    if (last && last[1] === weight) last[0] += text[at];
    else spans.push([text[at], weight]);
  }
  return spans.map(([words, weight]) => [words, Math.round(weight * 1e6) / 1e6]);
}

for (const { text, spans, why } of CASES.weights) {
  Deno.test(`weights are read as the server reads them: ${text}`, () => {
    assert.deepEqual(spansOf(text), spans, why);
  });
}

for (const { text, why } of CASES.errors) {
  Deno.test(`what the server cannot read is not balanced: ${text}`, () => {
    assert.equal(isBalanced(text), false, why);
  });
}

/**
 * Weighs a text in which `[` and `]` mark the selection, or `|` the caret, and marks what is selected afterwards.
 *
 * @param {string} marked
 * @param {1 | -1} direction
 */
const weighed = (marked, direction) => {
  const text = marked.replace(/[[\]|]/g, "");
  const start = marked.search(/[[|]/);
  const end = marked.includes("]") ? marked.indexOf("]") - 1 : start;
  const found = weigh(text, start, end, direction);
  if (!found) return null;
  const [before, within, after] = [
    found.text.slice(0, found.start),
    found.text.slice(found.start, found.end),
    found.text.slice(found.end),
  ];
  return within ? `${before}[${within}]${after}` : `${before}|${after}`;
};

/** @param {string} marked */
const raised = (marked) => weighed(marked, 1);

/** @param {string} marked */
const lowered = (marked) => weighed(marked, -1);

Deno.test("what is selected is put into brackets with its weight, and stays selected", () => {
  assert.equal(raised("a [red circle] here"), "a ([red circle]:1.05) here");
  assert.equal(lowered("a [red circle] here"), "a ([red circle]:0.95) here");
});

Deno.test("space around the selection stays outside the brackets", () => {
  assert.equal(raised("a[ red ]circle"), "a ([red]:1.05) circle");
});

Deno.test("raising again raises the same brackets", () => {
  assert.equal(raised("a ([red circle]:1.05) here"), "a ([red circle]:1.1) here");
  assert.equal(raised("a [(red circle:1.05)] here"), "a ([red circle]:1.1) here");
  assert.equal(raised("a ([red circle:1.05]) here"), "a ([red circle]:1.1) here");
});

Deno.test("at a weight of 1 the brackets go", () => {
  assert.equal(lowered("a ([red circle]:1.05) here"), "a [red circle] here");
  assert.equal(raised("a (red ci|rcle:0.95) here"), "a red ci|rcle here");
});

Deno.test("raising and lowering are inverses, and a caret comes back to where it was", () => {
  for (const marked of ["a [red] circle", "a re|d circle", "|red", "red|", "(a [b] c:1.2)", "(x:1.5) [b]"]) {
    assert.equal(lowered(/** @type {string} */ (raised(marked))), marked);
    assert.equal(raised(/** @type {string} */ (lowered(marked))), marked);
  }
});

Deno.test("a caret means the brackets around it, else the word", () => {
  assert.equal(raised("a (red ci|rcle:1.2) here"), "a (red ci|rcle:1.25) here");
  assert.equal(raised("a red ci|rcle here"), "a red (ci|rcle:1.05) here");
  assert.equal(raised("Straß|e, night"), "(Straß|e:1.05), night");
  assert.equal(raised("a high-q|uality shot"), "a (high-q|uality:1.05) shot");
});

Deno.test("a caret in the weight means the brackets", () => {
  assert.equal(raised("(red:1.|2)"), "(red|:1.25)");
});

Deno.test("brackets without a weight weigh 1.1", () => {
  assert.equal(raised("a (r|ed) circle"), "a (r|ed:1.15) circle");
  assert.equal(lowered("a ([red]) circle"), "a ([red]:1.05) circle");
});

Deno.test("inner brackets go before those around them", () => {
  assert.equal(raised("(a (r|ed:1.2) circle:0.9)"), "(a (r|ed:1.25) circle:0.9)");
  assert.equal(raised("(a| (red:1.2) circle:0.9)"), "(a| (red:1.2) circle:0.95)");
});

Deno.test("whole brackets may be weighed again with what stands around them", () => {
  assert.equal(raised("[a (red:1.2) circle]"), "([a (red:1.2) circle]:1.05)");
});

Deno.test("a part of what is in brackets is weighed by itself", () => {
  assert.equal(raised("(a [red] circle:0.9)"), "(a ([red]:1.05) circle:0.9)");
});

Deno.test("a selection that cuts through brackets or a weight is left alone", () => {
  for (
    const marked of ["[a (red] circle:1.2)", "(a red [circle:1].2)", "[red) circle]", "(a [circle:1.2) and]"]
  ) {
    assert.equal(raised(marked), null, marked);
  }
});

Deno.test("brackets with a backslash are characters like others", () => {
  assert.equal(raised("[a \\(red\\) circle]"), "([a \\(red\\) circle]:1.05)");
  assert.equal(raised("a \\(r|ed\\) circle"), "a \\((r|ed:1.05)\\) circle");
  assert.equal(raised("\\\\(r|ed:1.2)"), "\\\\(r|ed:1.25)");
  assert.equal(raised("[a\\](b)"), null);
});

Deno.test("a colon with a backslash begins no weight", () => {
  assert.equal(raised("([16\\:9])"), "([16\\:9]:1.15)");
  assert.equal(raised("(a\\\\:1.2|)"), "(a\\\\|:1.25)");
});

Deno.test("the name of a learned word is weighed with what makes it one", () => {
  assert.equal(raised("a embedding:du|sk.v2 sky"), "a (embedding:du|sk.v2:1.05) sky");
  assert.equal(raised("(embedding:dusk|:1.2)."), "(embedding:dusk|:1.25).");
});

Deno.test("where there is no word there is nothing to weigh", () => {
  for (const marked of ["|", "a , | , b", "[  ]"]) assert.equal(raised(marked), null, marked);
});

Deno.test("weights stay between 0 and 10, and are written short", () => {
  assert.equal(raised("([red]:10)"), "([red]:10)");
  assert.equal(lowered("([red]:0.05)"), "([red]:0)");
  assert.equal(lowered("([red]:0)"), "([red]:0)");
  assert.equal(raised("([red]:1.15)"), "([red]:1.2)");
});

Deno.test("a colon that no number follows belongs to the words", () => {
  assert.equal(raised("(style: oil, r|ed)"), "(style: oil, r|ed:1.15)");
});
