/**
 * Every open document as it stands, kept in this browser: it survives reloads, crashes and the absence of the server.
 *
 * Each page has its own drafts. Those of pages that are gone become the drafts of the next page that starts.
 * Documents are written whole: for one of 500 nodes that holds the page up for 5 ms, at most every 0.2 s.
 */

import { signal } from "@preact/signals";

import { randomId } from "./random.js";
import { onceQuiet } from "./pacing.js";

/**
 * @import { Edit, WorkflowDocument } from "../interfaces.d.ts"
 * @import { Part } from "./parts.js"
 * @import { Presence } from "./presence.js"
 * @import { Names } from "./renamings.js"
 */

const DATABASE = "weft";
const HEADS = "drafts";
const PARTS = "draft-parts";
/** Milliseconds after a change until it is written: after the last one, and at most. */
const WRITE = { quiet: 200, most: 800 };

/**
 * @typedef {object} Head What is known of a draft besides its documents.
 * @property {string} id Of its tab.
 * @property {string} session Of the page that has it.
 * @property {number} order Where its tab stands among others.
 * @property {string | null} name
 * @property {number} revision
 * @property {Part | null} part
 * @property {{ x: number, y: number, zoom: number } | null} place
 * @property {readonly string[]} jobs Those that its tab showed, the newest last.
 * @property {Names} names Nodes that were renamed since those were submitted.
 * @property {number} closedAt Milliseconds since 1970; 0 where its tab is open.
 */

/**
 * @typedef {object} Parts What can be large, each written only when it changed.
 * @property {WorkflowDocument} document
 * @property {WorkflowDocument} saved The document as the server has it.
 * @property {{ entries: readonly Edit[], position: number }} past
 */

/** @typedef {Head & Parts} Draft */

/** @typedef {Awaited<ReturnType<typeof openDrafts>>} Drafts */

/**
 * Opens the drafts of this page, and takes over those of pages that are gone.
 *
 * @param {Presence} presence
 * @param {{ factory?: IDBFactory }} [options]
 */
export const openDrafts = async ({ id: session, alive, isNew }, { factory = indexedDB } = {}) => {
  /** @type {import("@preact/signals").Signal<unknown>} */
  const fault = signal(null);
  const database = await openDatabase(factory).catch((error) => {
    fault.value = error;
    return null;
  });
  const restored = database ? await readDrafts(database, session, isNew ? alive : null) : [];
  /** @type {Map<string, Head>} */
  const heads = new Map(restored.map(({ document: _, saved: __, past: ___, ...head }) => [head.id, head]));
  const writer = createWriter(database, heads, fault);

  return {
    /** The drafts as they were when the page was loaded, in their order; those of closed tabs among them. */
    restored,
    /** Why drafts cannot be kept; null where they can. */
    fault,
    /**
     * Keeps a draft or what changed of it.
     *
     * @param {string} id
     * @param {Partial<Omit<Draft, "id" | "session">>} changes
     */
    keep: (id, { document, saved, past, ...head }) => {
      heads.set(id, { ...(heads.get(id) ?? emptyHead(id, session)), ...head });
      const parts = Object.entries({ document, saved, past }).filter(([, part]) => part !== undefined);
      writer.put(id, Object.fromEntries(parts));
    },
    /** Drops a draft. @param {string} id */
    forget: (id) => {
      heads.delete(id);
      writer.put(id, null);
    },
    /** @param {string} tab */
    jobsOf: (tab) => heads.get(tab)?.jobs ?? [],
    /** @param {string} tab */
    namesOf: (tab) => heads.get(tab)?.names ?? {},
    /** @param {string} tab @param {readonly string[]} jobs @param {Names} [names] */
    keepJobs: (tab, jobs, names = {}) => {
      const head = heads.get(tab);
      if (!head) return;
      heads.set(tab, { ...head, jobs, names });
      writer.put(tab, {});
      // Which run is whose is known here alone.
      writer.hurry();
    },
    flush: writer.flush,
    close: () => {
      writer.close();
      database?.close();
    },
  };
};

/**
 * Makes what writes drafts a moment after they changed, and at once where the page may go.
 *
 * @param {IDBDatabase | null} database
 * @param {Map<string, Head>} heads
 * @param {import("@preact/signals").Signal<unknown>} fault
 */
