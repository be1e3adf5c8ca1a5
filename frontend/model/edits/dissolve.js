/** Taking nodes out of the links that run through them, so that the wires heal. */

/** @import { Catalog, Op, WorkflowDocument } from "../../interfaces.d.ts" */
/** @import { FoundLink, LinkSource } from "../links.js" */

import { linksFrom, linksInto, linkTo, splitSocket } from "../links.js";
import { signatureMoved } from "../references.js";
import { own } from "../records.js";
import { isList, socketType, typeOfNode } from "../sockets.js";
import { disconnect, replaceLink } from "./links.js";
import { together } from "./outcome.js";

/**
 * Removes nodes; what they fed is fed by what fed them, where the types allow it.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {Iterable<string>} ids
 * @returns {{ op: Op }}
 */
export const dissolve = (document, catalog, ids) => {
  const gone = new Set(ids);
  return { op: together(...heal(document, catalog, gone), { op: "remove-nodes", nodes: [...gone] }) };
};

/**
 * Pulls nodes out of their links: the wires heal, and the nodes stay with the links among themselves.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {Iterable<string>} ids
 * @returns {{ op: Op }}
 */
export const pullOut = (document, catalog, ids) => {
  const out = new Set(ids);
  const healed = heal(document, catalog, out);
  const isHealed = new Set(healed.flatMap((op) => op.op === "set-inputs" ? op.changes.map(socketOf) : []));
  const into = [...out].flatMap((id) => linksInto(document, id)).filter(({ source }) =>
    !out.has(source.node)
  );
  const from = [...out].flatMap((id) => linksFrom(document, id)).filter(({ target }) =>
    !out.has(target.node) && !isHealed.has(socketOf(target))
  );
  return { op: together(disconnect(document, [...into, ...from].map(({ key }) => key)).op, ...healed) };
};

/** @type {(end: { node: string, input: string }) => string} */
const socketOf = ({ node, input }) => `${node}.${input}`;

/** @type {(document: WorkflowDocument, catalog: Catalog, gone: ReadonlySet<string>) => Op[]} */
const heal = (document, catalog, gone) => {
  const cut = [...gone].flatMap((id) => linksFrom(document, id)).filter(({ target }) =>
    !gone.has(target.node)
  );
  const changes = [...Map.groupBy(cut, ({ target }) => socketOf(target)).values()].map((links) =>
    healedInput(document, catalog, gone, links)
  );
  const { inputs, outputs } = signatureMoved(document, (socket, side) => {
    const [node, output] = splitSocket(socket);
    if (side === "input" || !gone.has(node)) return socket;
    const type = socketType(document, catalog, { node, side, name: output });
    const [source] = sourcesBefore(document, catalog, { node, output }, { gone, wanted: type });
    return source ? `${source.node}.${source.output}` : socket;
  });
  return [
    ...(changes.length ? [/** @type {Op} */ ({ op: "set-inputs", changes })] : []),
    ...(outputs === document.outputs ? [] : [/** @type {Op} */ ({ op: "set-signature", inputs, outputs })]),
  ];
};

/** @type {(document: WorkflowDocument, catalog: Catalog, gone: ReadonlySet<string>, links: FoundLink[]) => { node: string, input: string, value?: any }} */
const healedInput = (document, catalog, gone, links) => {
  const { node, input } = links[0].target;
  const wanted = socketType(document, catalog, { node, side: "input", name: input });
  const value = links.toSorted((a, b) => (b.target.index ?? 0) - (a.target.index ?? 0)).reduce(
    (rest, { source, target }) => {
      const found = sourcesBefore(document, catalog, source, { gone, wanted });
      const taken = isList(wanted) ? found : found.slice(0, 1);
      return replaceLink(rest, target.index, taken.map((one) => linkTo(one.node, one.output)));
    },
    /** @type {any} */ (document.nodes[node].inputs[input]),
  );
  return { node, input, value };
};

/**
 * Finds what feeds an output of a node that goes away and may feed instead what the output fed: the links of the first
 * input that suits, those tried first whose values could stand for the output's, as they do when a node is bypassed.
 *
 * @param {WorkflowDocument} document
 * @param {Catalog} catalog
 * @param {LinkSource} source
 * @param {{ gone: ReadonlySet<string>, wanted: string | null, seen?: ReadonlySet<string> }} options
 * @returns {LinkSource[]}
 */
const sourcesBefore = (document, catalog, { node, output }, { gone, wanted, seen = new Set() }) => {
  if (seen.has(node) || wanted === null) return [];
  const given = socketType(document, catalog, { node, side: "output", name: output });
  const type = typeOfNode(document, catalog, node);
  const inputs = type?.inputs ??
    Object.keys(own(document.nodes, node)?.inputs ?? {}).map((name) => ({ name, type: wanted }));
  /** @param {{ type: string }} input */
  const standsIn = (input) => {
    const fit = given === null ? null : catalog.fits(input.type.replace(/ \| null$/, ""), given);
    return fit?.fits && fit.rule !== "wrap" && fit.rule !== "map" ? 0 : 1;
  };
  for (const { name } of inputs.toSorted((a, b) => standsIn(a) - standsIn(b))) {
    const links = linksInto(document, node).filter(({ target }) => target.input === name);
    const found = links.flatMap(({ source }) =>
      gone.has(source.node)
        ? sourcesBefore(document, catalog, source, { gone, wanted, seen: new Set([...seen, node]) })
        : suits(document, catalog, source, wanted)
        ? [source]
        : []
    );
    if (found.length) return found;
  }
  return [];
};

/** @type {(document: WorkflowDocument, catalog: Catalog, source: LinkSource, wanted: string) => boolean} */
const suits = (document, catalog, { node, output }, wanted) => {
  const given = socketType(document, catalog, { node, side: "output", name: output });
  return given !== null && catalog.fits(given, wanted).fits;
};
