/** A model is looked for where a person says it is, and put where the input looks for it. */

import assert from "node:assert/strict";
import { downloadOf, readAddress, requestFor } from "../../../frontend/model/model_sources.js";

Deno.test("a repository is named as it is, or by an address of the hub", () => {
  const file = "https://huggingface.co/owner/model/resolve/main/deep/a%20b.safetensors?download=true";
  const named = { repo: "owner/model", revision: "main", file: "deep/a b.safetensors" };

  assert.deepEqual(readAddress(" owner/model "), { repo: "owner/model" });
  assert.deepEqual(readAddress("https://huggingface.co/owner/model/"), { repo: "owner/model" });
  assert.deepEqual(readAddress("https://hf.co/owner/model/tree/fp16/unet"), {
    repo: "owner/model",
    revision: "fp16",
  });
  assert.deepEqual(readAddress(file), named);
  assert.deepEqual(readAddress(file.replace("resolve", "blob")), named);
});

Deno.test("what is no address of the hub is none", () => {
  const others = [
    "",
    "model",
    "a/b/c",
    "https://elsewhere.example/owner/model",
    "http://huggingface.co/owner/model",
    "https://huggingface.co/owner",
    "https://huggingface.co/owner/model/discussions/1",
    "https://huggingface.co/owner/%E0%A4%A",
  ];

  assert.deepEqual(others.map(readAddress), others.map(() => null));
});

Deno.test("a model goes where the input looks for it", () => {
  const repo = "owner/model";

  assert.deepEqual(requestFor("ink.safetensors", "loras", { repo }), {
    repo,
    revision: "main",
    files: ["ink.safetensors"],
    folder: "loras",
  });
  assert.equal(requestFor("styles/ink.safetensors", "loras", { repo }).folder, "loras/styles");
  assert.deepEqual(requestFor("large/model", "", { repo, revision: "v2" }), {
    repo,
    revision: "v2",
    files: [],
    folder: "large",
  });
  assert.deepEqual(requestFor("a.safetensors", "", { repo, file: "b/c.safetensors" }).files, [
    "b/c.safetensors",
  ]);
});

Deno.test("what was loaded before is known, files and pipelines alike", () => {
  /** @param {string} id @param {string[]} targets @returns {any} */
  const pull = (id, ...targets) => ({ id, files: targets.map((target) => ({ target })) });
  const list = { pulls: [pull("1", "loras/ink.safetensors"), pull("2", "large/unet/a", "large/vae/b")] };

  assert.equal(downloadOf(list, "ink.safetensors", "loras")?.id, "1");
  assert.equal(downloadOf(list, "large", "")?.id, "2");
  assert.equal(downloadOf(list, "ink.safetensors", ""), null);
});
