/** Notes on the page: Markdown, edited in place. */

import { computed, effect, signal } from "@preact/signals";
import { render } from "preact";
import { html } from "../ui/html.js";
import { Markdown } from "../ui/markdown.js";
import { say } from "../ui/texts.js";
import { liveItem } from "./live.js";

/**
 * @import { ReadonlySignal, Signal } from "@preact/signals"
 * @import { Editor, Note } from "../interfaces.d.ts"
 * @import { Mounted } from "./layer.js"
 */

/**
 * Writes the text of a note into the document.
 * @param {Editor} editor
 * @param {string} id
 * @param {string} text
 */
const write = (editor, id, text) => {
  const { notes } = editor.document.peek().view;
  if (notes.find((note) => note.id === id)?.text === text) return;
  editor.perform({ id: "note.do.edit" }, {
    op: "set-notes",
    notes: notes.map((note) => note.id === id ? { ...note, text } : note),
  });
};

/** @param {{ editor: Editor, note: ReadonlySignal<Note>, isEdited: Signal<boolean> }} props */
const NoteBody = ({ editor, note, isEdited }) => {
  const { id, text } = note.value;
  if (!isEdited.value) {
    return html`<div class="text">${
      text.trim() === ""
        ? html`<p class="empty">${say("note.empty")}</p>`
        : html`<${Markdown} text=${text} />`
    }</div>`;
  }
  /** @param {Event} event */
  const end = ({ currentTarget }) => {
    write(editor, id, /** @type {HTMLTextAreaElement} */ (currentTarget).value);
    isEdited.value = false;
  };
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    const area = /** @type {HTMLTextAreaElement} */ (event.currentTarget);
    area.closest("aside")?.focus();
  };
  const focus = (/** @type {HTMLTextAreaElement | null} */ area) => area?.focus();
  return html`<textarea aria-label=${
    say("note.text")
  } value=${text} ref=${focus} onBlur=${end} onKeyDown=${hear} />`;
};

/**
 * Puts a note on the page.
 * @param {Editor} editor
 * @param {string} id
 * @returns {Mounted}
 */
export const mountNote = (editor, id) => {
  const element = document.createElement("aside");
  element.dataset.note = id;
  element.tabIndex = -1;
  const isEdited = signal(false);
  /** @type {Note} */
  let last = { id, at: [0, 0], size: [0, 0], text: "" };
  const note = computed(
    () => (last = editor.document.value.view.notes.find((item) => item.id === id) ?? last),
  );
  const stop = effect(() => {
    const { at, size, color } = liveItem(note.value, "note", editor.gesture.value);
    const isSelected = editor.selection.value.notes.value.has(id);
    element.className = isSelected ? "note selected" : "note";
    element.ariaLabel = say("note.name");
    element.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
    element.style.width = `${size[0]}px`;
    element.style.height = `${size[1]}px`;
    element.style.setProperty("--color", `var(--node-${color ?? "yellow"})`);
  });
  element.addEventListener("dblclick", () => (isEdited.value = true));
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === element) isEdited.value = true;
  });
  render(html`<${NoteBody} editor=${editor} note=${note} isEdited=${isEdited} />`, element);
  return {
    element,
    unmount: () => {
      stop();
      render(null, element);
    },
  };
};
