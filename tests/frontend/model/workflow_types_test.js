import assert from "node:assert/strict";
import { workflowOf, workflowType } from "../../../frontend/model/workflow_types.js";

Deno.test("a type of nodes says which workflow it stands for", () => {
  const type = workflowType("portrait", { inputs: [], outputs: [] });

  assert.equal(workflowOf(type.type), "portrait");
  assert.equal(workflowOf("image.blur"), null);
});

Deno.test("a workflow is called by its title, else by its name, and its first sentence sums it up", () => {
  const words = { title: "Portrait", description: "Draws a face. Slowly." };
  const [titled, untitled] = [words, {}].map((said) =>
    workflowType("portrait", { ...said, inputs: [], outputs: [] })
  );

  assert.deepEqual([titled.title, titled.summary, titled.doc], [
    "Portrait",
    "Draws a face.",
    words.description,
  ]);
  assert.deepEqual([untitled.title, untitled.summary], ["portrait", ""]);
});
