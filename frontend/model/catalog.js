/**
 * What is installed: node types, value types, connection rules, packs and saved workflows.
 *
 * @import { ReadonlySignal, Signal } from "@preact/signals"
 * @import { Catalog, Conversion, Fit, NodeType, SearchHit, SocketQuery, WorkflowEntry } from "../interfaces.d.ts"
 * @import { PackView, TypesView } from "../types.d.ts"
 * @import { SocketType, Supertypes } from "./types.js"
 */

import { batch, computed, signal } from "@preact/signals";
import { conversions } from "./conversions.js";
import { equal } from "./records.js";
import { fits, parseType, refusal, withoutNull } from "./types.js";
import { indexTypes, searchTypes } from "./search.js";
import { createPartners } from "./partners.js";
import { workflowType } from "./workflow_types.js";

/** Colours of the builtin types, which the server says nothing of. */
const BUILTIN_COLORS = new Map([
  ["int", "#4db6ac"],
  ["float", "#9ccc65"],
  ["bool", "#e57373"],
  ["string", "#f0b37e"],
  ["json", "#a1887f"],
]);
/** Colour of what may be anything, and of types that nobody declared. */
const OTHER_COLOR = "#9e9e9e";

/**
 * @typedef {object} Parts
 * @property {readonly NodeType[]} nodes
 * @property {TypesView} types
 * @property {readonly PackView[]} packs
 * @property {readonly WorkflowEntry[]} workflows
 */

/**
 * Makes the catalogue.
 *
 * @param {Parts & { loadChoices: (provider: string) => Promise<readonly string[]> }} options `loadChoices` asks for
 * the words of a choice, once per provider and again after each reload of the packs.
 * @returns {Catalog & { update(parts: Partial<Parts>): void }} `update` takes what may have changed, such as after packs
 * were reloaded or a workflow was saved; everything else stays.
 */
export function createCatalog({ nodes, types, packs, workflows, loadChoices }) {
  const installed = signal(nodes);
  const table = signal(types);
  const known = signal(packs);
  const saved = signal(workflows);
  const all = computed(() => {
    const asNodes = saved.value.flatMap((entry) => typeOfSaved(entry) ?? []);
    return new Map([...installed.value, ...asNodes].map((type) => [type.type, type]));
  });
  const index = computed(() => indexTypes(all.value.values()));
  const rules = computed(() => createRules(table.value, all.value));
  const partners = computed(() => createPartners(rules.value.supertypes));
  const offered = createChoices(loadChoices);

  /** @param {Partial<Parts>} parts */
  const update = (parts) =>
    batch(() => {
      // Of a pack that was reloaded, most nodes are as they were.
      const nodes = parts.nodes?.map((type) => fresh(all.peek().get(type.type) ?? type, type));
      installed.value = fresh(installed.peek(), nodes);
      table.value = fresh(table.peek(), parts.types);
      known.value = fresh(known.peek(), parts.packs);
      saved.value = fresh(saved.peek(), parts.workflows);
      if (parts.nodes) offered.reload();
    });

  /**
   * @param {string} query
   * @param {{ socket?: SocketQuery, limit?: number }} [options]
   * @returns {SearchHit[]}
   */
  const search = (query, { socket, limit } = {}) =>
    searchTypes(index.value, query, { limit, ...(socket && { partner: partners.value(socket) }) });

  return {
    types: all,
    table,
    packs: known,
    workflows: saved,
    get: (type) => all.value.get(type),
    choices: offered.choices,
    fits: (source, target) => rules.value.fits(source, target),
    color: (type) => rules.value.color(type),
    search,
    update,
  };
}

/**
 * Gives what came anew, less what is as it was: whoever looks at that need not look again.
 *
 * @template T
 * @param {T} before
 * @param {T | undefined} now
 * @returns {T}
 */
function fresh(before, now) {
  return now === undefined || equal(before, now) ? before : now;
}

/**
 * Gives a saved workflow as a type of nodes; null where nobody knows what it takes and gives.
 *
 * @param {WorkflowEntry} entry
 * @returns {NodeType | null}
 */
function typeOfSaved({ name, title, description, signature }) {
  if (!signature) return null;
  const inputs = signature.inputs.map(({ title: _, ...input }) => ({
    ...input,
    lazy: false,
    link_only: input.widget === null,
    traits: {},
    advice: [],
  }));
  const outputs = signature.outputs.map(({ name, type, doc }) => ({ name, type, doc, traits: {} }));
  return workflowType(name, { title, description, inputs, outputs });
}

/**
 * Answers what fits and what is drawn how, each question once.
 *
 * @param {TypesView} table
 * @param {ReadonlyMap<string, NodeType>} types
 */
function createRules(table, types) {
  /** @type {Supertypes} */
  const supertypes = new Map(table.types.map((type) => [type.name, type.supertypes]));
  const colors = new Map([
    ...BUILTIN_COLORS,
    ...table.types.map(({ name, color }) => /** @type {const} */ ([name, color])),
  ]);
  /** @type {Map<string, Fit>} */
  const decided = new Map();
  return {
    supertypes,
    /**
     * @param {string} source
     * @param {string} target
     * @returns {Fit}
     */
    fits: (source, target) => {
      const key = `${source}>${target}`;
      const found = decided.get(key) ?? decide(parseType(source), parseType(target), types, supertypes);
      decided.set(key, found);
      return found;
    },
    /** @param {string} text */
    color: (text) => {
      let type = withoutNull(parseType(text));
      while (type.kind === "list") type = withoutNull(type.item);
      return colors.get(type.text) ?? OTHER_COLOR;
    },
  };
}

/**
 * @param {SocketType} source
 * @param {SocketType} target
 * @param {ReadonlyMap<string, NodeType>} types
 * @param {Supertypes} supertypes
 * @returns {Fit}
 */
function decide(source, target, types, supertypes) {
  const allowed = fits(source, target, supertypes);
  if (allowed) return { fits: true, rule: allowed.rule };
  /** @type {Conversion[] | undefined} */
  let found;
  return {
    fits: false,
    reason: refusal(source, target),
    // Looked for when somebody asks: while a link is dragged, hundreds of sockets refuse it.
    get conversions() {
      return (found ??= conversions(source, target, types.values(), supertypes));
    },
  };
}

/**
 * Keeps the words of choices, which are loaded when they are first asked for.
 *
 * @param {(provider: string) => Promise<readonly string[]>} load
 */
function createChoices(load) {
  /** @type {Map<string, { words: Signal<readonly string[] | null>, round: number }>} */
  const offered = new Map();

  /** @param {string} provider */
  const fetchWords = async (provider) => {
    const choice = offered.get(provider) ?? { words: signal(null), round: 0 };
    offered.set(provider, choice);
    const round = ++choice.round;
    try {
      const words = await load(provider);
      if (round === choice.round) choice.words.value = words;
    } catch {
      // Without the words a choice is entered as text; asking again tries again.
      choice.round = 0;
    }
  };

  return {
    /**
     * @param {string} provider
     * @returns {ReadonlySignal<readonly string[] | null>}
     */
    choices: (provider) => {
      const choice = offered.get(provider);
      if (!choice || (choice.words.peek() === null && choice.round === 0)) fetchWords(provider);
      return /** @type {{ words: Signal<readonly string[] | null> }} */ (offered.get(provider)).words;
    },
    reload: () => offered.keys().forEach((provider) => fetchWords(provider)),
  };
}
