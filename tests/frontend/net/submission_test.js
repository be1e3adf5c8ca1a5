import assert from "node:assert/strict";

import { normalize, toJSON } from "../../../frontend/model/document.js";
import { loosePictures, submissionOf, withoutAdded } from "../../../frontend/net/submission.js";
import { toyCatalog } from "./toy_catalog.js";

/** Two pictures are made; one is scaled and is an output, the other feeds nothing. */
const document = normalize({
  weft: 1,
  title: "Two",
  outputs: { result: { from: "scaled.image" } },
  nodes: {
    first: { type: "toy.picture" },
    second: { type: "toy.picture" },
    scaled: { type: "toy.scale", inputs: { image: { from: "first.image" } } },
    text: { type: "toy.text" },
    strange: { type: "nobody.knows" },
  },
});

Deno.test("pictures that feed nothing become outputs, and the document stays as it is", () => {
  const before = JSON.stringify(document);

  const { workflow, outputs, name } = submissionOf(document, toyCatalog, { name: "two" });

  assert.deepEqual(workflow.outputs, {
    result: { from: "scaled.image" },
    second_image: { from: "second.image" },
  });
  assert.equal(outputs, undefined);
  assert.equal(name, "two");
  assert.equal(JSON.stringify(document), before);
});

Deno.test("what was added is taken out again of what a job or a picture carries", () => {
  const { workflow } = submissionOf(document, toyCatalog);

  assert.deepEqual(toJSON(withoutAdded(normalize(workflow))), toJSON(document));
  assert.equal(withoutAdded(document), document);
});

Deno.test("a document whose pictures are all seen is submitted as it is", () => {
  const { second: _, ...nodes } = document.nodes;
  const seen = normalize({ ...document, nodes });

  assert.deepEqual(submissionOf(seen, toyCatalog).workflow, toJSON(seen));
});

Deno.test("nodes that are off or passed by are not asked for pictures, and lists of pictures are", () => {
  const nodes = {
    off: { type: "toy.picture", mode: "off" },
    bypass: { type: "toy.picture", mode: "bypass" },
    list: { type: "toy.pictures" },
  };

  assert.deepEqual(loosePictures(normalize({ weft: 1, nodes }), toyCatalog), ["list.images"]);
});

Deno.test("pictures of workflows that the document carries are asked for like those of any node", () => {
  const inner = {
    weft: 1,
    nodes: { draw: { type: "toy.picture" } },
    outputs: { drawn: { from: "draw.image" } },
  };
  const nodes = { portrait: { type: "workflow:portrait" } };
  const carrying = normalize({ weft: 1, nodes, workflows: { portrait: inner } });

  assert.deepEqual(loosePictures(carrying, toyCatalog), ["portrait.drawn"]);
});

Deno.test("a picture in a list of links feeds something", () => {
  const nodes = {
    a: { type: "toy.picture" },
    b: { type: "toy.picture" },
    join: { type: "toy.join", inputs: { images: [{ from: "a.image" }, { from: "b.image" }] } },
  };

  assert.deepEqual(loosePictures(normalize({ weft: 1, nodes }), toyCatalog), ["join.image"]);
});

Deno.test("wanted sockets become outputs and only they are asked for, wanted nodes and outputs as they are called", () => {
  const work = submissionOf(document, toyCatalog, {
    targets: ["first.image", "scaled.image", "text", "result"],
  });

  assert.deepEqual(work.outputs, ["first_image", "result", "text"]);
  assert.deepEqual(Object.keys(/** @type {object} */ (work.workflow.outputs)), ["result", "first_image"]);
});

Deno.test("an output that is added takes no name that is there", () => {
  const taken = { ...document, outputs: { second_image: { from: "scaled.image" } } };

  const { workflow } = submissionOf(taken, toyCatalog);

  assert.deepEqual(/** @type {any} */ (workflow.outputs).second_image, { from: "scaled.image" });
  assert.deepEqual(/** @type {any} */ (workflow.outputs).second_image_2, { from: "second.image" });
});

Deno.test("values are sent along, and a name is cut to what the server takes", () => {
  const work = submissionOf(document, toyCatalog, { inputs: { seed: 7 }, name: "x".repeat(300) });

  assert.deepEqual([work.inputs, work.name?.length], [{ seed: 7 }, 200]);
});
