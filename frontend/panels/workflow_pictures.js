/** A picture for a workflow: what it made last, or what ships with a template. */

import { place } from "../place.js";
import { picturesOf } from "./shown_pictures.js";

/** @import { Editor, WorkflowEntry } from "../interfaces.d.ts" */

/** Shipped templates that have a picture in `templates/`: what each makes with the starter model. */
const SHIPPED = new Set(
  `batch-from-table batch-of-seeds changing-prompt compose-latents control-by-edges detail-pass
   edit-image free-u guidance-methods image-to-image inpaint labelled-grid large-picture-in-tiles
   layout-then-detail lora-strengths merge-tokens outpaint pictures-of-a-folder preprocessors prompt-grid
   regions-of-a-picture seamless-texture soft-mask style-by-lora text-to-image two-pass-high-resolution`
    .split(/\s+/),
);

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
  return template && SHIPPED.has(name) ? place(`panels/templates/${name}.webp`) : null;
};
