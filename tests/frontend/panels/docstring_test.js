import assert from "node:assert/strict";
import { readDocstring } from "../../../frontend/panels/docstring.js";

const DOC = `Mix two latents.

The wave that
breaks here is one line.

Args:
    a: Latent returned unchanged
        when \`amount\` is 0.

Returns:
    A latent with the
    shape of \`a\`.

Raises:
    SpaceMismatchError: They live in
        different latent spaces.
    OtherError: Something else.`;

Deno.test("broken lines are joined and paragraphs kept", () => {
  assert.equal(readDocstring(DOC).text, "Mix two latents.\n\nThe wave that breaks here is one line.");
});

Deno.test("what it returns and what it raises stand by themselves", () => {
  const help = readDocstring(DOC);

  assert.equal(help.returns, "A latent with the shape of `a`.");
  assert.deepEqual(help.raises, [
    { name: "SpaceMismatchError", text: "They live in different latent spaces." },
    { name: "OtherError", text: "Something else." },
  ]);
});

Deno.test("a docstring of one line is all text", () => {
  assert.deepEqual(readDocstring("Add numbers."), { text: "Add numbers.", raises: [], returns: "" });
});
