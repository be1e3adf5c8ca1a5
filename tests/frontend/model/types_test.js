/** Socket types read themselves, and connect exactly as on the server. */

import assert from "node:assert/strict";
import {
  common,
  fits,
  hasVariables,
  isOptional,
  membersOf,
  parseType,
  refusal,
  substitute,
  TypeUnreadableError,
  union,
  withoutNull,
} from "../../../frontend/model/types.js";

const CASES = JSON.parse(await Deno.readTextFile(new URL("../../connection_cases.json", import.meta.url)));
const NO_SUPERTYPES = new Map();

/** @param {string} text */
const type = (text) => parseType(text);

Deno.test("every case of the published table is decided as it says", () => {
  for (const { source, target, verdict, why, ...more } of CASES) {
    const supertypes = new Map(Object.entries(more.supertypes ?? {}));
    const fit = fits(type(source), type(target), supertypes);
    const bindings = [...(fit?.bindings ?? [])].map(([name, bound]) => [name, bound.text]);

    assert.equal(fit?.rule ?? "no", verdict, `${source} -> ${target}: ${why}`);
    assert.deepEqual(Object.fromEntries(bindings), more.bindings ?? {}, `${source} -> ${target}`);
  }
  assert.ok(CASES.length >= 60);
});

Deno.test("a type is read from its text and written back in one way", () => {
  for (
    const [text, written] of [
      ["int", "int"],
      [" list[ image ] ", "list[image]"],
      ["null | mask | image | mask", "image | mask | null"],
      ["list[list[$T] | null]", "list[list[$T] | null]"],
      ["list[pack:thing | null]", "list[pack:thing | null]"],
      ["int | int", "int"],
    ]
  ) {
    assert.equal(type(text).text, written);
    assert.equal(type(written).text, written);
  }
});

Deno.test("a text that is not a type is refused with the text quoted", () => {
  const texts = [
    "",
    " ",
    "|",
    "int |",
    "| int",
    "list",
    "list[",
    "list[int",
    "list[]",
    "]",
    "int]",
    "int int",
  ];
  for (const text of [...texts, "list[int]]", "$", "int & float", "list[int]x", "1nt", "int,float"]) {
    assert.throws(
      () => type(text),
      (error) => error instanceof TypeUnreadableError && error.message.includes(`"${text}"`),
    );
  }
});

Deno.test("lists nest only so deep, and thousands of brackets are refused without a crash", () => {
  const deep = "list[".repeat(16) + "int" + "]".repeat(16);

  assert.equal(type(deep).text, deep);
  assert.throws(() => type(`list[${deep}]`), /too deeply/);
  assert.throws(() => type("list[".repeat(100_000)), TypeUnreadableError);
});

Deno.test("unions do not depend on the order or grouping of their members", () => {
  const [int, image, empty] = ["int", "image", "null"].map(type);

  assert.equal(union(int, image, empty).text, union(union(empty, image), int).text);
  assert.equal(union(int, int), int);
  assert.deepEqual(membersOf(union(empty, int)).map((member) => member.text), ["int", "null"]);
});

Deno.test("null is found in a type and taken out of it", () => {
  assert.ok(isOptional(type("image | null")));
  assert.ok(!isOptional(type("list[image | null]")));
  assert.equal(withoutNull(type("image | null")).text, "image");
  assert.equal(withoutNull(type("null")).text, "null");
});

Deno.test("variables are found at every depth and replaced where they are bound", () => {
  const found = type("list[$A | list[$B]] | $C");

  assert.ok(hasVariables(found));
  assert.ok(!hasVariables(type("list[image | null]")));
  assert.equal(
    substitute(found, new Map([["A", type("int")], ["C", type("null")]])).text,
    "list[int | list[$B]] | null",
  );
});

Deno.test("the common type of two is the one that takes both, in either order", () => {
  for (const [first, second] of [["int", "float"], ["float", "int"]]) {
    assert.equal(common(type(first), type(second), NO_SUPERTYPES)?.text, "float");
  }
  assert.equal(common(type("image"), type("mask"), NO_SUPERTYPES), null);
});

Deno.test("each refusal of the table has a sentence in every language", async () => {
  const said = new Set(
    CASES.filter((/** @type {any} */ one) => one.verdict === "no")
      .map((/** @type {any} */ one) => refusal(type(one.source), type(one.target)).id),
  );

  assert.deepEqual([...said].sort(), ["fit.nested", "fit.no", "fit.null", "fit.union", "fit.unknown"]);
  const files = ["en", "de"].map((language) =>
    new URL(`../../../frontend/locales/${language}.json`, import.meta.url)
  );
  for (const texts of await Promise.all(files.map((file) => Deno.readTextFile(file)))) {
    for (const id of said) assert.match(JSON.parse(texts)[id], /\{source\}/);
  }
});
