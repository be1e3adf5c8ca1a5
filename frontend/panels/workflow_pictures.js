/** A picture for a workflow: what it made last, or what ships with a template. */

import { place } from "../place.js";
import { picturesOf } from "./shown_pictures.js";

/** @import { Editor, WorkflowEntry } from "../interfaces.d.ts" */

/** Templates without a picture in `templates/`: the starter model cannot make what they are for. */
const BARE = new Set(["edit-by-instruction", "image-prompt", "step-cache", "upscale-by-model"]);

/**
 * Gives the address of a small picture; null where there is none.
 *
 * @param {Pick<Editor, "runs">} editor
 * @param {WorkflowEntry} entry
 */
export const workflowPicture = (editor, { name, title, template }) => {
  const made = editor.runs.jobs.value.find((job) =>
    [name, title].includes(job.name) && picturesOf(job).length > 0
  );
  if (made && !template) return picturesOf(made)[0].thumbnail;
  return template && !BARE.has(name) ? place(`panels/templates/${name}.webp`) : null;
};
