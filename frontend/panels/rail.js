/** The buttons that open panels: a rail at the left, a bar at the bottom of a phone. */

import { packPanels } from "../extensions.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Documents } from "./documents.js";
import { Gallery } from "./gallery.js";
import { IconButton } from "./pieces.js";
import { Problems } from "./problems.js";
import { Queue } from "./queue.js";
import { Outline } from "../view/outline.js";

/** @import { Editor } from "../interfaces.d.ts" */

/** The panels at the left, in the order of their buttons. */
export const PANELS = [
  { id: "nodes", icon: "list", Body: Outline },
  { id: "queue", icon: "queue", Body: Queue },
  { id: "gallery", icon: "gallery", Body: Gallery },
  { id: "workflows", icon: "folder", Body: Documents },
  { id: "problems", icon: "warning", Body: Problems },
];

/** The panels at the left, and behind them those of packs. */
export const panels =
  () => [...PANELS, ...packPanels.value.map(({ id, Body }) => ({ id, icon: "plug", Body }))];

/**
 * The rail at the left.
 *
 * @param {{ editor: Editor }} props
 */
export const Rail = ({ editor }) => {
  const { settings, commands } = editor;
  return html`<nav class="rail" aria-label=${say("panels.rail")}>
    ${
    panels().map(({ id, icon }) =>
      html`
        <${IconButton}
          icon=${icon}
          label=${say(`panels.${id}`)}
          keys=${commands.keys(`panel.${id}`)[0]}
          pressed=${settings.panel.value === id}
          onClick=${() => commands.run(`panel.${id}`)}
        >
          <${Count} editor=${editor} panel=${id} />
          <//>
      `
    )
  }
    <span class="gap"></span>
    <${IconButton} icon="keyboard" label=${say("command.ui.shortcuts")} onClick=${() =>
    commands.run("ui.shortcuts")} />
    <${IconButton} icon="settings" label=${say("command.ui.settings")} onClick=${() =>
    commands.run("ui.settings")} />
  </nav>`;
};

/**
 * What a phone shows instead of the rail: one thing at a time. What does not fit is scrolled to.
 *
 * @param {{ editor: Editor }} props
 */
export const BottomBar = ({ editor }) => {
  const { settings, desk } = editor;
  /** @type {(face: "graph" | "form") => void} */
  const show = (face) => {
    desk.face.value = face;
    settings.panel.value = null;
  };
  const panel = settings.panel.value;
  return html`<nav class="bottom-bar" aria-label=${say("panels.rail")}>
    ${
    /** @type {const} */ ([["form", "app"], ["graph", "workflow"]]).map(([face, icon]) =>
      html`
        <${IconButton}
          icon=${icon}
          label=${say(`panels.face.${face}`)}
          pressed=${panel === null && desk.face.value === face}
          onClick=${() => show(face)}
        ><span class="bar-label">${say(`panels.face.${face}`)}</span><//>
      `
    )
  }
    ${
    panels().map(({ id, icon }) =>
      html`
        <${IconButton}
          icon=${icon}
          label=${say(`panels.${id}`)}
          pressed=${panel === id}
          onClick=${() => settings.panel.value = id}
        ><span class="bar-label">${say(`panels.${id}`)}</span><${Count} editor=${editor} panel=${id} /><//>
      `
    )
  }
  </nav>`;
};

/** @param {{ editor: Editor, panel: string }} props */
const Count = ({ editor, panel }) => {
  const count = panel === "problems"
    ? editor.advice.problems.value.length
    : panel === "queue"
    ? waiting(editor)
    : 0;
  if (count === 0) return null;
  const isBad = panel === "problems" && !editor.advice.ok.value;
  // Drawn and not written: the name of the button is what it opens.
  return html`<span class=${`count ${isBad ? "bad" : ""}`} data-count=${count > 99 ? "99+" : count}></span>`;
};

/** @param {Editor} editor */
const waiting = (editor) => {
  const counts = editor.runs.queue.value?.counts;
  return counts ? counts.queued + counts.running : 0;
};
