import assert from "node:assert/strict";
import {
  isList,
  outputsGiven,
  socketType,
  supertypesOf,
  typeIn,
  typeOfNode,
} from "../../../frontend/model/sockets.js";
import { catalog, documentOf, input, link, output } from "./toy_documents.js";

const inner = documentOf({
  blur: ["image.blur", { radius: 3 }],
  again: ["image.blur", { image: link("blur.image") }],
  show: ["number.show"],
}, {
  title: "Soft",
  description: "Makes it soft.",
  inputs: {
    picture: { to: ["blur.image"], description: "What to soften." },
    radius: { to: ["blur.radius"] },
    gone: { to: ["ghost.x"] },
  },
  outputs: { result: { from: "again.image" }, gone: { from: "ghost.x" } },
});

const document = documentOf({
  open: ["image.open"],
  soft: ["workflow:soft", { picture: link("open.image") }],
  saved: ["workflow:portrait"],
  pass: ["flow.pass", { value: link("soft.result") }],
  item: ["list.item", { items: link("open.image") }],
  ghost: ["other.pack"],
  one: ["flow.pass", { value: link("two.value") }],
  two: ["flow.pass", { value: link("one.value") }],
}, { workflows: { soft: inner } });

Deno.test("a carried workflow is a type of nodes made of what is inside", () => {
  const type = typeOfNode(document, catalog, "soft");

  assert.deepEqual([type?.type, type?.title, type?.summary], ["workflow:soft", "Soft", "Makes it soft."]);
  assert.deepEqual(
    type?.inputs.map(({ name, type, required, default: value, doc }) => [name, type, required, value, doc]),
    [
      ["picture", "image", true, undefined, "What to soften."],
      ["radius", "float", false, 3, ""],
    ],
  );
  assert.deepEqual(type?.outputs.map(({ name, type }) => [name, type]), [["result", "image"]]);
  assert.equal(typeOfNode(document, catalog, "soft"), type);
});

Deno.test("carried workflows come before saved ones of the same name", () => {
  const carrying = { ...document, workflows: { portrait: inner } };

  assert.equal(typeIn(document, catalog, "workflow:portrait")?.title, "Make a portrait");
  assert.equal(typeIn(carrying, catalog, "workflow:portrait")?.title, "Soft");
  assert.equal(typeIn(document, catalog, "workflow:none"), undefined);
});

Deno.test("a workflow that contains itself ends the search for its sockets", () => {
  const loop = documentOf({ a: ["workflow:loop"] }, { outputs: { x: { from: "a.x" } } });
  const holder = documentOf({ a: ["workflow:loop"] }, { workflows: { loop } });

  assert.deepEqual(typeOfNode(holder, catalog, "a")?.outputs, []);
});

Deno.test("the type of a socket is the declared one, with variables bound by links", () => {
  assert.equal(socketType(document, catalog, input("pass.value")), "$Item");
  assert.equal(socketType(document, catalog, output("pass.value")), "image");
  assert.equal(socketType(document, catalog, output("item.item")), "image");
  assert.equal(socketType(document, catalog, output("one.value")), "$Item");
  for (const socket of [output("ghost.x"), output("none.x"), input("open.x")]) {
    assert.equal(socketType(document, catalog, socket), null);
  }
});

Deno.test("what a node would give is known from what it would be given", () => {
  const type = typeIn(document, catalog, "flow.pass");
  assert.ok(type);

  assert.deepEqual(outputsGiven(type, "value", "latent", supertypesOf(catalog)).map(({ type }) => type), [
    "latent",
  ]);
});

Deno.test("lists are seen through null", () => {
  assert.deepEqual(["list[image]", "list[int] | null", "image", null].map(isList), [
    true,
    true,
    false,
    false,
  ]);
});
