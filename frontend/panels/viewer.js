/** A picture as large as the window: zoom, move, next and previous, download, its workflow. */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { percent } from "./amounts.js";
import { pickForComparison } from "./comparing.js";
import { download, openPictureWorkflow } from "./document_actions.js";
import { attempt } from "./faults.js";
import { IconButton } from "./pieces.js";
import { createPictureZoom } from "./picture_zoom.js";

/** @import { Editor, ShownPicture } from "../interfaces.d.ts" */

/**
 * The viewer; nothing while no picture is open.
 *
 * @param {{ editor: Editor }} props
 */
export const PictureViewer = ({ editor }) => {
  const open = editor.desk.viewer.value;
  return open && html`<${Viewer} editor=${editor} pictures=${open.pictures} at=${open.at} />`;
};

/** @param {{ editor: Editor, pictures: readonly ShownPicture[], at: number }} props */
const Viewer = ({ editor, pictures, at }) => {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const picture = pictures[at];
  const close = () => editor.desk.viewer.value = null;
  /** @param {number} to */
  const goTo = (to) => {
    if (to >= 0 && to < pictures.length) editor.desk.viewer.value = { pictures, at: to };
  };
  useEffect(() => dialog.current?.showModal(), []);
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    if (event.key === "ArrowLeft") goTo(at - 1);
    if (event.key === "ArrowRight") goTo(at + 1);
  };
  const title = picture.title || say("panels.picture");
  return html`
    <dialog class="viewer" ref=${dialog} aria-label=${title} onCancel=${close} onClose=${close}
      onKeyDown=${hear}>
        <${ViewerBar} editor=${editor} picture=${picture} title=${title} close=${close} />
        <${Stage} key=${picture.digest} picture=${picture} title=${title} />
        ${pictures.length > 1 && html`
          <${IconButton} icon="chevron-left" class="viewer-previous" label=${say("panels.picture.previous")}
            disabled=${at === 0} onClick=${() => goTo(at - 1)} />
          <${IconButton} icon="chevron-right" class="viewer-next" label=${say("panels.picture.next")}
            disabled=${at === pictures.length - 1} onClick=${() => goTo(at + 1)} />
          <p class="viewer-place" role="status">${say("panels.picture.place", {
            at: at + 1,
            count: pictures.length,
          })}</p>
        `}
      </dialog>
  `;
};

/** @param {{ editor: Editor, picture: ShownPicture, title: string, close: () => void }} props */
const ViewerBar = ({ editor, picture, title, close }) => {
  const openWorkflow = async () => {
    if (await attempt(editor, () => openPictureWorkflow(editor, picture.digest))) close();
  };
  const compare = () => {
    pickForComparison(editor.desk, picture);
    if (editor.desk.comparison.peek()?.second === null) editor.settings.panel.value = "gallery";
  };
  return html`
    <header class="viewer-bar">
      <h2>${title}</h2>
      <span class="line-note">${picture.width} × ${picture.height}</span>
      <span class="gap"></span>
      <button type="button" class="quiet" onClick=${openWorkflow}>${say("panels.picture.workflow")}</button>
      <button type="button" class="quiet" onClick=${compare}>${say("panels.compare")}</button>
      <${IconButton}
        icon="download"
        label=${say("panels.picture.download")}
        onClick=${() => download(picture.url, `${title}-${picture.digest.slice(0, 8)}`)}
      />
      <${IconButton} icon="close" label=${say("ui.close")} onClick=${close} />
    </header>
  `;
};

/** @param {{ picture: ShownPicture, title: string }} props */
const Stage = ({ picture, title }) => {
  const stage = useRef(/** @type {HTMLElement | null} */ (null));
  const [zoom, setZoom] = useState(/** @type {ReturnType<typeof createPictureZoom> | null} */ (null));
  useEffect(() => {
    const made = createPictureZoom(/** @type {HTMLElement} */ (stage.current), picture);
    setZoom(made);
    return made.destroy;
  }, []);
  const place = zoom?.place.value;
  return html`
    <div class="stage" ref=${stage}>
      <img
        src=${picture.url}
        alt=${title}
        draggable=${false}
        width=${picture.width}
        height=${picture.height}
        class=${place && place.zoom >= 6 ? "pixels" : ""}
        style=${place
          ? { transform: `translate(${place.x}px, ${place.y}px) scale(${place.zoom})` }
          : { opacity: "0" }}
      />
    </div>
        ${place && html`
          <button type="button" class="viewer-zoom" aria-label=${say("panels.picture.fit")}
            onClick=${() => zoom.toggle()}>${percent(place.zoom)}</button>
        `}
  `;
};
