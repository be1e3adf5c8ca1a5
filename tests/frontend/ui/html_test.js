import assert from "node:assert/strict";

import { html } from "../../../frontend/ui/html.js";

Deno.test("a template makes an element with its attributes, its children and its components", () => {
  /** @param {{name: string}} props */
  const Greeting = ({ name }) => html`<b>${name}</b>`;

  const element = html`<p class=${"greeting"} hidden>Hello <${Greeting} name="weft" /></p>`;

  assert.equal(element.type, "p");
  assert.deepEqual(Object.keys(element.props), ["class", "hidden", "children"]);
  const [words, greeting] = /** @type {[string, import("preact").VNode]} */ (element.props.children);
  assert.equal(words, "Hello ");
  assert.equal(greeting.type, Greeting);
  assert.deepEqual(greeting.props, { name: "weft" });
});
