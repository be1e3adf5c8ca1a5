/** Puts nodes on the page: their place, their looks, and which of their sockets a link may go to. */

import { computed, effect } from "@preact/signals";
import { render } from "preact";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { createJudge } from "./hands/judge.js";
import { typeColor } from "./ink.js";
import { nodeTitle } from "./labels.js";
import { liveBox } from "./live.js";
import { markOf, Node } from "./node.js";
import { isWrong } from "./node_state.js";
import { readSocket } from "./socket_names.js";

/**
 * @import { ReadonlySignal } from "@preact/signals"
 * @import { Editor, Gesture } from "../interfaces.d.ts"
 * @import { LaidBox } from "./plane.js"
 * @import { Mounted } from "./layer.js"
 * @import { NodeFacts } from "./node_state.js"
 */

/** @type {Gesture} */
const REST = Object.freeze({ kind: "none" });

/**
 * Gives the title of each socket that is an input or an output of the workflow.
 * @param {Editor["document"]} document
 * @returns {ReadonlySignal<ReadonlyMap<string, string>>} By `in:node.input` and `out:node.output`.
 */
export const exposedSockets = (document) => {
  const inputs = computed(() => document.value.inputs);
  const outputs = computed(() => document.value.outputs);
  return computed(() => {
    const taken = Object.entries(inputs.value).flatMap(([name, { to, title }]) =>
      to.map((socket) => /** @type {const} */ ([`in:${socket}`, title ?? name]))
    );
    const given = Object.entries(outputs.value).map((
      [name, { from, title }],
    ) => /** @type {const} */ ([`out:${from}`, title ?? name]));
    return new Map([...taken, ...given]);
  });
};

/**
 * Keeps the place of an element.
 * @param {HTMLElement} element
 * @param {ReadonlySignal<LaidBox>} box
 * @param {ReadonlySignal<Gesture>} gesture
 */
const followPlace = (element, box, gesture) => {
  let last = "";
  return effect(() => {
    const { x, y } = liveBox(box.value, gesture.value);
    const next = `translate(${x}px, ${y}px)`;
    if (next !== last) element.style.transform = last = next;
  });
};

/**
 * Keeps the looks of an element.
 * @param {Editor} editor
 * @param {HTMLElement} element
 * @param {ReadonlySignal<LaidBox>} box
 * @param {NodeFacts} facts
 */
const followLooks = (editor, element, box, facts) =>
  effect(() => {
    const { id, look, type, entry, width, height } = box.value;
    const isSelected = editor.selection.value.nodes.value.has(id);
    const mark = markOf(box, facts);
    const names = ["node", `is-${mark}`, entry.mode && `mode-${entry.mode}`, isSelected && "selected"];
    names.push(
      look.collapsed && "collapsed",
      !type && "unknown",
      isWrong(facts.problems.value) && "faulty",
    );
    element.className = names.filter(Boolean).join(" ");
    element.ariaLabel = nodeTitle(box.value);
    element.style.width = `${width}px`;
    element.style.height = `${height}px`;
    const made = type?.outputs[0]?.type;
    element.style.setProperty("--made", made ? typeColor(editor.catalog, made) : "var(--node-line)");
    element.style.setProperty("--header", look.color ? `var(--node-${look.color})` : null);
  });

/**
 * Puts one node on the page.
 * @param {object} of
 * @param {Editor} of.editor
 * @param {string} of.id
 * @param {NodeFacts} of.facts
 * @param {ReadonlySignal<ReadonlyMap<string, LaidBox>>} of.boxes
 * @param {ReadonlySignal<ReadonlyMap<string, string>>} of.exposed
 * @returns {Mounted}
 */
export const mountNode = ({ editor, id, facts, boxes, exposed }) => {
  const element = document.createElement("article");
  element.dataset.node = id;
  element.role = "group";
  element.tabIndex = -1;
  element.setAttribute("aria-roledescription", say("node.role"));
  element.setAttribute("aria-describedby", `foot-${id}`);
  let last = /** @type {LaidBox} */ (boxes.peek().get(id));
  // Until it is taken off the page, a node that was removed keeps its last looks.
  const box = computed(() => (last = boxes.value.get(id) ?? last));
  const resizing = computed(() => {
    const gesture = editor.gesture.value;
    return gesture.kind === "resize" && gesture.id === id ? gesture : REST;
  });
  const shown = computed(() => liveBox(box.value, resizing.value));
  const stops = [followPlace(element, box, editor.gesture), followLooks(editor, element, shown, facts)];
  render(html`<${Node} editor=${editor} box=${shown} facts=${facts} exposed=${exposed} />`, element);
  return {
    element,
    unmount: () => {
      for (const stop of stops) stop();
      render(null, element);
    },
  };
};

/**
 * Lights the sockets that the link in hand may go to.
 * @param {Editor} editor
 * @param {HTMLElement} layer
 * @returns {{ refresh(): void, destroy(): void }}
 */
export const createSocketLights = (editor, layer) => {
  const held = computed(() => {
    const gesture = editor.gesture.value;
    return gesture.kind === "link" ? `${gesture.from.node}/${gesture.from.side}/${gesture.from.name}` : "";
  });
  const refresh = () => {
    const gesture = editor.gesture.peek();
    layer.classList.toggle("linking", gesture.kind === "link");
    if (gesture.kind !== "link") return;
    const judge = createJudge(editor, [gesture.from]);
    for (const button of layer.querySelectorAll("button[data-socket]")) {
      const node = button.closest("[data-node]")?.getAttribute("data-node") ?? "";
      const socket = readSocket(node, button.getAttribute("data-socket") ?? "");
      button.classList.toggle("lit", socket !== null && judge.accepts(socket));
    }
  };
  const stop = effect(() => {
    held.value;
    refresh();
  });
  return { refresh, destroy: stop };
};
