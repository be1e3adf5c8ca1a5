/** The rows of a node: sockets with their labels and fields. */

import { Field } from "../fields/field.js";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { say } from "../ui/texts.js";
import { typeColor } from "./ink.js";
import { isLong, socketLabel } from "./labels.js";
import { isLinked, isTall, SIZES } from "./metrics.js";
import { isWrong } from "./node_state.js";
import { socketAttribute } from "./socket_names.js";
import { writeJSON } from "../model/json.js";

/**
 * @import { ReadonlySignal } from "@preact/signals"
 * @import { Editor, FieldProps, JSONValue, ProblemEntry, Socket } from "../interfaces.d.ts"
 * @import { NodeFacts } from "./node_state.js"
 * @import { LaidBox } from "./plane.js"
 * @import { Row } from "./metrics.js"
 */

/**
 * @typedef {object} RowProps
 * @property {Editor} editor
 * @property {LaidBox} box
 * @property {Row} row
 * @property {NodeFacts} facts
 * @property {ReadonlySignal<ReadonlyMap<string, string>>} exposed
 */

/**
 * Shows a socket.
 * @param {{ editor: Editor, socket: Socket, type: string, isLinked: boolean, trouble?: string, style?: Record<string, string> }} props
 */
const SocketButton = ({ editor, socket, type, isLinked: linked, trouble = "", style = {} }) => {
  const name = say(`socket.${socket.side}`, { name: socketLabel(socket.name), type });
  const state = say(linked ? "socket.linked" : "socket.free");
  return html`
    <button class="socket" tabindex="-1" data-socket=${socketAttribute(socket)} data-linked=${linked}
      data-list=${type.startsWith("list[")} aria-label=${[name, state, trouble].filter(Boolean).join(", ")}
      style=${{ "--type": typeColor(editor.catalog, type), ...style }}></button>
  `;
};

/**
 * Shows that a socket is an input or an output of the workflow.
 * @param {{ title: string | undefined, side: "input" | "output" }} props
 */
const Exposed = ({ title, side }) => {
  if (title === undefined) return null;
  const label = say(`socket.exposed-${side}`, { title });
  return html`<span class="exposed" data-tip=${label}><${Icon} name="chevron-right" label=${label} /></span>`;
};

/** Share of a row that its label has where a field stands beside it, as the stylesheet has it. */
const LABEL_SHARE = 0.4;

/**
 * Gives the class of a label.
 * @param {string} label
 * @param {LaidBox} box
 * @param {Row} row
 */
const labelClass = (label, { width }, { hasField, height }) => {
  const room = (width - 2 * SIZES.side) * (hasField && !isTall(height) ? LABEL_SHARE : 1);
  return isLong(label, room, 12) ? "label cut" : "label";
};

/** @param {RowProps} props */
export const OutputRow = ({ editor, box, row, exposed }) => {
  const output = box.type?.outputs.find(({ name }) => name === row.name);
  /** @type {Socket} */
  const socket = { node: box.id, side: "output", name: row.name };
  const label = socketLabel(row.name);
  return html`
    <div class="row output">
      <span class=${labelClass(label, box, row)} data-tip=${output?.doc || null}>${label}</span>
      <${SocketButton} editor=${editor} socket=${socket} type=${output?.type ?? ""} isLinked=${row
        .isLinked} />
      <${Exposed} title=${exposed.value.get(`out:${box.id}.${row.name}`)} side="output" />
    </div>
  `;
};

/**
 * Writes a value that there is no field for, as the input is not known.
 * @param {{ value: unknown }} props
 */
const Raw = ({ value }) => html`<span class="raw">${writeJSON(value)}</span>`;

/**
 * Changes the value of an input.
 * @param {Editor} editor
 * @param {LaidBox} box
 * @param {string} input
 * @param {JSONValue | undefined} value
 * @param {{ isTyping?: boolean }} [options] What is typed on and on is one change.
 */
