/**
 * What the rooms of the editor promise each other: the shapes that cross a folder's border.
 *
 * The messages of the server are in `types.d.ts`, which is generated; everything here is the editor's own.
 */

import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Api } from "./net/api.js";
import type {
  AssetView,
  JobView,
  NodeView,
  PackView,
  ProblemEntry,
  QueueView,
  ReasonView,
  StepView,
  TypesView,
  WorkflowEntry,
} from "./types.d.ts";

/** JSON; whole numbers beyond 2^53 are BigInts, so that none is rounded. */
export type JSONValue = null | boolean | number | bigint | string | JSONValue[] | {
  [key: string]: JSONValue;
};

/** A point or a size in the graph, in its own pixels. */
export type Point = readonly [number, number];

// ---- the document (model/) ---------------------------------------------------------------------------

/** Where an input gets its value from: `node.output`. */
export interface Link {
  from: string;
}

export type InputValue = Link | JSONValue | (Link | JSONValue)[];

export interface NodeEntry {
  type: string;
  version: number;
  inputs: Record<string, InputValue>;
  mode?: "bypass" | "off";
  zip?: string[][];
}

/** How a node is shown. */
export interface NodeLook {
  at: Point;
  /** Width in graph pixels; the usual one where it is missing. */
  width?: number;
  title?: string;
  /** One of the names of `NODE_COLORS`. */
  color?: string;
  collapsed?: boolean;
  pinned?: boolean;
  /** Inputs with a seed that changes before each run: to any other one, or to the next. */
  seeds?: Record<string, "random" | "step">;
}

export interface Frame {
  id: string;
  at: Point;
  size: Point;
  title: string;
  color?: string;
}

export interface Note {
  id: string;
  at: Point;
  size: Point;
  /** Markdown. */
  text: string;
  color?: string;
}

export interface DocumentView {
  nodes: Record<string, NodeLook>;
  frames: Frame[];
  notes: Note[];
  /** Points that a wire passes, by the socket it feeds: `node.input`, or `node.input#2` for the third link of a list. */
  routes?: Record<string, Point[]>;
  [other: string]: unknown;
}

export interface WorkflowInput {
  to: string[];
  title?: string;
  description?: string;
}

export interface WorkflowOutput {
  from: string;
  title?: string;
  description?: string;
}

/** A workflow as it is saved and submitted. Never changed in place: ops make new ones that share what is equal. */
export interface WorkflowDocument {
  weft: number;
  title?: string;
  description?: string;
  inputs: Record<string, WorkflowInput>;
  outputs: Record<string, WorkflowOutput>;
  nodes: Record<string, NodeEntry>;
  view: DocumentView;
  workflows?: Record<string, WorkflowDocument>;
}

/** The only ways in which a document changes. Each is JSON, and each has an inverse. */
export type Op =
  /** `positions` says which place a node takes in the order of all; the others go to the end. */
  | {
    op: "add-nodes";
    nodes: Record<string, NodeEntry>;
    looks: Record<string, NodeLook>;
    positions?: Record<string, number>;
  }
  /** Also takes away the links from these nodes, and the workflow's inputs and outputs at them. */
  | { op: "remove-nodes"; nodes: string[] }
  | { op: "rename-node"; node: string; name: string }
  /** A change without `value` clears the input, so that its default holds. */
  | { op: "set-inputs"; changes: { node: string; input: string; value?: InputValue }[] }
  /** null takes a field away. */
  | {
    op: "set-node";
    node: string;
    fields: { type?: string; version?: number; mode?: "bypass" | "off" | null; zip?: string[][] | null };
  }
  | { op: "set-looks"; looks: Record<string, { [K in keyof NodeLook]?: NodeLook[K] | null }> }
  | { op: "set-frames"; frames: Frame[] }
  | { op: "set-notes"; notes: Note[] }
  /** null takes the points of a wire away. */
  | { op: "set-routes"; routes: Record<string, Point[] | null> }
  | { op: "set-signature"; inputs: Record<string, WorkflowInput>; outputs: Record<string, WorkflowOutput> }
  | { op: "set-words"; title?: string; description?: string }
  | { op: "set-workflows"; workflows: Record<string, WorkflowDocument | null> }
  | { op: "together"; ops: Op[] };

/** A text of `locales/`, by its name, with what stands in its gaps. */
export interface Words {
  id: string;
  with?: Record<string, string | number>;
}

export interface HistoryEntry {
  label: Words;
  /** Milliseconds since 1970. */
  at: number;
}

