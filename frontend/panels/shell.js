/** Everything around the canvas: bar at the top, panels at both sides, what lies over the middle. */

import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { AppView } from "./app_view.js";
import { Comparison } from "./compare.js";
import { DropTarget } from "./drop.js";
import { Inspector } from "./inspector.js";
import { IconButton } from "./pieces.js";
import { BottomBar, panels, Rail } from "./rail.js";
import { Splitter } from "./splitter.js";
import { StartPage } from "./templates.js";
import { TopBar } from "./top_bar.js";
import { PictureViewer } from "./viewer.js";

/** @import { Editor } from "../interfaces.d.ts" */

const narrow = globalThis.matchMedia?.("(max-width: 700px)");
const isNarrow = signal(narrow?.matches ?? false);
narrow?.addEventListener("change", () => isNarrow.value = narrow.matches);

/**
 * The page of the editor.
 *
 * @param {{ editor: Editor, canvas: HTMLElement }} props `canvas` is kept as it is and put in the middle.
 */
export const Shell = ({ editor, canvas }) => {
  useEffect(() => {
    // On a phone the form is what can be used with a thumb; the graph is a tap away.
    if (isNarrow.value) editor.desk.face.value = "form";
  }, []);
  const hasInspector = editor.desk.inspector.value && editor.desk.face.value === "graph";
  return html`<div class=${`shell ${isNarrow.value ? "narrow" : ""}`}>
    <${TopBar} editor=${editor} />
    <div class="desk">
      ${!isNarrow.value && html`<${Rail} editor=${editor} />`}
      <${SidePanel} editor=${editor} />
      <${Middle} editor=${editor} canvas=${canvas} />
      ${!isNarrow.value && hasInspector && html`<${InspectorSide} editor=${editor} />`}
    </div>
    ${isNarrow.value && html`<${BottomBar} editor=${editor} />`}
    <${PictureViewer} editor=${editor} />
    <${Comparison} editor=${editor} />
    <${DropTarget} editor=${editor} />
  </div>`;
};

/** @param {{ editor: Editor, canvas: HTMLElement }} props */
const Middle = ({ editor, canvas }) => {
  const isForm = editor.desk.face.value === "form";
  return html`<main class="middle">
    <${Held} element=${canvas} isHidden=${isForm} />
    ${isForm ? html`<${AppView} editor=${editor} />` : html`<${StartPage} editor=${editor} />`}
  </main>`;
};

/**
 * Keeps an element that is not Preact's in its place.
 *
 * @param {{ element: HTMLElement, isHidden: boolean }} props
 */
const Held = ({ element, isHidden }) => {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => place.current?.append(element), [element]);
  return html`<div class="canvas-place" ref=${place} inert=${isHidden} hidden=${isHidden}></div>`;
};

/** @param {{ editor: Editor }} props */
const SidePanel = ({ editor }) => {
  const panel = panels().find(({ id }) => id === editor.settings.panel.value);
  if (!panel) return null;
  const title = say(`panels.${panel.id}`);
  return html`
    <section
      class="side-panel"
      aria-label=${title}
      style=${isNarrow.value ? undefined : { width: `${editor.desk.widths.value.left}px` }}
    >
      <header class="panel-head">
        <h2>${title}</h2>
        <${IconButton} icon="close" label=${say("panels.close")} onClick=${() =>
          editor.settings.panel.value = null} />
      </header>
      <div class="panel-body">
        <${panel.Body} editor=${editor} />
      </div>
    </section>
    ${!isNarrow.value && html`<${Splitter} desk=${editor.desk} side="left" />`}
  `;
};

/** @param {{ editor: Editor }} props */
const InspectorSide = ({ editor }) =>
  html`
    <${Splitter} desk=${editor.desk} side="right" />
    <aside
      class="side-panel inspector"
      aria-label=${say("panels.inspector")}
      style=${{ width: `${editor.desk.widths.value.right}px` }}
    >
      <${Inspector} editor=${editor} />
    </aside>
  `;
