import assert from "node:assert/strict";
import { accepts } from "../../../../frontend/model/edits/accepted.js";

/** @type {[widget: any, taken: any[], refused: any[]][]} */
const CASES = [
  [{ kind: "number", min: 0 }, [0, 1.5], [-1, true, "1", null, NaN]],
  [{ kind: "slider", min: 1, max: 9, integer: true }, [1, 9], [1.5, 10]],
  [{ kind: "seed" }, [0, 2 ** 40], [-1, 0.5]],
  [{ kind: "toggle" }, [true, false], [0, null]],
  [{ kind: "text" }, ["", "a"], [1, null]],
  [{ kind: "options", options: ["a", "b"] }, ["a"], ["c", 1]],
  [{ kind: "choice", provider: "samplers" }, ["euler"], [1]],
  [{ kind: "color" }, ["#FF8800"], ["#fff", "red"]],
  [{ kind: "json" }, [null, { a: [1] }], []],
  [{ kind: "items", item: { kind: "toggle" } }, [[], [true]], [true, [1]]],
  [{ kind: "any-of", widgets: [{ kind: "text" }, { kind: "toggle" }] }, ["a", true], [1]],
  [{ kind: "brought by a plugin" }, [1, "a"], []],
  [null, [], [1, null]],
];

Deno.test("a widget takes what the server's takes", () => {
  for (const [widget, taken, refused] of CASES) {
    for (const value of taken) assert.ok(accepts(widget, value), JSON.stringify([widget, value]));
    for (const value of refused) assert.ok(!accepts(widget, value), JSON.stringify([widget, value]));
  }
});