/** An entry with what was done: all that is needed to go on after a reload. */
export interface Edit extends HistoryEntry {
  op: Op;
  inverse: Op;
}

/** One document with all that was done to it. */
export interface History {
  readonly document: ReadonlySignal<WorkflowDocument>;
  readonly entries: ReadonlySignal<readonly Edit[]>;
  /** How many of the entries are done; the others were undone. */
  readonly position: ReadonlySignal<number>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;
  /** Changes of equal `merge` that follow each other within a second are one entry, as typing is. */
  perform(label: Words, op: Op, options?: { merge?: string }): void;
  undo(): boolean;
  redo(): boolean;
  goTo(position: number): void;
  /** Hears every op that was applied, also those of undo and redo, in order. */
  listen(hear: (op: Op) => void): () => void;
}

// ---- types and the catalogue (model/) ----------------------------------------------------------------

export type NodeType = NodeView;

export interface Conversion {
  /** Type of the node that converts, with the sockets to use. */
  type: string;
  input: string;
  output: string;
}

/** Whether an output may feed an input: the rule that allows it, or why not and what converts. */
export type Fit =
  | { fits: true; rule: string }
  | { fits: false; reason: Words; conversions: Conversion[] };

export interface SearchHit {
  type: NodeType;
  score: number;
  /** Positions of the letters that matched, in the title. */
  marks: number[];
  /** The socket of the node that a searched socket would be linked with. */
  socket?: string;
}

/** The socket a new node must have a partner for. */
export interface SocketQuery {
  side: "input" | "output";
  type: string;
}

export interface Catalog {
  /** Node types by name, the saved workflows among them as `workflow:NAME`. */
  readonly types: ReadonlySignal<ReadonlyMap<string, NodeType>>;
  readonly table: ReadonlySignal<TypesView>;
  readonly packs: ReadonlySignal<readonly PackView[]>;
  readonly workflows: ReadonlySignal<readonly WorkflowEntry[]>;
  get(type: string): NodeType | undefined;
  /** The words of a choice by the name of its provider, once they are known. */
  choices(provider: string): ReadonlySignal<readonly string[] | null>;
  fits(source: string, target: string): Fit;
  /** CSS colour of a value type. */
  color(type: string): string;
  search(query: string, options?: { socket?: SocketQuery; limit?: number }): SearchHit[];
}

// ---- the server (net/) -------------------------------------------------------------------------------

/** An answer of the server that is no success, as a problem document. */
export interface ApiFault extends Error {
  code: string;
  status: number;
  hint: string;
  problems: readonly ProblemEntry[];
}

export type Connection = "connecting" | "open" | "lost" | "locked";

export type NodeState = "waiting" | "running" | "ran" | "cached" | "failed" | "cancelled" | "skipped";

/** What is known of a node in the run that is shown. */
export interface NodeRun {
  state: NodeState;
  reason?: ReasonView;
  step?: number;
  total?: number;
  secondsLeft?: number;
  seconds?: number;
  /** Bytes of the tensors that its results keep alive; absent where there are none. */
  heldBytes?: number;
  /** The most memory that the device had in use while it worked; absent where that is not known. */
  peakBytes?: number;
  /** URL of the newest unfinished picture. */
  preview?: string;
  problems: readonly ProblemEntry[];
}

/** A finished picture of a node. */
export interface Picture {
  digest: string;
  /** `node.output`. */
  socket: string;
  index: number;
  width: number;
  height: number;
  url: string;
  thumbnail: string;
  /** Whether the document has changed since in a way that would make another picture. */
  job: string;
}

export interface Runs {
  /** The newest jobs, newest first, those that wait and run among them. */
  readonly jobs: ReadonlySignal<readonly JobView[]>;
  readonly queue: ReadonlySignal<QueueView | null>;
  readonly connection: ReadonlySignal<Connection>;
  /** The job whose run is shown in the nodes of a tab. */
  shown(tab: string): ReadonlySignal<JobView | null>;
  show(tab: string, job: string | null): void;
  /** What is known of a node in that run. One signal for each node, so that a node redraws alone. */
  node(tab: string, node: string): ReadonlySignal<NodeRun | null>;
  pictures(tab: string, node: string): ReadonlySignal<readonly Picture[]>;
  /** Progress of a job from 0 to 1 and the seconds left, as far as they are known. */
  progress(job: string): ReadonlySignal<{ done: number; secondsLeft: number | null }>;
  /** Submits the document of a tab. `targets` are nodes or outputs; all outputs where it is missing. */
  submit(tab: Tab, options?: { targets?: string[]; inputs?: Record<string, JSONValue> }): Promise<JobView>;
  cancel(job: string): Promise<void>;
  retry(job: string): Promise<JobView>;
  /** Has a job that waits run before all others. */
  putFirst(job: string): Promise<void>;
  remove(job: string): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Loads older jobs into `jobs`; false where there are none. */
  loadOlder(): Promise<boolean>;
}

