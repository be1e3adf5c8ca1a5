/** Files that are dropped anywhere: a workflow opens, the workflow that a picture carries too. */

import { useEffect, useState } from "preact/hooks";
import { readWorkflow } from "../model/picture_workflow.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { openDocument } from "./document_actions.js";
import { attempt } from "./faults.js";
import { takeOver } from "./taking_over.js";

/** @import { Editor } from "../interfaces.d.ts" */

/** Files that can carry a workflow. */
export const OPENABLE =
  ".json,.png,.jpg,.jpeg,.webp,.mp4,.mov,application/json,image/png,image/jpeg,image/webp,video/mp4,video/quicktime";

/**
 * Takes files that are dropped on the page, and says so while they are over it.
 *
 * @param {{ editor: Editor }} props
 */
export const DropTarget = ({ editor }) => {
  const [isOver, setOver] = useState(false);
  useEffect(() => listen(editor, setOver), [editor]);
  return isOver && html`
    <div class="drop">
      <p><${Icon} name="upload" />${say("panels.drop")}</p>
    </div>
  `;
};

/**
 * Opens files one after the other; what carries no workflow is offered as an upload.
 *
 * @param {Editor} editor
 * @param {readonly File[]} files
 */
export const openFiles = async (editor, files) => {
  // deno-lint-ignore no-await-in-loop -- tabs in the order of the files
  for (const file of files) await attempt(editor, () => openFile(editor, file));
};

/** Asks for files and opens them. @param {Editor} editor */
export const chooseFiles = (editor) => {
  const field = Object.assign(document.createElement("input"), {
    type: "file",
    accept: OPENABLE,
    multiple: true,
  });
  field.addEventListener("change", () => void openFiles(editor, [...field.files ?? []]));
  field.click();
};

/**
 * @param {Editor} editor
 * @param {File} file
 */
const openFile = async (editor, file) => {
  const workflow = await readWorkflow(file);
  if (workflow && !("weft" in workflow)) {
    await takeOver(editor, workflow, file.name);
  } else if (workflow) {
    openDocument(editor, workflow);
    editor.ui.toast({ id: "panels.drop.opened", with: { name: file.name } }, { kind: "ok" });
  } else if (file.type.startsWith("image/")) {
    editor.ui.toast({ id: "panels.drop.plain", with: { name: file.name } }, {
      action: {
        words: { id: "panels.drop.upload" },
        run: () => void attempt(editor, () => upload(editor, file)),
      },
    });
  } else {
    editor.ui.toast({ id: "panels.drop.refused", with: { name: file.name } }, { kind: "error" });
  }
};

/**
 * @param {Editor} editor
 * @param {File} file
 */
const upload = async (editor, file) => {
  await editor.api.upload(file, file.name);
  editor.ui.toast({ id: "panels.drop.uploaded", with: { name: file.name } }, { kind: "ok" });
};

/**
 * @param {Editor} editor
 * @param {(isOver: boolean) => void} setOver
 */
const listen = (editor, setOver) => {
  /** @param {DragEvent} event */
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files") || event.defaultPrevented) return setOver(false);
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
  };
  /** @param {DragEvent} event */
  const leave = (event) => {
    // Leaving for nothing is leaving the window.
    if (event.relatedTarget === null) setOver(false);
  };
  /** @param {DragEvent} event */
  const drop = (event) => {
    setOver(false);
    // A field that took the picture for itself has said so.
    if (event.defaultPrevented || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    void openFiles(editor, [...event.dataTransfer.files]);
  };
  const events = /** @type {const} */ ([["dragover", over], ["dragleave", leave], ["drop", drop]]);
  for (const [name, hear] of events) addEventListener(name, hear);
  return () => {
    for (const [name, hear] of events) removeEventListener(name, hear);
  };
};
