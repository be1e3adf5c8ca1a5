import assert from "node:assert/strict";
import { signal } from "@preact/signals";

import { eachTab } from "../../../frontend/net/each_tab.js";
import { toyTab } from "./toy_tab.js";

Deno.test("something begins with each tab and ends with it, once", () => {
  const [one, two] = [toyTab("one"), toyTab("two")];
  /** @type {string[]} */
  const heard = [];
  const all = signal([one]);
  eachTab(all, ({ id }) => {
    heard.push(`begin ${id}`);
    return () => heard.push(`end ${id}`);
  });

  all.value = [one, two];
  all.value = [two, one];
  all.value = [two];

  assert.deepEqual(heard, ["begin one", "begin two", "end one"]);
});