/** What the server says of the document in front, a moment after each change. */
export interface Advice {
  readonly problems: ReadonlySignal<readonly ProblemEntry[]>;
  readonly state: ReadonlySignal<"asking" | "known" | "unreachable">;
  /** Whether the newest answer is that nothing is wrong. */
  readonly ok: ReadonlySignal<boolean>;
  /** Seconds that a run would take as far as they are known. */
  readonly seconds: ReadonlySignal<number | null>;
  /** Bytes that the results of what would run would hold, as far as they are known. */
  readonly heldBytes: ReadonlySignal<number | null>;
  /** Names of the model files that a run needs and that are not there. */
  readonly missingModels: ReadonlySignal<readonly string[]>;
  ofNode(node: string): ReadonlySignal<readonly ProblemEntry[]>;
  /** What a run would do with the node, and why; null where it is not known. */
  step(node: string): ReadonlySignal<StepView | null>;
}

// ---- tabs (model/, net/) -----------------------------------------------------------------------------

/** An open document. */
export interface Tab {
  readonly id: string;
  /** The name it is saved under; null for one that never was. */
  readonly name: Signal<string | null>;
  readonly revision: Signal<number>;
  /** The tab whose document carries this one, and under which name; null for a document of its own. */
  readonly part: Signal<{ tab: string; workflow: string } | null>;
  readonly history: History;
  /** The document as it was when it was last loaded or saved. */
  readonly saved: Signal<WorkflowDocument>;
  readonly isDirty: ReadonlySignal<boolean>;
  readonly selection: Selection;
  /** Where its viewport is; null shows everything. */
  readonly place: Signal<{ x: number; y: number; zoom: number } | null>;
}

/** A fault of `Tabs.save`: somebody else saved under the name. */
export interface SaveConflict extends ApiFault {
  workflow: string;
  /** The revision that is there; 0 for a template, null where it was deleted. */
  theirs: number | null;
  /** What is there; null where it was deleted. */
  document: WorkflowDocument | null;
  choices: {
    /** Save this one under another name, save it over theirs, or show theirs (this one can be reopened). */
    id: "copy" | "overwrite" | "theirs";
    /** `name` is the free name for `copy`. */
    run(name: string): Promise<void>;
  }[];
}

export interface Tabs {
  readonly all: ReadonlySignal<readonly Tab[]>;
  readonly current: ReadonlySignal<Tab>;
  /** Opens a document in a new tab and shows it. */
  open(document: WorkflowDocument, options?: { name?: string | null; revision?: number }): Tab;
  /** Opens what the server keeps under a name, or shows the tab that has it already. */
  openSaved(name: string): Promise<Tab>;
  /** Opens a workflow that the document of a tab carries, or shows the tab that has it; null where there is none. */
  openPart(tab: Tab, workflow: string): Tab | null;
  /** Puts such a workflow back into the document that carries it; null where the tab of that is closed. */
  putBack(tab: Tab): Tab | null;
  show(id: string): void;
  close(id: string): void;
  /** Brings back the tab that was closed last. */
  reopen(): boolean;
  save(tab: Tab, name?: string): Promise<void>;
}

// ---- the canvas (view/) ------------------------------------------------------------------------------

export interface Viewport {
  /** `screen = graph * zoom + (x, y)`, relative to the canvas. */
  readonly state: ReadonlySignal<{ x: number; y: number; zoom: number }>;
  readonly size: ReadonlySignal<{ width: number; height: number }>;
  /** Whether a wheel or pinch gesture is going on, in which nothing is mounted. */
  isZooming(): boolean;
  toGraph(client: Point): Point;
  toClient(graph: Point): Point;
  set(state: { x: number; y: number; zoom: number }): void;
  panBy(dx: number, dy: number): void;
  zoomAt(client: Point, factor: number): void;
  fit(bounds: Bounds, options?: { padding?: number; most?: number }): void;
  /** Pans so little that the bounds are wholly seen. */
  reveal(bounds: Bounds): void;
}

export interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A socket of a node in the document. */
export interface Socket {
  node: string;
  side: "input" | "output";
  name: string;
}

/** Where the parts of a node are, relative to its top left corner. */
export interface Box extends Bounds {
  id: string;
  entry: NodeEntry;
  look: NodeLook;
  /** Missing where the catalogue does not know the type. */
  type?: NodeType;
  /** Middle of each socket, relative to the node. */
  inputs: ReadonlyMap<string, Point>;
  outputs: ReadonlyMap<string, Point>;
}

/** A link as it is drawn. */
export interface Wire {
  /** `node.input`, or `node.input#2` for the third link of a list. */
  key: string;
  source: Socket;
  target: Socket;
  /** Value type at its source. */
  type: string;
  /** Graph points it passes, its ends among them. */
  points: readonly Point[];
}

/** The document in front as it lies on the plane; recomputed only for what changed. */
export interface Plane {
  readonly boxes: ReadonlySignal<ReadonlyMap<string, Box>>;
  readonly wires: ReadonlySignal<readonly Wire[]>;
  boxAt(at: Point): Box | null;
  /** The nearest socket within a distance in graph pixels. */
  socketNear(at: Point, within: number, accept?: (socket: Socket) => boolean): Socket | null;
  wireNear(at: Point, within: number): Wire | null;
  /** The point of a route (reroute dot) near a place. */
  routeNear(at: Point, within: number): { key: string; index: number } | null;
  frameAt(at: Point): { frame: Frame; part: "title" | "corner" | "body" } | null;
  noteAt(at: Point): { note: Note; part: "body" | "corner" } | null;
  socketPoint(socket: Socket): Point | null;
  /** The value type of a socket, as the catalogue has it. */
  socketType(socket: Socket): string | null;
  bounds(nodes?: Iterable<string>): Bounds | null;
}

/** What hands do right now; drawn, but not yet in the document. */
export type Gesture =
  | { kind: "none" }
  | {
    kind: "move";
    offset: Point;
    nodes: ReadonlySet<string>;
    frames: ReadonlySet<string>;
    notes: ReadonlySet<string>;
    guides: readonly Guide[];
    over: string | null;
  }
  | {
    kind: "link";
    from: Socket;
    moving: readonly string[];
    to: Point;
    candidate: Socket | null;
    fit: Fit | null;
  }
  | { kind: "marquee"; from: Point; to: Point }
  | { kind: "cut"; points: readonly Point[] }
  | { kind: "resize"; what: "node" | "frame" | "note"; id: string; size: Point }
  | { kind: "route"; key: string; index: number; at: Point };

/** A line that shows what something snaps to. */
export interface Guide {
  axis: "x" | "y";
  at: number;
  from: number;
  to: number;
}

export interface Selection {
  readonly nodes: ReadonlySignal<ReadonlySet<string>>;
  readonly frames: ReadonlySignal<ReadonlySet<string>>;
  readonly notes: ReadonlySignal<ReadonlySet<string>>;
  /** The wire that is selected, by its key. */
  readonly wire: ReadonlySignal<string | null>;
  set(
    what: {
      nodes?: Iterable<string>;
      frames?: Iterable<string>;
      notes?: Iterable<string>;
      wire?: string | null;
    },
  ): void;
  toggle(node: string): void;
  clear(): void;
}

// ---- words, commands, settings (ui/) -----------------------------------------------------------------

export interface Command {
  /** Such as `edit.undo`; its title is the text `command.edit.undo`. */
  id: string;
  run(): void | Promise<void>;
  /** Asked before it is shown or run. */
  isEnabled?(): boolean;
  /** Usual keys, such as `Mod+Shift+Z`; Mod is Ctrl, and Command on a Mac. */
  keys?: readonly string[];
  /** Whether it also works while a text is being typed. */
  whileTyping?: boolean;
  /** Whether the browser itself acts on the keys, as on those of the clipboard; here they are only listed. */
  isNative?: boolean;
}

export interface Commands {
  readonly all: ReadonlySignal<readonly Command[]>;
  add(...commands: Command[]): void;
  run(id: string): void;
  isEnabled(id: string): boolean;
  /** The keys of a command as the user has them now. */
  keys(id: string): readonly string[];
  setKeys(id: string, keys: readonly string[] | null): void;
}

