/** What holds for every edit of every document: it can be undone, and it leaves no link to what is not there. */

import assert from "node:assert/strict";
import { copy, paste } from "../../../../frontend/model/clipboard.js";
import { normalize, toJSON } from "../../../../frontend/model/document.js";
import { duplicate } from "../../../../frontend/model/edits/copies.js";
import { dissolve, pullOut } from "../../../../frontend/model/edits/dissolve.js";
import { connect, disconnect, moveLinks } from "../../../../frontend/model/edits/links.js";
import { addNode, insertOnWire, toggleMode } from "../../../../frontend/model/edits/nodes.js";
import { replaceNode } from "../../../../frontend/model/edits/replace.js";
import { exposeInput, exposeOutput, hide } from "../../../../frontend/model/edits/signature.js";
import { makeWorkflow, unpack } from "../../../../frontend/model/edits/workflows.js";
import { linksOf, splitSocket, wouldCycle } from "../../../../frontend/model/links.js";
import { socketType, typeOfNode } from "../../../../frontend/model/sockets.js";
import { createChance } from "../random_documents.js";
import { catalog, documentOf, done, keysAt } from "../toy_documents.js";

/** @import { Socket, WorkflowDocument } from "../../../../frontend/interfaces.d.ts" */
/** @typedef {ReturnType<typeof createChance>} Chance */

const TYPES = [...catalog.types.value.keys()];

/** @type {(chance: Chance, document: WorkflowDocument, side: Socket["side"]) => Socket} */
const anySocket = (chance, document, side) => {
  const node = chance.pick(Object.keys(document.nodes));
  const type = typeOfNode(document, catalog, node);
  const names = (side === "input" ? type?.inputs : type?.outputs)?.map(({ name }) => name) ?? [];
  return { node, side, name: names.length ? chance.pick(names) : "none" };
};

/** @type {(chance: Chance, document: WorkflowDocument) => string} */
const anyWire = (chance, document) => chance.pick(linksOf(document))?.key ?? "none.none";

/** @type {((chance: Chance, document: WorkflowDocument, ids: string[]) => any)[]} */
const EDITS = [
  (chance, document) => addNode(document, catalog, chance.pick(TYPES), chance.point()),
  (chance, document) =>
    addNode(document, catalog, chance.pick(TYPES), chance.point(), {
      from: anySocket(chance, document, "output"),
    }),
  (chance, document) =>
    addNode(document, catalog, chance.pick(TYPES), chance.point(), { wire: anyWire(chance, document) }),
  ...Array(6).fill((/** @type {Chance} */ chance, /** @type {WorkflowDocument} */ document) =>
    connect(document, catalog, anySocket(chance, document, "output"), anySocket(chance, document, "input"))
  ),
  (chance, document) => disconnect(document, chance.some(linksOf(document)).map(({ key }) => key)),
  (chance, document) => {
    const side = chance.pick(/** @type {const} */ (["input", "output"]));
    const from = anySocket(chance, document, side);
    return moveLinks(document, catalog, keysAt(document, from), anySocket(chance, document, side));
  },
  (chance, document, ids) => insertOnWire(document, catalog, anyWire(chance, document), chance.pick(ids)),
  (chance, document, ids) => toggleMode(document, chance.some(ids), chance.pick(["off", "bypass"])),
  (chance, document, ids) => dissolve(document, catalog, chance.some(ids).slice(0, 2)),
  (chance, document, ids) => pullOut(document, catalog, chance.some(ids)),
  (chance, document, ids) => replaceNode(document, catalog, chance.pick(ids), chance.pick(TYPES)),
  (chance, document) => exposeInput(document, catalog, anySocket(chance, document, "input")),
  (chance, document) => exposeOutput(document, catalog, anySocket(chance, document, "output")),
  (chance, document) => hide(document, anySocket(chance, document, chance.pick(["input", "output"]))),
  (chance, document, ids) => duplicate(document, { nodes: chance.some(ids) }),
  (chance, document, ids) =>
    paste(document, catalog, copy(document, chance.some(ids)), chance.point(), {
      withLinks: chance.pick([true, false]),
    }),
  (chance, document, ids) => makeWorkflow(document, catalog, chance.some(ids), "part", { carry: true }),
  (chance, document, ids) => {
    const node = ids.find((id) => document.workflows?.[document.nodes[id].type.slice("workflow:".length)]);
    return node
      ? unpack(
        document,
        catalog,
        node,
        /** @type {any} */ (document.workflows)[document.nodes[node].type.slice(9)],
      )
      : connect(
        document,
        catalog,
        anySocket(chance, document, "output"),
        anySocket(chance, document, "input"),
      );
  },
];

/** @type {(document: WorkflowDocument, where: string) => void} */
const assertSound = (document, where) => {
  assert.deepEqual(normalize(JSON.parse(JSON.stringify(toJSON(document)))), document, where);
  for (const { key, source, target } of linksOf(document)) {
    assert.ok(Object.hasOwn(document.nodes, source.node), `${where}: ${key} comes from nowhere`);
    assert.ok(!wouldCycle(document, source.node, target.node), `${where}: ${key} closes a circle`);
    const given = socketType(document, catalog, { node: source.node, side: "output", name: source.output });
    assert.notEqual(given, null, `${where}: ${key} comes from an output that does not exist`);
  }
  const ports = [
    ...Object.values(document.inputs).flatMap(({ to }) => to),
    ...Object.values(document.outputs).map(({ from }) => from),
  ];
  for (const socket of ports) {
    assert.ok(Object.hasOwn(document.nodes, splitSocket(socket)[0]), `${where}: ${socket}`);
  }
};

Deno.test("edits one after the other leave a sound document, and each can be undone", () => {
  let count = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const chance = createChance(seed);
    let document = documentOf({ open: ["image.open"], encode: ["prompt.encode"], blur: ["image.blur"] });
    for (let step = 0; step < 25; step++) {
      const ids = Object.keys(document.nodes);
      if (ids.length === 0) break;
      const kind = chance.below(EDITS.length);
      const outcome = EDITS[kind](chance, document, ids);
      if ("refusal" in outcome) continue;
      count++;
      document = done(document, outcome);
      assertSound(document, `seed ${seed}, step ${step}, edit ${kind}`);
    }
  }
  assert.ok(count > 500, String(count));
});
