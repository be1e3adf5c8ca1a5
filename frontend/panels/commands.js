/** What can be done with runs, documents and panels, by name. */

import { closeTab, downloadDocument, newDocument, saveTab } from "./document_actions.js";
import { chooseFiles } from "./drop.js";
import { showExport } from "./export_dialog.js";
import { attempt } from "./faults.js";
import { hasEnded, sortJobs } from "./queue_rows.js";
import { showManyRuns } from "./many_runs.js";
import { run } from "./running.js";
import { pickForComparison } from "./comparing.js";
import { picturesOf } from "./shown_pictures.js";
import { tabTitle } from "./titles.js";

/** @import { Command, Editor } from "../interfaces.d.ts" */

const PANELS = ["nodes", "queue", "gallery", "workflows", "problems"];

/**
 * Adds the commands of the panels.
 *
 * @param {Editor} editor
 */
export const registerPanelCommands = (editor) =>
  editor.commands.add(
    ...runCommands(editor),
    ...documentCommands(editor),
    ...tabCommands(editor),
    ...panelCommands(editor),
    ...pictureCommands(editor),
  );

/**
 * @param {Editor} editor
 * @returns {Command[]}
 */
const runCommands = (editor) => {
  const { runs, settings } = editor;
  const hasNodes = () => Object.keys(editor.document.value.nodes).length > 0;
  const selected = () => [...editor.selection.value.nodes.value];
  const current = () => sortJobs(runs.jobs.value).running[0] ?? sortJobs(runs.jobs.value).waiting[0];
  return [
    {
      id: "run.all",
      keys: ["Mod+Enter"],
      whileTyping: true,
      isEnabled: hasNodes,
      run: () => void run(editor),
    },
    {
      id: "run.selection",
      keys: ["Mod+Shift+Enter"],
      whileTyping: true,
      isEnabled: () => selected().length > 0,
      run: () => void run(editor, selected()),
    },
    { id: "run.many", isEnabled: hasNodes, run: () => showManyRuns(editor) },
    {
      id: "run.cancel",
      keys: ["Mod+Alt+Enter"],
      whileTyping: true,
      isEnabled: () => current() !== undefined,
      run: async () => {
        const job = current();
        if (job) await attempt(editor, () => runs.cancel(job.id));
      },
    },
    {
      id: "run.cancel-all",
      isEnabled: () => current() !== undefined,
      run: async () => {
        const open = runs.jobs.peek().filter((job) => !hasEnded(job));
        await attempt(editor, () => Promise.all(open.map((job) => runs.cancel(job.id))));
      },
    },
    {
      id: "run.pause",
      run: () => void attempt(editor, () => runs.queue.peek()?.paused ? runs.resume() : runs.pause()),
    },
    { id: "run.live", run: () => void (settings.liveRun.value = !settings.liveRun.peek()) },
  ];
};

/**
 * @param {Editor} editor
 * @returns {Command[]}
 */
const documentCommands = (editor) => {
  const tab = () => editor.tabs.current.peek();
  const isSaved = () => {
    const { name, part } = editor.tabs.current.value;
    return name.value !== null || part.value !== null;
  };
  return [
    { id: "document.new", keys: ["Mod+Alt+N"], run: () => void newDocument(editor) },
    {
      id: "document.open",
      keys: ["Mod+O"],
      run: () => void (editor.settings.panel.value = "workflows"),
    },
    { id: "document.import", keys: ["Mod+Shift+O"], run: () => chooseFiles(editor) },
    {
      id: "document.save",
      keys: ["Mod+S"],
      whileTyping: true,
      run: () => void attempt(editor, () => saveTab(editor, tab())),
    },
    {
      id: "document.save-as",
      keys: ["Mod+Shift+S"],
      whileTyping: true,
      isEnabled: isSaved,
      run: () => void attempt(editor, () => saveTab(editor, tab(), { as: true })),
    },
    { id: "document.export", keys: ["Mod+E"], run: async () => void await showExport(editor, tab()) },
    {
      id: "document.download",
      run: () => downloadDocument(tab().history.document.peek(), tabTitle(tab())),
    },
  ];
};

/**
 * @param {Editor} editor
 * @returns {Command[]}
 */
const tabCommands = (editor) => {
  const { tabs } = editor;
  /** @param {number} by */
  const step = (by) => {
    const all = tabs.all.peek();
    const at = all.findIndex((tab) => tab.id === tabs.current.peek().id);
    tabs.show(all[(at + by + all.length) % all.length].id);
  };
  return [
    { id: "document.close", keys: ["Mod+Alt+W"], run: () => closeTab(editor, tabs.current.peek()) },
    { id: "document.reopen", keys: ["Mod+Alt+Shift+T"], run: () => void tabs.reopen() },
    { id: "document.next", keys: ["Mod+Alt+PageDown"], whileTyping: true, run: () => step(1) },
    { id: "document.previous", keys: ["Mod+Alt+PageUp"], whileTyping: true, run: () => step(-1) },
  ];
};

/**
 * @param {Editor} editor
 * @returns {Command[]}
 */
const panelCommands = ({ settings, desk }) => [
  ...PANELS.map((panel, at) => ({
    id: `panel.${panel}`,
    keys: [`Mod+Alt+${at + 1}`],
    run: () => void (settings.panel.value = settings.panel.peek() === panel ? null : panel),
  })),
  {
    id: "panel.inspector",
    keys: ["Mod+Alt+I"],
    run: () => void (desk.inspector.value = !desk.inspector.peek()),
  },
  {
    id: "panel.form",
    keys: ["Mod+Alt+F"],
    run: () => void (desk.face.value = desk.face.peek() === "form" ? "graph" : "form"),
  },
];

/**
 * @param {Editor} editor
 * @returns {Command[]}
 */
const pictureCommands = (editor) => {
  const { runs, desk, tabs, selection } = editor;
  const shown = () => {
    const tab = tabs.current.value.id;
    const chosen = [...selection.value.nodes.value].flatMap((node) => runs.pictures(tab, node).value);
    return chosen.length > 0
      ? chosen
      : runs.jobs.value.map(picturesOf).find((pictures) => pictures.length > 0) ?? [];
  };
  return [
    {
      id: "picture.open",
      isEnabled: () => shown().length > 0,
      run: () => void (desk.viewer.value = { pictures: shown(), at: 0 }),
    },
    {
      id: "picture.compare",
      isEnabled: () => shown().length > 0,
      run: () => {
        pickForComparison(desk, shown()[0]);
        if (desk.comparison.peek()?.second === null) showGallery(editor);
      },
    },
  ];
};

/** Shows where the second picture is chosen. @param {Editor} editor */
const showGallery = (editor) => void (editor.settings.panel.value = "gallery");
