/** The bar at the top: menu, open documents, running, connection. */

import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { Icon } from "../ui/icons.js";
import { ConnectionState } from "./connection.js";
import { commandEntry, IconButton, openMenuBelow } from "./pieces.js";
import { RunBar } from "./run_bar.js";
import { TabStrip } from "./tab_strip.js";

/** @import { Editor, MenuEntry } from "../interfaces.d.ts" */

/**
 * The bar at the top.
 *
 * @param {{ editor: Editor }} props
 */
export const TopBar = ({ editor }) =>
  html`
    <header class="top-bar">
      <button
        type="button"
        class="main-menu"
        aria-haspopup="menu"
        aria-label=${say("panels.menu")}
        onClick=${(/** @type {MouseEvent} */ event) => openMenuBelow(editor, event, mainMenu(editor))}
      ><${Icon} name="logo" /><${Icon} name="chevron-down" /></button>
      <${TabStrip} editor=${editor} />
      <${ConnectionState} editor=${editor} />
      <${FaceSwitch} editor=${editor} />
      <${RunBar} editor=${editor} />
      ${editor.desk.face.value === "graph" && html`
        <${IconButton}
          icon="inspector"
          class="only-wide"
          label=${say("command.panel.inspector")}
          pressed=${editor.desk.inspector.value}
          onClick=${() => editor.commands.run("panel.inspector")}
        />
      `}
    </header>
  `;

/** @param {{ editor: Editor }} props */
const FaceSwitch = ({ editor }) => {
  const face = editor.desk.face.value;
  return html`<div class="segments only-wide" role="group" aria-label=${say("panels.face")}>
    ${
    /** @type {const} */ (["graph", "form"]).map((name) =>
      html`
        <button
          type="button"
          aria-pressed=${String(face === name)}
          onClick=${() => editor.desk.face.value = name}
        >${say(`panels.face.${name}`)}</button>
      `
    )
  }
  </div>`;
};

const MENU = [
  ["panels.menu.document", [
    "document.new",
    "document.open",
    "document.import",
    "document.save",
    "document.save-as",
    "document.export",
    "document.download",
    "document.close",
    "document.reopen",
  ]],
  ["panels.menu.run", ["run.all", "run.selection", "run.cancel", "run.pause"]],
  ["panels.menu.edit", ["edit.undo", "edit.redo", "edit.tidy"]],
  ["panels.menu.app", ["ui.palette", "ui.shortcuts", "ui.settings"]],
];

/**
 * @param {Editor} editor
 * @returns {MenuEntry[]}
 */
const mainMenu = (editor) => {
  const known = new Set(editor.commands.all.value.map((command) => command.id));
  return /** @type {[string, string[]][]} */ (MENU).flatMap(([group, ids]) => [
    { group: say(group) },
    ...ids.filter((id) => known.has(id)).map((id) => commandEntry(editor, id, say(`command.${id}`))),
  ]);
};
