import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { commandsOfKeys, createCommands } from "../../../frontend/ui/commands.js";

/** @param {(fault: unknown, id: string) => void} [report] */
function made(report) {
  const keymap = signal(/** @type {Record<string, readonly string[]>} */ ({}));
  return { keymap, commands: createCommands({ keymap }, report) };
}

Deno.test("a command that is added can be run, and one of the same name takes its place", () => {
  const { commands } = made();
  /** @type {string[]} */
  const heard = [];
  commands.add({ id: "a", run: () => void heard.push("first") }, {
    id: "b",
    run: () => void heard.push("b"),
  });
  commands.add({ id: "a", run: () => void heard.push("second") });

  commands.run("a");
  commands.run("b");

  assert.deepEqual(heard, ["second", "b"]);
  assert.equal(commands.all.value.length, 2);
  assert.throws(() => commands.run("c"), /no command c/);
});

Deno.test("a command that is not enabled does nothing", () => {
  const { commands } = made();
  commands.add({ id: "a", run: () => assert.fail(), isEnabled: () => false });

  commands.run("a");
});

Deno.test("what a command throws is reported, at once and later", async () => {
  /** @type {string[]} */
  const heard = [];
  const { commands } = made((fault, id) => void heard.push(`${id}: ${/** @type {Error} */ (fault).message}`));
  commands.add(
    {
      id: "now",
      run: () => {
        throw new Error("now");
      },
    },
    { id: "later", run: () => Promise.reject(new Error("later")) },
  );

  commands.run("now");
  commands.run("later");
  await new Promise((done) => setTimeout(done));

  assert.deepEqual(heard, ["now: now", "later: later"]);
});

Deno.test("keys are the usual ones until their user gives others, and again when these are taken back", () => {
  const { commands, keymap } = made();
  commands.add({ id: "a", run() {}, keys: ["shift+mod+z", "Mod+Y"] });

  assert.deepEqual(commands.keys("a"), ["Mod+Shift+Z", "Mod+Y"]);
  commands.setKeys("a", ["q"]);
  assert.deepEqual([commands.keys("a"), keymap.value], [["Q"], { a: ["Q"] }]);
  commands.setKeys("a", null);
  assert.deepEqual([commands.keys("a"), keymap.value], [["Mod+Shift+Z", "Mod+Y"], {}]);
});

Deno.test("commands that hear the same keys are found", () => {
  const { commands } = made();
  commands.add({ id: "a", run() {}, keys: ["Mod+K"] }, { id: "b", run() {}, keys: ["Mod+K"] }, {
    id: "c",
    run() {},
  });

  assert.deepEqual(commandsOfKeys(commands, "mod+k", "a").map(({ id }) => id), ["b"]);
});