const change = (editor, box, input, value, { isTyping = false } = {}) => {
  const target = { node: box.id, input };
  editor.perform(
    { id: "node.do.change", with: { input: socketLabel(input) } },
    { op: "set-inputs", changes: [value === undefined ? target : { ...target, value }] },
    isTyping ? { merge: `${box.id}.${input}` } : {},
  );
};

/** @param {RowProps & { problems: readonly ProblemEntry[], id: string }} props */
const InputField = ({ editor, box, row, problems, id }) => {
  const input = box.type?.inputs.find(({ name }) => name === row.name);
  const value = /** @type {JSONValue | undefined} */ (box.entry.inputs[row.name]);
  if (!input) return isLinked(value) ? null : html`<${Raw} value=${value} />`;
  if (!row.hasField) return null;
  return html`
    <div class="field">
      <${Field} editor=${editor} id=${id} label=${socketLabel(row.name)} doc=${input.doc} widget=${input
        .widget}
        type=${input.type} value=${value} fallback=${input.default} problems=${problems} at=${id}
        onChange=${(/** @type {Parameters<FieldProps["onChange"]>} */ ...chosen) =>
          change(editor, box, row.name, ...chosen)} />
    </div>
  `;
};

/** @param {RowProps} props */
export const InputRow = (props) => {
  const { editor, box, row, facts, exposed } = props;
  const input = box.type?.inputs.find(({ name }) => name === row.name);
  const problems = facts.problems.value.filter((problem) => problem.input === row.name);
  const trouble = problems.map(({ message, hint }) => hint ? `${message} ${hint}` : message).join(" ");
  const id = `${box.id}.${row.name}`;
  const label = socketLabel(row.name);
  /** @type {Socket} */
  const socket = { node: box.id, side: "input", name: row.name };
  const classes = [
    "row input",
    isTall(row.height) && "tall",
    trouble && (isWrong(problems) ? "faulty" : "missing"),
    input?.required && "required",
  ];
  return html`
    <div class=${classes.filter(Boolean).join(" ")} style=${{ height: `${row.height}px` }}>
      <${SocketButton} editor=${editor} socket=${socket} type=${input?.type ?? ""} isLinked=${row.isLinked}
        trouble=${trouble} />
      <${Exposed} title=${exposed.value.get(`in:${id}`)} side="input" />
      <label class=${labelClass(label, box, row)} for=${row.hasField ? id : null}
        data-tip=${trouble || input?.doc || null}>${label}</label>
      <${InputField} ...${props} problems=${problems} id=${id} />
    </div>
  `;
};

/**
 * Shows the sockets of a collapsed node, all at the middle of its header.
 * @param {{ editor: Editor, box: ReadonlySignal<LaidBox> }} props
 */
export const CollapsedSockets = ({ editor, box }) => {
  const { id, type, entry, inputs, outputs, mentioned } = box.value;
  /** @param {"input" | "output"} side @param {string} name */
  const isConnected = (side, name) =>
    side === "input" ? isLinked(entry.inputs[name]) : mentioned.includes(name);
  /** @param {"input" | "output"} side @param {Iterable<string>} names */
  const sockets = (side, names) =>
    // Those that are connected lie on top.
    [...names].sort((a, b) => Number(isConnected(side, a)) - Number(isConnected(side, b))).map((name) => {
      const known = (side === "input" ? type?.inputs : type?.outputs)?.find((socket) => socket.name === name);
      const linked = isConnected(side, name);
      return html`
        <${SocketButton} key=${side + name} editor=${editor} socket=${{ node: id, side, name }}
          type=${known?.type ?? ""} isLinked=${linked} style=${{
            [side === "input" ? "left" : "right"]: "0",
          }} />
      `;
    });
  return html`<div class="row folded">${sockets("input", inputs.keys())}${
    sockets("output", outputs.keys())
  }</div>`;
};
