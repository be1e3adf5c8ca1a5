/**
 * The keyboard inside nodes: their sockets and fields, and links from socket to socket.
 *
 * On the canvas itself keys run commands (`view/walking.js`); inside a node they are about its parts, and while a link is made
 * about the sockets it may go to.
 *
 * @import { Editor, Point, Socket } from "../../interfaces.d.ts"
 */

import { takesText } from "../../ui/keymap.js";
import { openMenu } from "../menus.js";
import { readSocket } from "../socket_names.js";
import { disconnectAll } from "./edits.js";
import { currentNode, focusPart, leaveNode, partsOf } from "./focus.js";
import { openPaletteFor, startKeyLink } from "./key_link.js";

/** @type {(element: Element | null) => Socket | null} */
export const socketOf = (element) => {
  const button = element?.closest("button[data-socket]");
  const node = button?.closest("[data-node]")?.getAttribute("data-node");
  return button && node ? readSocket(node, button.getAttribute("data-socket") ?? "") : null;
};

/** @type {(editor: Editor, socket: Socket) => string[]} */
const wiresAt = ({ plane }, socket) =>
  plane.wires.peek().filter(({ source, target }) => {
    const end = socket.side === "input" ? target : source;
    return end.node === socket.node && end.name === socket.name;
  }).map(({ key }) => key);

/** Keys that a field needs for itself. @type {(element: Element, key: string) => boolean} */
const isTakenByField = (element, key) =>
  key !== "Tab" && key !== "Escape" &&
  (takesText(element) || element.matches("input, select, [role=slider]"));

/** @type {(event: KeyboardEvent) => boolean} */
const isMenuKey = ({ key, shiftKey }) => key === "ContextMenu" || (shiftKey && key === "F10");

/** @type {(article: Element, from: Element, step: 1 | -1) => void} */
const stepWithin = (article, from, step) => {
  const parts = partsOf(article);
  const index = parts.indexOf(/** @type {HTMLElement} */ (from));
  focusPart(parts[(index + step + parts.length) % parts.length]);
};

/** @type {Readonly<Record<string, 1 | -1>>} */
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** What a key does at any part of a node. @type {(host: HTMLElement, article: Element, part: Element, event: KeyboardEvent) => boolean} */
const atPart = (host, article, part, { key, shiftKey }) => {
  if (isTakenByField(part, key)) return false;
  if (key === "Escape") leaveNode(host);
  else if (key === "Tab") stepWithin(article, part, shiftKey ? -1 : 1);
  else if (STEPS[key] !== undefined) stepWithin(article, part, STEPS[key]);
  else return false;
  return true;
};

/**
 * Hears keys in nodes.
 *
 * @param {HTMLElement} host
 * @param {Editor} editor
 * @param {{ signal: AbortSignal }} options
 */
export const listenToKeys = (host, editor, { signal }) => {
  /** @type {ReturnType<typeof startKeyLink> | null} */
  let link = null;
  /** @type {(socket: Socket) => void} */
  const begin = (socket) => {
    link = startKeyLink(host, editor, socket, () => {
      link = null;
    });
  };
  /** What a key does at a socket. @type {(socket: Socket, event: KeyboardEvent) => boolean} */
  const atSocket = (socket, { key }) => {
    if (key === "Enter" || key === " " || key.toLowerCase() === "l") begin(socket);
    else if (key === "Delete" || key === "Backspace") disconnectAll(editor, wiresAt(editor, socket));
    else if (key.toLowerCase() === "a") openPaletteFor(editor, socket);
    else return false;
    return true;
  };
  /** @type {(event: KeyboardEvent) => boolean} */
  const act = (event) => {
    if (link !== null) return link.hear(event);
    const part = event.target instanceof Element ? event.target : null;
    if (isMenuKey(event) && !takesText(part)) {
      openMenuAt(host, editor, part);
      return true;
    }
    const article = part?.closest("[data-node]");
    if (!part || !article || part === article || event.ctrlKey || event.metaKey || event.altKey) return false;
    const socket = socketOf(part);
    return (socket !== null && atSocket(socket, event)) || atPart(host, article, part, event);
  };
  host.addEventListener("keydown", (event) => {
    // A popover in a field hears its own keys, and has said so.
    if (event.defaultPrevented || !act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  for (const name of ["pointerdown", "blur"]) host.addEventListener(name, () => link?.end(), { signal });
  // Screen readers press buttons without a key and without a pointer.
  host.addEventListener("click", (event) => {
    const socket = event.detail === 0 && event.target instanceof Element ? socketOf(event.target) : null;
    if (socket !== null && link === null) begin(socket);
  }, { signal });
  host.addEventListener("contextmenu", (event) => {
    if (event.button === 2 || (event instanceof PointerEvent && event.pointerType !== "")) return;
    if (takesText(event.target)) return;
    event.preventDefault();
    openMenuAt(host, editor, event.target);
  }, { signal });
};

/** Opens the menu of the socket or node that the keyboard is at. @type {(host: HTMLElement, editor: Editor, at: EventTarget | null) => void} */
const openMenuAt = (host, editor, at) => {
  const part = at instanceof Element ? at : host;
  const socket = socketOf(part);
  const node = socket?.node ?? currentNode(editor) ?? undefined;
  const article = node === undefined ? null : host.querySelector(`[data-node="${CSS.escape(node)}"]`);
  const { left, bottom } = (socket === null ? article?.querySelector("header") ?? host : part)
    .getBoundingClientRect();
  const client = /** @type {Point} */ ([left, bottom]);
  const kind = socket?.side ?? (node === undefined ? "empty" : "node");
  openMenu(editor, { kind, at: editor.viewport.toGraph(client), node, socket: socket ?? undefined }, client);
};
