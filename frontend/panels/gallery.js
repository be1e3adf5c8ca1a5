/** The gallery: every picture that was made or uploaded, the newest first. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { ComparisonHint } from "./comparison_hint.js";
import { pickForComparison } from "./comparing.js";
import { download, openPictureWorkflow } from "./document_actions.js";
import { attempt } from "./faults.js";
import { createPicturePages } from "./picture_pages.js";
import { IconButton, Nothing, Thumbnail } from "./pieces.js";
import { pictureOf, removalWords } from "./shown_pictures.js";

/** @import { AssetView, Editor } from "../interfaces.d.ts" */
/** @import { PicturePages } from "./picture_pages.js" */

/**
 * The gallery.
 *
 * @param {{ editor: Editor }} props
 */
export const Gallery = ({ editor }) => {
  const pages = useMemo(() => createPicturePages(editor), [editor]);
  useEffect(() => pages.destroy, [pages]);
  const kind = pages.kind.value;
  const assets = pages.assets.value;
  return html`<div class="gallery">
    <div class="segments" role="group" aria-label=${say("panels.gallery.kind")}>
      ${
    /** @type {const} */ (["output", "upload"]).map((name) =>
      html`<button type="button" aria-pressed=${String(kind === name)} onClick=${() => pages.show(name)}>
        ${say(`panels.gallery.${name}`)}
      </button>`
    )
  }
    </div>
    <${ComparisonHint} editor=${editor} />
    ${pages.fault.value && html`<p class="fault" role="alert">${pages.fault.value}</p>`}
    ${assets?.length === 0 && html`<${Nothing}>${say(`panels.gallery.empty.${kind}`)}<//>`}
    <ul class="tiles">
      ${
    assets?.map((asset, at) =>
      html`<${Tile} key=${asset.digest} editor=${editor} pages=${pages} asset=${asset} at=${at} />`
    )
  }
    </ul>
    ${pages.hasMore.value && html`<${More} pages=${pages} />`}
  </div>`;
};

/** @param {{ editor: Editor, pages: PicturePages, asset: AssetView, at: number }} props */
const Tile = ({ editor, pages, asset, at }) => {
  const picture = pictureOf(asset);
  const label = say("panels.gallery.picture", { name: asset.name, width: asset.width, height: asset.height });
  const open = () => {
    if (editor.desk.comparison.peek()?.second === null) pickForComparison(editor.desk, picture);
    else editor.desk.viewer.value = { pictures: (pages.assets.peek() ?? []).map(pictureOf), at };
  };
  /** @param {MouseEvent} event */
  const menu = (event) => {
    event.preventDefault();
    openTileMenu(editor, pages, asset, [event.clientX, event.clientY]);
  };
  return html`
    <li class="tile">
      <button type="button" class="tile-picture" aria-label=${label} onClick=${open}
        onContextMenu=${menu}>
        <${Thumbnail} src=${picture.thumbnail} />
      </button>
      <${IconButton}
        icon="more"
        label=${say("panels.gallery.more")}
        class="tile-more"
        onClick=${(/** @type {MouseEvent} */ event) => {
          const { left, bottom } = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
          openTileMenu(editor, pages, asset, [left, bottom]);
        }}
      />
    </li>
  `;
};

/**
 * @param {Editor} editor
 * @param {PicturePages} pages
 * @param {AssetView} asset
 * @param {[number, number]} at
 */
const openTileMenu = (editor, pages, asset, at) =>
  editor.ui.menu(at, [
    {
      title: say("panels.picture.workflow"),
      run: () => void attempt(editor, () => openPictureWorkflow(editor, asset.digest)),
    },
    { title: say("panels.compare"), run: () => pickForComparison(editor.desk, pictureOf(asset)) },
    { title: say("panels.picture.download"), run: () => download(asset.url, fileName(asset)) },
    {
      title: say("panels.picture.delete"),
      run: () => void attempt(editor, () => removeAsked(editor, pages, asset)),
    },
  ]);

/**
 * Deletes a picture once it was said what goes with it.
 *
 * @param {Editor} editor
 * @param {PicturePages} pages
 * @param {AssetView} asset
 */
const removeAsked = async (editor, pages, asset) => {
  const makers = await pages.makersOf(asset);
  const isSure = await editor.ui.confirm(removalWords(asset, makers), { id: "panels.picture.delete" });
  if (isSure) await pages.remove(asset, makers);
};

/** @param {AssetView} asset */
const fileName = ({ name, digest, media_type: type }) =>
  /\.\w{3,4}$/.test(name) ? name : `${name || "picture"}-${digest.slice(0, 8)}.${type.split("/")[1]}`;

/**
 * Loads what is older once its end is scrolled into view.
 *
 * @param {{ pages: PicturePages }} props
 */
const More = ({ pages }) => {
  const end = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const seen = new IntersectionObserver(([entry]) => void (entry.isIntersecting && pages.more()));
    if (end.current) seen.observe(end.current);
    return () => seen.disconnect();
  }, [pages, pages.assets.value]);
  return html`<button type="button" class="more" ref=${end} onClick=${() => pages.more()}>
    <${Icon} name="chevron-down" />${say("panels.older")}
  </button>`;
};
