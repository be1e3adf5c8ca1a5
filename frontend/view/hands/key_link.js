/**
 * A link by keyboard: keys go through the sockets that fit, and Enter links.
 *
 * @import { Editor, Socket } from "../../interfaces.d.ts"
 */

import { nodeTitle, socketLabel } from "../labels.js";
import { connectEnds } from "./edits.js";
import { enterNode, leaveNode } from "./focus.js";
import { createJudge } from "./judge.js";
import { linkGesture } from "./link.js";
import { socketAttribute } from "../socket_names.js";

/** @type {Readonly<Record<string, 1 | -1>>} */
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** @type {(editor: Editor, socket: Socket) => Promise<void>} */
const focusSocket = (editor, socket) =>
  enterNode(
    editor,
    socket.node,
    (parts) => parts.find((part) => part.getAttribute("data-socket") === socketAttribute(socket)) ?? parts[0],
  );

/**
 * Opens the search for nodes at a socket, for what fits it.
 *
 * @param {Editor} editor
 * @param {Socket} from
 */
export const openPaletteFor = (editor, from) => {
  const at = editor.plane.socketPoint(from) ?? [0, 0];
  editor.palette.value = { at, client: editor.viewport.toClient(at), from };
};

/** @type {(editor: Editor, socket: Socket, index: number, total: number) => void} */
const announce = ({ plane, ui }, socket, index, total) => {
  const box = plane.boxes.peek().get(socket.node);
  const node = box === undefined ? socket.node : nodeTitle(box);
  ui.announce({ id: "hands.link.candidate", with: { node, socket: socketLabel(socket.name), index, total } });
};

/**
 * Begins a link at a socket.
 *
 * @param {HTMLElement} host Gets the focus until the link is made or given up; then the socket has it again.
 * @param {Editor} editor
 * @param {Socket} from
 * @param {() => void} onEnd
 * @returns {{ hear: (event: KeyboardEvent) => boolean, end: () => void }} `hear` tells whether it could use a key.
 */
export const startKeyLink = (host, editor, from, onEnd) => {
  const judge = createJudge(editor, [from]);
  const candidates = judge.candidates();
  let index = -1;

  /** @type {(candidate: Socket | null) => void} */
  const show = (candidate) => {
    const to = editor.plane.socketPoint(candidate ?? from) ?? [0, 0];
    const fit = candidate === null ? null : judge.fit(candidate);
    editor.gesture.value = linkGesture({ fixed: [from], moving: [] }, to, candidate, fit);
  };
  const end = () => {
    editor.gesture.value = { kind: "none" };
    onEnd();
  };
  /** @type {(step: 1 | -1) => void} */
  const step = (by) => {
    if (candidates.length === 0) return;
    index = index < 0 && by < 0
      ? candidates.length - 1
      : (index + by + candidates.length) % candidates.length;
    const socket = candidates[index];
    const box = editor.plane.boxes.peek().get(socket.node);
    if (box !== undefined) editor.viewport.reveal(box);
    show(socket);
    announce(editor, socket, index + 1, candidates.length);
  };
  const cancel = () => {
    end();
    editor.ui.announce({ id: "hands.link.cancelled" });
    void focusSocket(editor, from);
  };
  const accept = () => {
    const socket = candidates[index];
    if (socket === undefined) return;
    end();
    connectEnds(editor, [from], socket, []);
    void focusSocket(editor, from);
  };
  const search = () => {
    onEnd();
    openPaletteFor(editor, from);
  };

  leaveNode(host);
  show(null);
  editor.ui.announce({
    id: candidates.length === 0 ? "hands.link.no-candidate" : "hands.link.begun",
    with: { socket: socketLabel(from.name), count: candidates.length },
  });
  return {
    end,
    hear: ({ key, shiftKey, ctrlKey, metaKey, altKey }) => {
      if (ctrlKey || metaKey || altKey) return false;
      if (key === "Escape") cancel();
      else if (key === "Enter") accept();
      else if (key === "Tab") step(shiftKey ? -1 : 1);
      else if (STEPS[key] !== undefined) step(STEPS[key]);
      else if (key.toLowerCase() === "a" || key === " ") search();
      else return false;
      return true;
    },
  };
};