/** What a person likes; kept in this browser. */
export interface Settings {
  theme: Signal<"system" | "dark" | "light">;
  language: Signal<"system" | "en" | "de">;
  snapToGrid: Signal<boolean>;
  snapToNeighbours: Signal<boolean>;
  wireStyle: Signal<"curved" | "straight" | "angled" | "hidden">;
  minimap: Signal<boolean>;
  liveRun: Signal<boolean>;
  keymap: Signal<Record<string, readonly string[]>>;
  panel: Signal<string | null>;
}

/** A menu entry; a string is the title of a group. */
export type MenuEntry =
  | { title: string; keys?: string; run(): void; disabled?: boolean; checked?: boolean }
  | { group: string };

export interface Ui {
  /** Says something that goes away by itself; read out by screen readers. */
  toast(
    words: Words | string,
    options?: { kind?: "info" | "ok" | "error"; action?: { words: Words; run(): void } },
  ): void;
  /** Says something to screen readers alone. */
  announce(words: Words): void;
  menu(at: Point, entries: MenuEntry[]): void;
  /** Shows a modal dialog whose body is a component that gets `close`; resolves with what it closes with. */
  dialog<T>(
    options: { title: Words; body: (close: (value: T | null) => void) => unknown; wide?: boolean },
  ): Promise<T | null>;
  confirm(words: Words, action: Words): Promise<boolean>;
  ask(
    words: Words,
    options?: { value?: string; action?: Words; check?: (text: string) => Words | null },
  ): Promise<string | null>;
}

/** Offers nodes at a place: all, or those with a partner for a socket, which are linked at once. */
export interface PaletteRequest {
  at: Point;
  client: Point;
  from?: Socket;
  /** The wire that the new node is put into. */
  wire?: string;
  /** The nodes that the new one replaces. */
  replace?: string;
}

/** A picture that the viewer can show. */
export type ShownPicture = Pick<Picture, "digest" | "width" | "height" | "url" | "thumbnail"> & {
  title?: string;
};

/** What lies around the canvas right now, besides the document; `createDesk` of panels/desk.js makes it. */
export interface Desk {
  /** What fills the middle: the graph, or the workflow as a form. */
  readonly face: Signal<"graph" | "form">;
  /** The pictures that the viewer shows, and which of them; null while it is closed. Set it to open one. */
  readonly viewer: Signal<{ pictures: readonly ShownPicture[]; at: number } | null>;
  /** Two pictures next to each other; the second is null while it is being chosen. */
  readonly comparison: Signal<{ first: ShownPicture; second: ShownPicture | null } | null>;
  /** Whether the inspector is seen. */
  readonly inspector: Signal<boolean>;
  /** Widths of the panels at the left and the right, in pixels. */
  readonly widths: Signal<{ left: number; right: number }>;
  /** Tabs whose start page was put away. */
  readonly begun: Signal<ReadonlySet<string>>;
}

/** What a room of the editor is given: everything else is reached through it. */
export interface Editor {
  readonly api: Api;
  readonly catalog: Catalog;
  readonly tabs: Tabs;
  readonly document: ReadonlySignal<WorkflowDocument>;
  readonly runs: Runs;
  readonly advice: Advice;
  readonly viewport: Viewport;
  readonly plane: Plane;
  readonly gesture: Signal<Gesture>;
  readonly selection: ReadonlySignal<Selection>;
  readonly palette: Signal<PaletteRequest | null>;
  readonly commands: Commands;
  readonly settings: Settings;
  readonly ui: Ui;
  readonly desk: Desk;
  /** Does something to the document in front. */
  perform(label: Words, op: Op, options?: { merge?: string }): void;
}

/** What a field that edits one input gets. */
export interface FieldProps {
  editor: Editor;
  /** Unique on the page; the label points to it. */
  id: string;
  label: string;
  doc: string;
  /** Its `widget` from the catalogue: `{kind, …}`; null shows the value as JSON. */
  widget: Record<string, JSONValue> | null;
  type: string;
  value: JSONValue | undefined;
  /** The value that holds where none is given. */
  fallback: JSONValue | undefined;
  problems: readonly ProblemEntry[];
  /** The input it edits, as `node.input`, where it is one: a seed keeps with the node how it changes from run to run. */
  at?: string;
  /** Called for every change; `undefined` goes back to the default. What is typed on and on is one change to undo. */
  onChange(value: JSONValue | undefined, options?: { isTyping?: boolean }): void;
}

export type {
  AssetView,
  JobView,
  NodeView,
  ProblemEntry,
  QueueView,
  ReasonView,
  StepView,
  TypesView,
  WorkflowEntry,
};