const createWriter = (database, heads, fault) => {
  /** @type {Map<string, Partial<Parts> | null>} What is to be written; null for a draft that is to go. */
  let waiting = new Map();

  const write = async () => {
    if (!database || !waiting.size) return;
    const writing = waiting;
    waiting = new Map();
    try {
      await writeDrafts(database, heads, writing);
      fault.value = null;
    } catch (error) {
      fault.value ??= error;
      // What could not be written now, as on a full disk, is tried again with the next change.
      for (const [id, parts] of writing) waiting.set(id, parts && { ...parts, ...waiting.get(id) });
    }
  };
  const soon = onceQuiet(write, WRITE);
  globalThis.addEventListener("pagehide", soon.flush);
  globalThis.document?.addEventListener("visibilitychange", soon.flush);

  return {
    /** Has a draft written; null for one that is to go. @param {string} id @param {Partial<Parts> | null} parts */
    put: (id, parts) => {
      waiting.set(id, parts && { ...waiting.get(id), ...parts });
      soon();
    },
    hurry: soon.flush,
    /** Writes at once what is to be written. */
    flush: async () => {
      soon.cancel();
      await write();
    },
    close: () => {
      soon.cancel();
      globalThis.removeEventListener("pagehide", soon.flush);
      globalThis.document?.removeEventListener("visibilitychange", soon.flush);
    },
  };
};

/** @param {string} id @param {string} session @returns {Head} */
const emptyHead = (id, session) => ({
  id,
  session,
  order: 0,
  name: null,
  revision: 0,
  part: null,
  place: null,
  jobs: [],
  names: {},
  closedAt: 0,
});

/** @param {IDBFactory} factory @returns {Promise<IDBDatabase>} */
const openDatabase = async (factory) => {
  const opening = factory.open(DATABASE, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(HEADS, { keyPath: "id" });
    opening.result.createObjectStore(PARTS);
  };
  return await answerOf(opening);
};

/**
 * @param {IDBDatabase} database
 * @param {Map<string, Head>} heads
 * @param {Map<string, Partial<Parts> | null>} writing
 */
const writeDrafts = (database, heads, writing) => {
  const change = database.transaction([HEADS, PARTS], "readwrite");
  const [headStore, partStore] = [change.objectStore(HEADS), change.objectStore(PARTS)];
  for (const [id, parts] of writing) {
    const head = heads.get(id);
    if (parts && head) putDraft(headStore, partStore, head, parts);
    else removeDraft(headStore, partStore, id);
  }
  const ended = endOf(change);
  // A page that is left at this moment has no time left in which it could be committed by itself.
  change.commit();
  return ended;
};

/**
 * Reads the drafts of a page, after those of pages that are gone became its own.
 *
 * @param {IDBDatabase} database
 * @param {string} session
 * @param {ReadonlySet<string> | null} alive The pages that are there; null where nothing is taken over.
 * @returns {Promise<Draft[]>}
 */
const readDrafts = async (database, session, alive) => {
  const change = database.transaction([HEADS, PARTS], "readwrite");
  const ended = endOf(change);
  const [headStore, partStore] = [change.objectStore(HEADS), change.objectStore(PARTS)];
  /** @type {Head[]} */
  const all = await answerOf(headStore.getAll());
  const free = all.filter((head) => head.session === session || (alive !== null && !alive.has(head.session)));
  const parts = await Promise.all(free.map(({ id }) => readParts(partStore, id)));
  // A page that only slept goes on with its draft, and this one with a copy under another name.
  const names = new Map(free.map(({ id, session: other }) => [id, other === session ? id : randomId()]));
  const mine = free.map((head, place) => {
    if (head.session === session) return { ...head, ...parts[place] };
    const part = head.part && { ...head.part, tab: names.get(head.part.tab) ?? head.part.tab };
    const taken = { ...head, id: names.get(head.id) ?? head.id, session, part };
    removeDraft(headStore, partStore, head.id);
    putDraft(headStore, partStore, taken, parts[place]);
    return { ...taken, ...parts[place] };
  });
  await ended;
  return /** @type {Draft[]} */ (mine.filter((draft) => draft.document)).sort((a, b) => a.order - b.order);
};

/** @param {IDBObjectStore} heads @param {IDBObjectStore} parts @param {Head} head @param {Partial<Parts>} changed */
const putDraft = (heads, parts, head, changed) => {
  heads.put(head);
  for (const [name, part] of Object.entries(changed)) parts.put(part, [head.id, name]);
};

/** @param {IDBObjectStore} heads @param {IDBObjectStore} parts @param {string} id */
const removeDraft = (heads, parts, id) => {
  heads.delete(id);
  parts.delete(partsOf(id));
};

/** @param {string} id */
const partsOf = (id) => IDBKeyRange.bound([id], [id, []]);

/** @param {IDBObjectStore} store @param {string} id @returns {Promise<Partial<Parts>>} */
const readParts = async (store, id) => {
  const range = partsOf(id);
  const [keys, parts] = await Promise.all([answerOf(store.getAllKeys(range)), answerOf(store.getAll(range))]);
  return Object.fromEntries(keys.map((key, place) => [/** @type {string[]} */ (key)[1], parts[place]]));
};

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const answerOf = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransaction} change @returns {Promise<void>} */
const endOf = (change) =>
  new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onabort = change.onerror = () => reject(change.error);
  });
