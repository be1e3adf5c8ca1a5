/** Putting a node of another type in the place of one, with all that suits it. */

/** @import { Catalog, InputValue, JSONValue, NodeType, Op, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { Refused } from "./outcome.js" */

import { linksFrom, linksIn, linkTo, splitSocket } from "../links.js";
import { signatureMoved, signatureWithout } from "../references.js";
import { apply } from "../ops.js";
import { own } from "../records.js";
import { isList, socketType, typeIn, typeOfNode } from "../sockets.js";
import { accepts } from "./accepted.js";
import { replaceLink } from "./links.js";
import { refuse, together } from "./outcome.js";

/** @typedef {NodeType["inputs"][number]} Input */
/** @typedef {Map<string, string>} Renaming The socket of the new node that takes the place of each old one. */

/**
 * Puts a node of another type in the place of one. Links stay at sockets of equal names where their types fit, and go to
 * the first free socket that fits otherwise; values stay at inputs of equal names that take them. So do the
 * workflow's own inputs and outputs. The id stays.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {string} node
 * @param {string} type
 * @returns {{ op: Op, lost: string[] } | Refused} With the inputs and outputs that found no place.
 */
export const replaceNode = (document, catalog, node, type) => {
  const next = typeIn(document, catalog, type);
  const entry = own(document.nodes, node);
  if (!next || !entry) return refuse("edit.replace.unknown", { type });
  const inputs = renamedInputs(document, catalog, node, next);
  const { values, lost } = keptValues(entry.inputs, inputs);
  /** @type {Op} */
  const change = {
    op: "set-inputs",
    changes: [
      ...Object.keys(entry.inputs).map((input) => ({ node, input })),
      ...Object.entries(values).map(([input, value]) => ({ node, input, value })),
    ],
  };
  const zip = entry.zip?.map((group) => group.flatMap((input) => inputs.get(input) ?? [])).filter((group) =>
    group.length > 1
  );
  /** @type {Op} */
  const retyped = {
    op: "set-node",
    node,
    fields: { type, version: next.version, ...(entry.zip ? { zip: zip?.length ? zip : null } : {}) },
  };
  const changed = apply(document, together(change, retyped)).document;
  const outputs = renamedOutputs(changed, document, catalog, node);
  const moved = movedLinks(changed, node, outputs.renaming);
  const signed = movedSignature(changed, node, inputs, outputs.renaming);
  return { op: together(change, retyped, moved, signed), lost: [...lost, ...outputs.lost] };
};

/**
 * Finds the input of the new type for each input that has a link, a value or a place in the signature.
 *
 * @type {(document: WorkflowDocument, catalog: Catalog, node: string, next: NodeType) => Renaming}
 */
const renamedInputs = (document, catalog, node, next) => {
  const { inputs } = document.nodes[node];
  const signed = Object.values(document.inputs).flatMap(({ to }) => to.map(splitSocket)).filter(([id]) =>
    id === node
  );
  const old = new Map(typeOfNode(document, catalog, node)?.inputs.map((input) => [input.name, input]));
  const names = [...new Set([...Object.keys(inputs), ...signed.map(([, input]) => input)])];
  /** @type {Renaming} */
  const renaming = new Map();
  const taken = new Set();
  /** @type {(name: string, input: Input | undefined) => void} */
  const take = (name, input) => {
    if (!input) return;
    renaming.set(name, input.name);
    taken.add(input.name);
  };
  /** @type {(name: string) => (input: Input) => boolean} */
  const suits = (name) => (input) => suitsInput(document, catalog, inputs[name], input, old.get(name));
  for (const name of names) {
    take(
      name,
      next.inputs.find((input) => input.name === name && suits(name)(input)),
    );
  }
  for (const name of names) {
    if (renaming.has(name) || (Object.hasOwn(inputs, name) && linksIn(inputs[name]).length === 0)) continue;
    take(name, next.inputs.find((input) => !taken.has(input.name) && suits(name)(input)));
  }
  return renaming;
};

