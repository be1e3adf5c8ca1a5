import assert from "node:assert/strict";
import { drawFrames, drawNotes } from "../../../frontend/view/frames.js";
import { recordingContext, scene } from "./recording.js";

/** @type {import("../../../frontend/interfaces.d.ts").Frame} */
const FRAME = { id: "f", at: [10, 20], size: [300, 200], title: "Prompts", color: "blue" };
/** @type {import("../../../frontend/interfaces.d.ts").Note} */
const NOTE = { id: "n", at: [10, 20], size: [300, 200], text: "" };
const NOBODY = new Set();

Deno.test("a frame is drawn with its colour and its title", () => {
  const { context, calls } = recordingContext();
  drawFrames(context, scene({ frames: { all: [FRAME], selected: NOBODY } }), "still");

  assert.equal(calls.find(({ name }) => name === "text")?.args[0], "Prompts");
  assert.equal(calls.find(({ name }) => name === "fill")?.style, "blue");
});

Deno.test("a selected frame has the border of the selection", () => {
  const { context, calls } = recordingContext();
  drawFrames(context, scene({ frames: { all: [FRAME], selected: new Set(["f"]) } }), "still");

  assert.ok(calls.some(({ name, style }) => name === "stroke" && style === "accent"));
});

Deno.test("a frame in hand is drawn where it is held", () => {
  const { context, calls } = recordingContext();
  const frames = new Set(["f"]);
  const touched = { nodes: NOBODY, notes: NOBODY, wires: NOBODY, frames };
  /** @type {import("../../../frontend/interfaces.d.ts").Gesture} */
  const gesture = {
    kind: "move",
    offset: [5, 5],
    nodes: NOBODY,
    notes: NOBODY,
    frames,
    guides: [],
    over: null,
  };
  const parts = { frames: { all: [FRAME], selected: NOBODY }, touched, gesture };
  drawFrames(context, scene(parts), "still");
  assert.equal(calls.length, 0);

  drawFrames(context, scene(parts), "live");
  assert.deepEqual(calls[0].args[0].calls[0].slice(1, 3), [15, 25]);
});

Deno.test("a frame out of sight is not drawn", () => {
  const { context, calls } = recordingContext();
  drawFrames(context, scene({ frames: { all: [{ ...FRAME, at: [5000, 0] }], selected: NOBODY } }), "still");

  assert.deepEqual(calls, []);
});

Deno.test("notes are drawn as long as they are not on the page", () => {
  /** @param {Set<string>} mounted */
  const count = (mounted) => {
    const { context, calls } = recordingContext();
    drawNotes(context, scene({ notes: { all: [NOTE], selected: NOBODY, mounted } }));
    return calls.length;
  };

  assert.equal(count(new Set(["n"])), 0);
  assert.ok(count(new Set()) > 0);
});
