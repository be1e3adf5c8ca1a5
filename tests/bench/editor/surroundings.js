/**
 * Everything around the canvas without a server: the real document, catalogue, settings and words, and runs and
 * advice that are told what they know.
 */

import { computed, signal } from "@preact/signals";
import { createCatalog } from "../model/catalog.js";
import { normalize } from "../model/document.js";
import { createHistory } from "../model/history.js";
import { createSelection } from "../model/selection.js";
import { createCommands } from "../ui/commands.js";
import { createSettings } from "../ui/settings.js";
import { createTheme } from "../ui/theme.js";
import { createUi } from "../ui/ui.js";

/** Keeps one signal for each name, made when it is first asked for. */
const signals = (first) => {
  const all = new Map();
  return (name) => {
    if (!all.has(name)) all.set(name, signal(first));
    return all.get(name);
  };
};

/**
 * Makes what the canvas is given.
 * @param {{ document: unknown, nodes: unknown[], types: unknown, floor: HTMLElement }} of
 */
export const createSurroundings = ({ document, nodes, types, floor }) => {
  const settings = createSettings();
  const history = createHistory(normalize(document));
  const tab = {
    id: "tab",
    name: signal("bench"),
    revision: signal(1),
    history,
    selection: createSelection(),
    place: signal(null),
  };
  const current = signal(tab);
  const [run, pictures, problems, step] = [signals(null), signals([]), signals([]), signals(null)];
  const editor = {
    catalog: createCatalog({
      nodes,
      types,
      packs: [],
      workflows: [],
      loadChoices: () => Promise.resolve(["dpmpp_2m", "euler", "simple", "karras"]),
    }),
    tabs: { current, all: computed(() => [current.value]) },
    document: computed(() => current.value.history.document.value),
    runs: { shown: () => signal(null), node: (_tab, node) => run(node), pictures: (_tab, node) => pictures(node) },
    advice: { ofNode: problems, step, problems: signal([]), state: signal("known") },
    gesture: signal({ kind: "none" }),
    selection: computed(() => current.value.selection),
    palette: signal(null),
    commands: createCommands(settings),
    settings,
    ui: createUi(floor),
    desk: { viewer: signal(null) },
    perform: (label, op, options) => history.perform(label, op, options),
  };
  createTheme(settings);
  return { editor, tell: { run, pictures, problems, step } };
};