/** @type {(document: WorkflowDocument, catalog: Catalog, value: InputValue | undefined, input: Input, old: Input | undefined) => boolean} */
const suitsInput = (document, catalog, value, input, old) => {
  const links = linksIn(value);
  if (value !== undefined && links.length === 0) {
    return accepts(input.widget, /** @type {JSONValue} */ (value));
  }
  if (links.length > 1 && !isList(input.type)) return false;
  const given = links.map(({ source }) =>
    socketType(document, catalog, { node: source.node, side: "output", name: source.output })
  );
  if (value === undefined) given.push(old?.type ?? null);
  return given.every((type) => type === null || catalog.fits(type, input.type).fits);
};

/** @type {(inputs: Record<string, InputValue>, renaming: Renaming) => { values: Record<string, InputValue>, lost: string[] }} */
const keptValues = (inputs, renaming) => {
  const entries = Object.entries(inputs);
  return {
    values: Object.fromEntries(entries.flatMap(([name, value]) => {
      const to = renaming.get(name);
      return to === undefined ? [] : [[to, value]];
    })),
    lost: entries.filter(([name]) => !renaming.has(name)).map(([name]) => name),
  };
};

/**
 * Finds the output of the new type for each output that feeds something.
 *
 * @type {(document: WorkflowDocument, before: WorkflowDocument, catalog: Catalog, node: string) => { renaming: Renaming, lost: string[] }}
 */
const renamedOutputs = (document, before, catalog, node) => {
  const next = typeOfNode(document, catalog, node)?.outputs ?? [];
  /** @type {Map<string, (string | null)[]>} */
  const wanted = new Map();
  /** @type {(output: string, type: string | null) => void} */
  const want = (output, type) => void wanted.set(output, [...(wanted.get(output) ?? []), type]);
  for (const { source, target } of linksFrom(before, node)) {
    want(
      source.output,
      socketType(before, catalog, { node: target.node, side: "input", name: target.input }),
    );
  }
  for (const { from } of Object.values(before.outputs)) {
    const [id, output] = splitSocket(from);
    if (id === node) want(output, socketType(before, catalog, { node, side: "output", name: output }));
  }
  /** @type {(output: string, types: (string | null)[]) => string | undefined} */
  const placeOf = (output, types) => {
    const fitting = next.filter(({ name }) => {
      const given = socketType(document, catalog, { node, side: "output", name });
      return given !== null && types.every((type) => type === null || catalog.fits(given, type).fits);
    });
    return (fitting.find(({ name }) => name === output) ?? fitting[0])?.name;
  };
  const places = [...wanted].map((
    [output, types],
  ) => /** @type {const} */ ([output, placeOf(output, types)]));
  return {
    renaming: new Map(places.flatMap(([output, place]) => place === undefined ? [] : [[output, place]])),
    lost: places.filter(([, place]) => place === undefined).map(([output]) => output),
  };
};

/** @type {(document: WorkflowDocument, node: string, outputs: Renaming) => Op | null} */
const movedLinks = (document, node, outputs) => {
  const links = linksFrom(document, node);
  const bySocket = Map.groupBy(links, ({ target }) => `${target.node}.${target.input}`);
  const changes = [...bySocket.values()].map((found) => {
    const { node: id, input } = found[0].target;
    const value = found.toSorted((a, b) => (b.target.index ?? 0) - (a.target.index ?? 0)).reduce(
      (rest, { source, target }) => {
        const place = outputs.get(source.output);
        return replaceLink(rest, target.index, place === undefined ? [] : [linkTo(node, place)]);
      },
      /** @type {InputValue | undefined} */ (document.nodes[id].inputs[input]),
    );
    return { node: id, input, value };
  });
  return changes.length ? { op: "set-inputs", changes } : null;
};

/** @type {(document: WorkflowDocument, node: string, inputs: Renaming, outputs: Renaming) => Op} */
const movedSignature = (document, node, inputs, outputs) => {
  const moved = signatureMoved(document, (socket, side) => {
    const [id, name] = splitSocket(socket);
    if (id !== node) return socket;
    const place = (side === "input" ? inputs : outputs).get(name);
    // No node is called so; what bears the name is taken out below.
    return place === undefined ? "." : `${id}.${place}`;
  });
  return { op: "set-signature", ...signatureWithout(moved, new Set([""])) };
};
