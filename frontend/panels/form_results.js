/** What a workflow makes, where it is used as a form: the unfinished picture, then the finished ones. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { download, openPictureWorkflow } from "./document_actions.js";
import { attempt } from "./faults.js";
import { IconButton, Thumbnail } from "./pieces.js";
import { hasEnded } from "./queue_rows.js";
import { picturesOf } from "./shown_pictures.js";
import { writeJSON } from "../model/json.js";

/** @import { Editor, JobView, ShownPicture } from "../interfaces.d.ts" */
/** @import { FormOutput } from "../model/signature.js" */

/** Pictures of earlier runs that are shown below. */
const MOST_EARLIER = 12;

/**
 * The results of the run that is shown.
 *
 * @param {{ editor: Editor, outputs: readonly FormOutput[] }} props
 */
export const FormResults = ({ editor, outputs }) => {
  const job = editor.runs.shown(editor.tabs.current.value.id).value;
  const pictures = job ? picturesOf(job) : [];
  const preview = job && !hasEnded(job) ? newestPreview(editor) : null;
  const section = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = useRef(job?.id);
  useEffect(() => {
    // On a phone the form fills the screen; who has pressed Run wants to see what comes of it.
    if (job && job.id !== shown.current) {
      section.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
    shown.current = job?.id;
  }, [job?.id]);
  const values = job ? job.outputs.filter((output) => output.asset === null && output.value !== null) : [];
  return html`
    <section class="app-results"
      ref=${section} aria-label=${say("panels.app.results")} aria-busy=${String(preview !== null)}>
        ${preview
          ? html`<figure class="app-picture"><img src=${preview} alt=${say("panels.app.preview")} /></figure>`
          : pictures.map((picture, at) =>
            html`<${Result} key=${picture.digest} editor=${editor} pictures=${pictures} picture=${picture} at=${at} />`
          )}
        ${!preview && pictures.length === 0 && html`<${Waiting} job=${job} />`}
        ${values.map(({ output, value }) => {
          const known = outputs.find(({ name }) => name === output);
          return html`
            <div class="app-value">
              <h2>${known?.title ?? output}</h2>
              <pre>${typeof value === "string" ? value : writeJSON(value, 2)}</pre>
            </div>
          `;
        })}
        <${Earlier} editor=${editor} job=${job} />
      </section>
  `;
};

/** @param {{ editor: Editor, pictures: readonly ShownPicture[], picture: ShownPicture, at: number }} props */
const Result = ({ editor, pictures, picture, at }) =>
  html`
    <figure class="app-picture">
      <button
        type="button"
        class="picture-button"
        aria-label=${say("panels.picture.open", { title: picture.title ?? "" })}
        onClick=${() => editor.desk.viewer.value = { pictures, at }}
      ><img src=${picture.url} alt=${say("panels.app.picture")} width=${picture.width} height=${picture
        .height} /></button>
      <figcaption>
        <span class="line-note">${picture.width} × ${picture.height}</span>
        <span class="gap"></span>
        <${IconButton}
          icon="download"
          label=${say("panels.picture.download")}
          onClick=${() => download(picture.url, `${picture.title}-${picture.digest.slice(0, 8)}`)}
        />
        <${IconButton}
          icon="workflow"
          label=${say("panels.picture.workflow")}
          onClick=${() => attempt(editor, () => openPictureWorkflow(editor, picture.digest))}
        />
      </figcaption>
    </figure>
  `;

/** @param {{ job: JobView | null }} props */
const Waiting = ({ job }) => {
  if (job?.state === "failed") {
    return html`
      <div class="notice error">
        <${Icon} name="error" />
        <div>${job.problems.map(({ message, hint }) =>
          html`
            <p>${message}</p>
            <p class="line-note">${hint}</p>
          `
        )}</div>
      </div>
    `;
  }
  const state = job === null ? "none" : job.state;
  return html`<p class="app-waiting"><${Icon} name="image" />${say(`panels.app.${state}`)}</p>`;
};

/** @param {{ editor: Editor, job: JobView | null }} props */
const Earlier = ({ editor, job }) => {
  const pictures = editor.runs.jobs.value
    .filter((other) => other.id !== job?.id && other.name === job?.name)
    .flatMap(picturesOf).slice(0, MOST_EARLIER);
  if (pictures.length === 0) return null;
  return html`
    <section class="app-earlier" aria-label=${say("panels.app.earlier")}>
      <h2>${say("panels.app.earlier")}</h2>
      <ul class="tiles">
          ${pictures.map((picture, at) =>
            html`
              <li class="tile">
                <button
                  type="button"
                  class="tile-picture"
                  aria-label=${say("panels.picture.open", { title: picture.title ?? "" })}
                  onClick=${() => editor.desk.viewer.value = { pictures, at }}
                ><${Thumbnail} src=${picture.thumbnail} /></button>
              </li>
            `
          )}
        </ul>
    </section>
  `;
};

/** @param {Editor} editor */
const newestPreview = (editor) => {
  const tab = editor.tabs.current.value.id;
  for (const node of Object.keys(editor.document.value.nodes)) {
    const run = editor.runs.node(tab, node).value;
    if (run?.preview && run.state === "running") return run.preview;
  }
  return null;
};
