/**
 * Giving nodes and frames names.
 *
 * @import { Editor } from "../interfaces.d.ts"
 */

import { nodeTitle } from "./labels.js";

/**
 * Asks for the title of a node; an empty one gives it back the title of its type.
 *
 * @param {Editor} editor
 * @param {string} id
 */
export const renameNode = async (editor, id) => {
  const box = editor.plane.boxes.peek().get(id);
  if (box === undefined) return;
  const title = await editor.ui.ask({ id: "hands.rename.node" }, {
    value: nodeTitle(box),
    action: { id: "hands.rename.action" },
  });
  if (title === null) return;
  const own = title.trim() === "" || title.trim() === box.type?.title ? null : title.trim();
  editor.perform({ id: "step.rename" }, { op: "set-looks", looks: { [id]: { title: own } } });
};

/**
 * Asks for the title of a frame.
 *
 * @param {Editor} editor
 * @param {string} id
 */
export const renameFrame = async (editor, id) => {
  const frame = editor.document.peek().view.frames.find((one) => one.id === id);
  if (frame === undefined) return;
  const title = await editor.ui.ask({ id: "hands.rename.frame" }, {
    value: frame.title,
    action: { id: "hands.rename.action" },
  });
  if (title === null) return;
  const { frames } = editor.document.peek().view;
  const renamed = frames.map((one) => one.id === id ? { ...one, title: title.trim() } : one);
  editor.perform({ id: "step.rename" }, { op: "set-frames", frames: renamed });
};
