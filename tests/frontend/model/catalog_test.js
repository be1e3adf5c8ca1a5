/** The catalogue knows what is installed, and says so again when that changes. */

import assert from "node:assert/strict";
import { effect } from "@preact/signals";
import { createCatalog } from "../../../frontend/model/catalog.js";
import { NODES, nodeType, PORTRAIT, TABLE } from "./toy_types.js";

/** @param {Partial<Parameters<typeof createCatalog>[0]>} [parts] */
const catalogOf = (parts = {}) =>
  createCatalog({
    nodes: NODES,
    types: TABLE,
    packs: [],
    workflows: [PORTRAIT],
    loadChoices: () => Promise.resolve([]),
    ...parts,
  });

Deno.test("a node type is found by its name, and an unknown one is undefined", () => {
  const catalog = catalogOf();

  assert.equal(catalog.get("image.blur"), NODES.find((type) => type.type === "image.blur"));
  assert.equal(catalog.get("image.unknown"), undefined);
});

Deno.test("a saved workflow is a node type made of its signature", () => {
  const type = catalogOf().get("workflow:portrait");

  assert.equal(type?.title, "Make a portrait");
  assert.equal(type?.category, "workflow");
  assert.equal(type?.summary, "Draws a face.");
  assert.deepEqual(type?.inputs.map((input) => [input.name, input.link_only, input.default]), [
    ["prompt", false, "a face"],
    ["picture", true, undefined],
  ]);
  assert.deepEqual(type?.outputs.map((output) => output.type), ["image"]);
});

Deno.test("a workflow whose signature nobody knows is no node type", () => {
  const catalog = catalogOf({ workflows: [{ ...PORTRAIT, signature: null }] });

  assert.equal(catalog.get("workflow:portrait"), undefined);
  assert.equal(catalog.workflows.value.length, 1);
});

Deno.test("a link that fits names its rule", () => {
  const catalog = catalogOf();

  assert.deepEqual(catalog.fits("mask", "shape"), { fits: true, rule: "subtype" });
  assert.deepEqual(catalog.fits("image", "list[image]"), { fits: true, rule: "wrap" });
});

Deno.test("a link that does not fit says why and what converts", () => {
  const fit = catalogOf().fits("latent", "image");

  assert.ok(!fit.fits);
  assert.deepEqual(fit.reason, { id: "fit.no", with: { source: "latent", target: "image" } });
  assert.deepEqual(fit.conversions, [{ type: "latent.decode", input: "latent", output: "image" }]);
});

Deno.test("a type is drawn in its colour, also in a list or where it is optional", () => {
  const { color } = catalogOf();

  assert.equal(color("image"), "#64b5f6");
  assert.equal(color("list[list[image] | null]"), "#64b5f6");
  assert.equal(color("image | null"), "#64b5f6");
  assert.notEqual(color("int"), color("float"));
  assert.equal(color("$T"), color("image | mask"));
});

Deno.test("search takes a socket to link and names its partner", () => {
  const hits = catalogOf().search("blur", { socket: { side: "output", type: "image" } });

  assert.deepEqual(hits.map((hit) => [hit.type.type, hit.socket]), [["image.blur", "image"]]);
});

Deno.test("search without a socket finds workflows too, and keeps to its limit", () => {
  const catalog = catalogOf();

  assert.equal(catalog.search("portrait")[0].type.type, "workflow:portrait");
  assert.equal(catalog.search("", { limit: 2 }).length, 2);
});

Deno.test("an update replaces what it brings, tells those who look, and leaves the rest", () => {
  const catalog = catalogOf();
  /** @type {boolean[]} */
  const seen = [];
  const stop = effect(() => {
    seen.push(catalog.types.value.has("image.fresh"));
  });

  catalog.update({ nodes: [nodeType("image.fresh", "image!: vae", "image: mask")] });
  stop();

  assert.deepEqual(seen, [false, true]);
  assert.equal(catalog.get("image.blur"), undefined);
  assert.equal(catalog.get("workflow:portrait")?.title, "Make a portrait");
  assert.equal(catalog.search("fresh").length, 1);
  const fit = catalog.fits("vae", "mask");
  assert.deepEqual(fit.fits ? [] : fit.conversions.map((found) => found.type), ["image.fresh"]);
});

Deno.test("an update that brings nothing new bothers nobody", () => {
  const catalog = catalogOf();
  let looks = 0;
  const stop = effect(() => {
    looks += catalog.types.value.size && catalog.table.value.types.length ? 1 : 0;
  });

  catalog.update(structuredClone({ nodes: NODES, types: TABLE, packs: [], workflows: [PORTRAIT] }));
  stop();

  assert.equal(looks, 1);
});

Deno.test("a type that is as it was stays the same object beside one that has changed", () => {
  const catalog = catalogOf();
  const before = [catalog.get("image.blur"), catalog.get("mask.blur")];

  catalog.update({
    nodes: structuredClone(NODES).map((type) =>
      type.type === "mask.blur" ? { ...type, title: "Soften mask" } : type
    ),
  });

  assert.equal(catalog.get("image.blur"), before[0]);
  assert.notEqual(catalog.get("mask.blur"), before[1]);
});

Deno.test("the words of a choice are loaded once, when they are first asked for", async () => {
  /** @type {string[]} */
  const asked = [];
  const catalog = catalogOf({
    loadChoices: (provider) => Promise.resolve([`${provider} ${asked.push(provider)}`]),
  });

  assert.deepEqual(asked, []);
  assert.equal(catalog.choices("samplers").value, null);
  await Promise.resolve();
  assert.deepEqual(catalog.choices("samplers").value, ["samplers 1"]);
  assert.deepEqual(asked, ["samplers"]);
});

Deno.test("the words are loaded again after packs were reloaded, and the old ones stay until then", async () => {
  let count = 0;
  const catalog = catalogOf({ loadChoices: () => Promise.resolve([`word ${++count}`]) });
  const words = catalog.choices("samplers");
  await Promise.resolve();

  catalog.update({ nodes: NODES });
  const between = words.value;
  await Promise.resolve();

  assert.deepEqual(between, ["word 1"]);
  assert.deepEqual(words.value, ["word 2"]);
});

Deno.test("a failure to load the words is tried again when they are asked for again", async () => {
  let count = 0;
  const loadChoices = () =>
    ++count === 1 ? Promise.reject(new Error("no server")) : Promise.resolve(["euler"]);
  const catalog = catalogOf({ loadChoices });
  const words = catalog.choices("samplers");
  await new Promise((done) => setTimeout(done));

  assert.equal(words.value, null);
  catalog.choices("samplers");
  await new Promise((done) => setTimeout(done));
  assert.deepEqual(words.value, ["euler"]);
});
