/** Puts the rooms of the editor together. */

import { computed, effect, signal } from "@preact/signals";
import { createCatalog } from "./model/catalog.js";
import { createAdvice } from "./net/advice.js";
import { createRuns } from "./net/runs.js";
import { createTabs } from "./net/tabs.js";
import { createDesk } from "./panels/desk.js";
import { createLiveRun } from "./panels/live_run.js";
import { registerPanelCommands } from "./panels/commands.js";
import { createCommands } from "./ui/commands.js";
import { registerUiCommands } from "./ui/ui_commands.js";
import { createCanvas } from "./view/canvas.js";
import { registerViewCommands } from "./view/commands.js";
import { createHands } from "./view/hands/hands.js";

/** @import { Editor, Gesture, PaletteRequest, Settings, Ui } from "./interfaces.d.ts" */
/** @import { Api } from "./net/api.js" */
/** @import { Drafts } from "./net/drafts.js" */
/** @import { Stream } from "./net/stream.js" */

/**
 * @typedef {object} Ground What stands before the editor does.
 * @property {Api} api
 * @property {Stream} stream
 * @property {Settings} settings
 * @property {Ui} ui
 * @property {Awaited<ReturnType<typeof readInstalled>>} installed
 * @property {Drafts} drafts
 */

/**
 * Makes the editor.
 *
 * @param {Ground} ground
 * @param {HTMLElement} canvas Element that the graph is shown in.
 * @returns {Editor}
 */
export const createEditor = ({ api, stream, settings, ui, installed, drafts }, canvas) => {
  const catalog = followCatalog(installed, api, stream);
  const tabs = createTabs(api, drafts);
  const document = computed(() => tabs.current.value.history.document.value);
  const runs = createRuns(api, stream, { catalog, memory: drafts, tabs: tabs.all });
  const advice = createAdvice(api, document, {
    catalog,
    stream,
    subject: () => tabs.current.value.id,
    name: () => tabs.current.peek().name.peek(),
  });
  const commands = createCommands(settings, (fault) => ui.toast(wordsOf(fault), { kind: "error" }));
  const parts = {
    api,
    catalog,
    tabs,
    document,
    runs,
    advice,
    commands,
    settings,
    ui,
    gesture: signal(/** @type {Gesture} */ ({ kind: "none" })),
    selection: computed(() => tabs.current.value.selection),
    palette: signal(/** @type {PaletteRequest | null} */ (null)),
    desk: createDesk(),
    /** @type {Editor["perform"]} */
    perform: (label, op, options) => tabs.current.peek().history.perform(label, op, options),
  };
  const { viewport, plane } = createCanvas(canvas, parts);
  const editor = { ...parts, viewport, plane };
  registerViewCommands(editor);
  registerPanelCommands(editor);
  registerUiCommands(editor);
  createHands(canvas, editor);
  createLiveRun(editor);
  effect(() => void (drafts.fault.value && ui.toast({ id: "drafts.not-kept" }, { kind: "error" })));
  effect(() => void (globalThis.document.title = titleOf(editor)));
  return editor;
};

/** @param {Api} api */
const readNodes = async (api) => {
  const [{ nodes }, types, { packs }] = await Promise.all([api.nodes(), api.types(), api.packs()]);
  return { nodes, types, packs };
};

/** @param {Api} api */
const readWorkflows = async (api) => ({ workflows: (await api.workflows()).workflows });

/**
 * Reads what is installed, all at once.
 *
 * @param {Api} api
 * @throws {import("./interfaces.d.ts").ApiFault} The server does not say it.
 */
export const readInstalled = async (api) => {
  const [nodes, workflows] = await Promise.all([readNodes(api), readWorkflows(api)]);
  return { ...nodes, ...workflows };
};

/**
 * Makes the catalogue, and reads it again whenever the server says that it has changed.
 *
 * @param {Ground["installed"]} installed
 * @param {Api} api
 * @param {Stream} stream
 */
const followCatalog = (installed, api, stream) => {
  const loadChoices = async (/** @type {string} */ provider) => (await api.choices(provider)).choices;
  const catalog = createCatalog({ ...installed, loadChoices });
  const nodes = () => readNodes(api);
  const workflows = () => readWorkflows(api);
  /** @param {(() => Promise<Parameters<typeof catalog.update>[0]>)[]} reads */
  const again = async (...reads) => {
    // Whoever cannot be reached now is asked again when the connection is back.
    const parts = await Promise.all(reads.map((read) => read().catch(() => ({}))));
    catalog.update(Object.assign({}, ...parts));
  };
  stream.listen({
    open: () => void again(nodes, workflows),
    events: (events) => {
      const kinds = new Set(events.map(({ type }) => type));
      if (kinds.has("catalog")) void again(nodes, workflows);
      else if (kinds.has("workflow")) void again(workflows);
    },
  });
  return catalog;
};

/** @param {unknown} fault */
const wordsOf = (fault) => fault instanceof Error ? fault.message : String(fault);

/** @param {Editor} editor */
const titleOf = ({ tabs, document }) => {
  const tab = tabs.current.value;
  const title = document.value.title || tab.name.value;
  return title ? `${tab.isDirty.value ? "• " : ""}${title} – weft` : "weft";
};
