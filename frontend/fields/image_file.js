/** A picture: uploaded, dropped, pasted, picked from the gallery, and masked. */

/** @import { AssetView, Editor } from "../interfaces.d.ts" */
/** @import { ControlProps } from "./field.js" */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { say } from "../ui/texts.js";
import { paintMask } from "./mask.js";

const ASSET = /^asset:([0-9a-f]+)$/;
const PICTURES = "image/png,image/jpeg,image/webp";

/**
 * Gives the address of a picture; null for a file of the input folder, which the server does not show.
 *
 * @param {Editor} editor
 * @param {string} value
 */
const urlOf = (editor, value) => {
  const digest = ASSET.exec(value)?.[1];
  return digest ? `${editor.api.base}/api/assets/${digest}` : null;
};

/** @param {DataTransfer | null} data */
const pictureIn = (data) =>
  [...(data?.files ?? [])].find(({ type }) => PICTURES.split(",").includes(type)) ?? null;

/**
 * Shows a picture that an input takes.
 *
 * @param {ControlProps} props
 */
export function ImageFileField({ editor, id, label, value, fallback, describedBy, isWrong, onChange }) {
  const [isBusy, setBusy] = useState(false);
  const [isOver, setOver] = useState(false);
  const chosen = String(value ?? fallback ?? "");
  const url = urlOf(editor, chosen);
  /** @param {() => Promise<string | null>} get */
  const take = async (get) => {
    setBusy(true);
    try {
      const input = await get();
      if (input !== null) onChange(input);
    } catch (fault) {
      editor.ui.toast(/** @type {Error} */ (fault).message, { kind: "error" });
    } finally {
      setBusy(false);
    }
  };
  /** @param {Blob} file @param {string} [name] */
  const upload = async (file, name) => (await editor.api.upload(file, name)).input;
  /** @param {ClipboardEvent | DragEvent} event @param {DataTransfer | null} data */
  const receive = (event, data) => {
    setOver(false);
    const file = pictureIn(data);
    if (!file) return;
    // Elsewhere on the canvas a picture opens the workflow it carries.
    event.preventDefault();
    event.stopPropagation();
    void take(() => upload(file, file.name));
  };
  /** @param {DragEvent} event */
  const hover = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    setOver(true);
  };
  const mask = async () => {
    const painted = await paintMask(editor, await (await fetch(/** @type {string} */ (url))).blob());
    return painted && upload(painted, say("mask.file"));
  };
  return html`
    <div class="image-file" data-over=${isOver ? "" : null} aria-busy=${String(isBusy)} onDragOver=${hover}
      onDragLeave=${() => setOver(false)} onDrop=${(/** @type {DragEvent} */ event) =>
        receive(event, event.dataTransfer)}
      onPaste=${(/** @type {ClipboardEvent} */ event) => receive(event, event.clipboardData)}>
        ${chosen === ""
          ? html`<p>${say("field.image.empty")}</p>`
          : url
          ? html`<${Thumbnail} key=${url} url=${url} label=${label} />`
          : html`<p>${chosen}</p>`}
        <div class="image-file-buttons">
          <${UploadButton} ...${{ id, label, describedBy, isWrong }} take=${(/** @type {File} */ file) =>
            take(() => upload(file, file.name))} />
          <button type="button" class="quiet" data-tip=${say("field.image.pick")} aria-label=${say(
            "field.image.pick",
          )}
            onClick=${() => take(() => pickPicture(editor))}><${Icon} name="gallery" /></button>
          ${url && html`
            <button type="button" class="quiet" data-tip=${say("field.image.mask")} aria-label=${say(
              "field.image.mask",
            )}
              onClick=${() => take(mask)}><${Icon} name="brush" /></button>
          `}
        </div>
      </div>
  `;
}

/** @param {Pick<ControlProps, "id" | "label" | "describedBy" | "isWrong"> & { take: (file: File) => void }} props */
function UploadButton({ id, label, describedBy, isWrong, take }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const change = () => {
    const element = /** @type {HTMLInputElement} */ (input.current);
    if (element.files?.[0]) take(element.files[0]);
    // The same file may be chosen again.
    element.value = "";
  };
  const title = say("field.image.upload", { label });
  return html`
    <input ref=${input} type="file" accept=${PICTURES} hidden aria-label=${title} onChange=${change} />
    <button id=${id} type="button" class="quiet" aria-label=${title} data-tip=${title}
      aria-describedby=${describedBy}
      aria-invalid=${isWrong ? "true" : null} onClick=${() =>
        input.current?.click()}><${Icon} name="upload" /></button>
  `;
}

/**
 * Shows a small copy. The server draws it when it is first asked for; until then the picture itself is shown.
 *
 * @param {{ url: string, label: string }} props
 */
function Thumbnail({ url, label }) {
  const [isSmall, setSmall] = useState(true);
  return html`
    <img src=${isSmall ? `${url}/thumbnail?size=512` : url} alt=${label} draggable=${false} loading="lazy"
      onError=${() => setSmall(false)} />
  `;
}

/**
 * Lets a picture be picked from those that were uploaded or made.
 *
 * @param {Editor} editor
 * @returns {Promise<string | null>} What an input takes for it.
 */
const pickPicture = (editor) =>
  editor.ui.dialog({
    title: { id: "field.image.pick" },
    wide: true,
    body: (close) => html`<${Gallery} editor=${editor} choose=${close} />`,
  });

/** @param {{ editor: Editor, choose: (input: string) => void }} props */
function Gallery({ editor, choose }) {
  const [assets, setAssets] = useState(/** @type {readonly AssetView[]} */ ([]));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  /** @param {string | null} cursor */
  const load = async (cursor) => {
    try {
      const page = await editor.api.assets({ cursor, limit: 60 });
      setAssets((known) => [...known, ...page.assets]);
      setNext(page.next);
    } catch (fault) {
      editor.ui.toast(/** @type {Error} */ (fault).message, { kind: "error" });
    }
  };
  useEffect(() => void load(null), []);
  return html`<div class="pick-gallery">
    ${assets.length === 0 && html`<p>${say("field.image.none")}</p>`}
    <ul>
      ${
    assets.map((asset) =>
      html`
        <li key=${`${asset.kind} ${asset.digest}`}>
          <button type="button" aria-label=${asset.name ||
            asset.digest.slice(0, 8)} data-tip=${`${asset.name}\n${asset.width} × ${asset.height}`}
            onClick=${() => choose(asset.input)}><${Thumbnail} url=${editor.api.base +
              asset.url} label="" /></button>
        </li>
      `
    )
  }
    </ul>
    ${next && html`<button type="button" onClick=${() => load(next)}>${say("field.image.more")}</button>`}
  </div>`;
}
