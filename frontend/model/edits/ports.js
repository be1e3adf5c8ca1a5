/** The inputs and outputs that nodes need to stand as a workflow of their own. */

/** @import { Catalog, InputValue, WorkflowDocument, WorkflowInput, WorkflowOutput } from "../../interfaces.d.ts" */
/** @import { FoundLink, LinkSource } from "../links.js" */

import { linksFrom, linksOf, splitSocket } from "../links.js";
import { namesIn } from "../names.js";
import { equal } from "../records.js";
import { socketType, typeOfNode } from "../sockets.js";
import { portName } from "./signature.js";

/**
 * The sockets of the new workflow while they are found.
 *
 * @typedef {object} Ports
 * @property {Record<string, WorkflowInput>} inputs
 * @property {Record<string, WorkflowOutput>} outputs
 * @property {Map<string, string>} inputAt The name of the input at each socket inside, `node.input`.
 * @property {Map<string, string>} outputAt The name of the output at each socket inside, `node.output`.
 * @property {Record<string, InputValue>} given What each input is given from outside.
 * @property {Set<string>} own The inputs that are none of the whole workflow.
 */

/**
 * Finds the sockets that a selection needs to stand as a workflow of its own.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {ReadonlySet<string>} inside The selected nodes.
 * @returns {Ports}
 */
export const portsOf = (document, catalog, inside) => {
  /** @type {Ports} */
  const ports = {
    inputs: {},
    outputs: {},
    inputAt: new Map(),
    outputAt: new Map(),
    given: {},
    own: new Set(),
  };
  /** @param {string} socket */
  const isInside = (socket) => inside.has(splitSocket(socket)[0]);
  // What the whole workflow offers comes first, so that it keeps its names.
  for (const [name, port] of Object.entries(document.inputs)) {
    const to = port.to.filter(isInside);
    if (to.length === 0) continue;
    ports.inputs[name] = { ...port, to };
    for (const socket of to) ports.inputAt.set(socket, name);
  }
  for (const [name, port] of Object.entries(document.outputs)) {
    if (!isInside(port.from) || ports.outputAt.has(port.from)) continue;
    ports.outputs[name] = port;
    ports.outputAt.set(port.from, name);
  }
  for (const link of linksOf(document)) {
    const [isFrom, isTo] = [inside.has(link.source.node), inside.has(link.target.node)];
    if (isTo && !isFrom) addInput(document, catalog, link, ports);
    if (isFrom && !isTo) addOutput(link.source, ports);
  }
  for (const node of inside) addLoose(document, catalog, node, ports);
  return ports;
};

/**
 * Adds what could not be reached any more: inputs that still wait for something, and what is made at the ends.
 *
 * @type {(document: WorkflowDocument, catalog: Catalog, node: string, ports: Ports) => void}
 */
const addLoose = (document, catalog, node, ports) => {
  const type = typeOfNode(document, catalog, node);
  const { inputs } = document.nodes[node];
  const waiting = type?.inputs.filter(({ name, required }) => required && !Object.hasOwn(inputs, name)) ?? [];
  for (const { name } of waiting) {
    if (ports.inputAt.has(`${node}.${name}`)) continue;
    const port = portName(namesIn(ports.inputs), node, name);
    ports.inputs[port] = { to: [`${node}.${name}`] };
    ports.inputAt.set(`${node}.${name}`, port);
  }
  const isEnd = linksFrom(document, node).length === 0 &&
    !Object.values(document.outputs).some(({ from }) => splitSocket(from)[0] === node);
  for (const { name } of isEnd && type ? type.outputs : []) addOutput({ node, output: name }, ports);
};

/** @type {(document: WorkflowDocument, catalog: Catalog, link: FoundLink, ports: Ports) => void} */
const addInput = (document, catalog, { target: { node, input } }, { inputs, inputAt, given, own: ours }) => {
  const socket = `${node}.${input}`;
  const value = document.nodes[node].inputs[input];
  const known = inputAt.get(socket);
  if (known !== undefined && (ours.has(known) || inputs[known].to.length === 1)) {
    given[known] = value;
    return;
  }
  if (known !== undefined) {
    // The link feeds only this one of the sockets that an input of the whole workflow feeds.
    inputs[known] = { ...inputs[known], to: inputs[known].to.filter((place) => place !== socket) };
  }
  /** @param {string} place */
  const typeAt = (place) => {
    const [id, name] = splitSocket(place);
    return socketType(document, catalog, { node: id, side: "input", name });
  };
  // What several sockets of one type are given from one place is one input.
  const shared = known === undefined
    ? [...ours].find((name) =>
      equal(given[name], value) && inputs[name].to.every((place) => typeAt(place) === typeAt(socket))
    )
    : undefined;
  const name = shared ?? portName(namesIn(inputs), node, input);
  inputs[name] = shared === undefined
    ? { to: [socket] }
    : { ...inputs[name], to: [...inputs[name].to, socket] };
  given[name] = value;
  inputAt.set(socket, name);
  if (known === undefined) ours.add(name);
};

/** @type {(source: LinkSource, ports: Ports) => void} */
const addOutput = ({ node, output }, { outputs, outputAt }) => {
  const socket = `${node}.${output}`;
  if (outputAt.has(socket)) return;
  const name = portName(namesIn(outputs), node, output);
  outputs[name] = { from: socket };
  outputAt.set(socket, name);
};
