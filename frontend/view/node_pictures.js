/** The pictures in a node: those its run made, or the one that is being made. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { nodeTitle } from "./labels.js";
import { pictureGrid } from "./metrics.js";
import { isPreviewed } from "./node_state.js";

/**
 * @import { Editor, Picture } from "../interfaces.d.ts"
 * @import { LaidBox } from "./plane.js"
 * @import { NodeFacts } from "./node_state.js"
 */

/**
 * Opens a picture in the viewer.
 * @param {Editor} editor
 * @param {readonly Picture[]} pictures
 * @param {number} at
 * @param {string} title
 */
const open = (editor, pictures, at, title) => {
  const shown = pictures.map(({ digest, url, thumbnail, width, height }) => ({
    digest,
    url,
    thumbnail,
    width,
    height,
    title,
  }));
  editor.desk.viewer.value = { pictures: shown, at };
};

/**
 * Shows the pictures; a double click or Enter opens one.
 * @param {{ editor: Editor, box: LaidBox, facts: NodeFacts }} props
 */
export const Pictures = ({ editor, box, facts }) => {
  const [run, pictures] = [facts.run.value, facts.pictures.value];
  if (!box.pictures) return null;
  const title = nodeTitle(box);
  const style = { height: `${box.pictures.height}px` };
  if (isPreviewed(run, pictures)) {
    const measure = (/** @type {Event} */ { currentTarget }) => {
      const { naturalWidth, naturalHeight } = /** @type {HTMLImageElement} */ (currentTarget);
      if (naturalWidth > 0) facts.previewRatio.value = naturalHeight / naturalWidth;
    };
    return html`
      <div class="pictures" style=${style}>
        <img class="preview" src=${run?.preview} alt=${say("node.preview", { title })} draggable=${false}
          onLoad=${measure} />
      </div>
    `;
  }
  const { columns, shown } = pictureGrid(pictures.length);
  return html`<div class="pictures" style=${{ ...style, "--columns": columns }}>
    ${
    pictures.slice(0, shown).map((picture, index) => {
      const { digest, width, height, thumbnail } = picture;
      const label = say("node.picture", { title, number: index + 1, count: pictures.length, width, height });
      const openThis = () => open(editor, pictures, index, title);
      const hear = (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && openThis();
      // No button: a press on it selects and drags the node as one on its header does.
      return html`
        <div class="picture" role="button" tabindex="0" key=${digest + index} aria-label=${label}
          onDblClick=${openThis} onKeyDown=${hear}>
              <img src=${thumbnail} alt="" width=${width} height=${height} decoding="async" draggable=${false} />
              ${index === shown - 1 && pictures.length > shown &&
                html`<span>+${pictures.length - shown}</span>`}
            </div>
      `;
    })
  }
  </div>`;
};
