/** Beginning runs: seeds that change do so first, and where nothing can run, it is shown why. */

import { splitSocket } from "../model/links.js";
import { advanceSeeds } from "../model/seeds.js";
import { typeOfNode } from "../model/sockets.js";
import { attempt } from "./faults.js";

/** @import { Editor } from "../interfaces.d.ts" */

/**
 * Runs the document in front.
 *
 * @param {Editor} editor
 * @param {string[]} [targets] Nodes to run to; all outputs where it is missing.
 */
export const run = async (editor, targets) => {
  const tab = editor.tabs.current.peek();
  stepSeeds(editor);
  const job = await attempt(editor, () => editor.runs.submit(tab, targets ? { targets } : {}));
  const isSound = editor.advice.problems.peek().every(({ severity }) => severity !== "error");
  if (job === null && !isSound) editor.settings.panel.value = "problems";
  return job;
};

/** Changes the seeds that change from run to run, so that those on the screen are those of the picture. @param {Editor} editor */
const stepSeeds = (editor) => {
  const document = editor.document.peek();
  /** @param {string} socket */
  const usual = (socket) => {
    const [node, name] = splitSocket(socket);
    const input = typeOfNode(document, editor.catalog, node)?.inputs.find((other) => other.name === name);
    return Number(input?.default ?? 0);
  };
  const op = advanceSeeds(document, usual);
  if (op) editor.perform({ id: "panels.edit.seeds" }, op);
};
