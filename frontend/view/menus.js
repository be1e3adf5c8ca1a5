/**
 * Context menus: what can be done with what lies under the pointer. Most entries are commands.
 *
 * @import { Editor, MenuEntry, Point, Socket, Wire } from "../interfaces.d.ts"
 * @import { Target } from "./hands/aim.js"
 */

import { say } from "../ui/texts.js";
import { addDot, removeDot } from "./hands/clicks.js";
import { disconnectAll } from "./hands/edits.js";
import { colorEntries } from "./coloring.js";
import { exposingEntry } from "./exposing.js";
import { socketLabel } from "./labels.js";
import { dotted } from "./socket_names.js";

/** Commands of the menu of nodes, in groups; those for several nodes are left out for one. */
const ON_NODES = {
  run: ["run.selection"],
  edit: [
    "edit.rename",
    "edit.duplicate",
    "edit.copy",
    "edit.replace-node",
    "edit.pull-out",
    "edit.dissolve",
    "edit.delete",
  ],
  look: ["edit.bypass", "edit.off", "edit.collapse", "edit.pin", "edit.color"],
  group: [
    "edit.frame",
    "edit.make-workflow",
    "edit.select-upstream",
    "edit.select-downstream",
  ],
};
const ON_WORKFLOWS = ["edit.open-workflow", "edit.publish-workflow", "edit.unpack"];
const ON_SEVERAL = ["edit.arrange", "edit.tidy"];
const ON_GROUND = {
  add: ["edit.add-node", "edit.note", "edit.paste"],
  all: ["edit.select-all", "edit.tidy", "view.fit", "view.find"],
};

/**
 * A menu entry that runs a command.
 *
 * @param {Editor} editor
 * @param {string} id
 * @returns {MenuEntry[]} None where there is no such command.
 */
export const commandEntry = ({ commands }, id) => {
  if (!commands.all.value.some((command) => command.id === id)) return [];
  return [{
    title: say(`command.${id}`),
    keys: commands.keys(id)[0],
    run: () => commands.run(id),
    disabled: !commands.isEnabled(id),
  }];
};

/** @type {(editor: Editor, groups: Record<string, string[]>) => MenuEntry[]} */
const grouped = (editor, groups) =>
  Object.entries(groups).flatMap(([name, ids]) => [
    { group: say(`menu.group.${name}`) },
    ...ids.flatMap((id) => commandEntry(editor, id)),
  ]);

/** @type {(editor: Editor, socket: Socket) => Wire[]} */
const wiresOf = ({ plane }, socket) =>
  plane.wires.peek().filter(({ source, target }) => {
    const end = socket.side === "input" ? target : source;
    return dotted(end) === dotted(socket);
  });

/** @type {(editor: Editor, socket: Socket, client: Point) => MenuEntry[]} */
const socketMenu = (editor, socket, client) => {
  const wires = wiresOf(editor, socket);
  const at = editor.plane.socketPoint(socket) ?? editor.viewport.toGraph(client);
  return [
    { group: socketLabel(socket.name) },
    { title: say("menu.socket.add"), run: () => (editor.palette.value = { at, client, from: socket }) },
    {
      title: say("menu.socket.disconnect", { count: wires.length }),
      disabled: wires.length === 0,
      run: () => disconnectAll(editor, wires.map(({ key }) => key)),
    },
    exposingEntry(editor, socket),
    ...(socket.side === "output" ? [runToHere(editor, socket)] : []),
  ];
};

/** @type {(editor: Editor, socket: Socket) => MenuEntry} */
const runToHere = (editor, socket) => ({
  title: say("menu.socket.run"),
  run: () => void editor.runs.submit(editor.tabs.current.peek(), { targets: [dotted(socket)] }),
});

/** @type {(editor: Editor, node: string) => MenuEntry[]} */
const nodeMenu = (editor, node) => {
  const selection = editor.selection.peek();
  if (!selection.nodes.peek().has(node)) selection.set({ nodes: [node] });
  const several = selection.nodes.peek().size > 1 ? ON_SEVERAL : [];
  const special = ON_WORKFLOWS.filter((id) => editor.commands.isEnabled(id));
  return grouped(editor, { ...ON_NODES, group: [...ON_NODES.group, ...special, ...several] });
};

/** @type {(editor: Editor, wire: Wire, at: Point, client: Point) => MenuEntry[]} */
const wireMenu = (editor, wire, at, client) => {
  editor.selection.peek().set({ wire: wire.key });
  return [
    { title: say("menu.wire.insert"), run: () => (editor.palette.value = { at, client, wire: wire.key }) },
    { title: say("menu.wire.dot"), run: () => addDot(editor, wire, at) },
    { title: say("menu.wire.cut"), keys: "Delete", run: () => disconnectAll(editor, [wire.key]) },
  ];
};

/** @type {(editor: Editor, target: Target) => MenuEntry[]} */
const sheetMenu = (editor, { frame, note }) => {
  const selection = editor.selection.peek();
  selection.set({ frames: frame ? [frame.id] : [], notes: note ? [note.id] : [] });
  return [
    ...commandEntry(editor, "edit.rename"),
    ...commandEntry(editor, "edit.duplicate"),
    ...commandEntry(editor, "edit.delete"),
    { group: say("command.edit.color") },
    ...colorEntries(editor),
  ];
};

/** @type {(editor: Editor, target: Target, client: Point) => MenuEntry[]} */
const entriesFor = (editor, target, client) => {
  const { kind, socket, node, route, wire, at } = target;
  if (socket !== undefined) return socketMenu(editor, socket, client);
  if (node !== undefined) return nodeMenu(editor, node);
  if (route !== undefined) {
    return [{
      title: say("menu.wire.remove-dot"),
      run: () => removeDot(editor, route),
    }];
  }
  if (wire !== undefined) return wireMenu(editor, wire, at, client);
  return kind === "sheet" || kind === "corner" ? sheetMenu(editor, target) : grouped(editor, ON_GROUND);
};

/**
 * Opens the menu of what lies under the pointer.
 *
 * @param {Editor} editor
 * @param {Target} target
 * @param {Point} client
 */
export const openMenu = (editor, target, client) =>
  editor.ui.menu(client, entriesFor(editor, target, client));
