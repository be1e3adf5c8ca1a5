/** The open documents: opened, closed, brought back, and saved over nothing but what they were read from. */

import { batch, computed, effect, signal } from "@preact/signals";

import { emptyDocument, normalize, toJSON } from "../model/document.js";
import { createHistory } from "../model/history.js";
import { equal } from "../model/records.js";
import { createSelection } from "../model/selection.js";
import { tagOf } from "./api.js";
import { apiFault, isApiFault } from "./fault.js";
import { randomId } from "./random.js";
import { withoutAdded } from "./submission.js";

/**
 * @import { ApiFault, SaveConflict, Tab, Tabs, WorkflowDocument } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 * @import { Draft, Drafts } from "./drafts.js"
 */

const CURRENT = "weft.tab";
const MOST_CLOSED = 10;

/**
 * @typedef {object} OpenTab A tab with what keeps its draft.
 * @property {Tab} tab
 * @property {() => void} stop Ends the keeping.
 */

/**
 * Makes the tabs of a page: those of its drafts, or one with an empty document.
 *
 * @param {Api} api
 * @param {Drafts} drafts
 * @param {{ storage?: Pick<Storage, "getItem" | "setItem"> }} [options]
 * @returns {Tabs}
 */
export const createTabs = (api, drafts, { storage = sessionStorage } = {}) => {
  const restored = drafts.restored.filter((draft) => !draft.closedAt).map(tabOf);
  const [untouched, used] = [restored.filter(isUntouched), restored.filter((tab) => !isUntouched(tab))];
  for (const { id } of untouched) drafts.forget(id);
  /** @type {import("@preact/signals").Signal<readonly Tab[]>} */
  const all = signal(used.length ? used : [tabOf({ document: emptyDocument() })]);
  const currentId = signal(storage.getItem(CURRENT) ?? "");
  const current = computed(() => all.value.find((tab) => tab.id === currentId.value) ?? all.value[0]);
  /** @type {(Partial<Draft> & { document: WorkflowDocument })[]} What was closed, the last one last. */
  let closed = drafts.restored.filter((draft) => draft.closedAt).sort((a, b) => a.closedAt - b.closedAt);
  effect(() => storage.setItem(CURRENT, current.value.id));
  keepDrafts(all, drafts);

  /** @param {string} id */
  const show = (id) => {
    currentId.value = id;
  };
  /** @param {Tab} tab */
  const add = (tab) => {
    const here = current.peek();
    batch(() => {
      // A page begins with an empty tab, which has served its turn.
      all.value = [...all.value.filter((other) => other !== here || !isUntouched(here)), tab];
      if (isUntouched(here)) drafts.forget(here.id);
      show(tab.id);
    });
    return tab;
  };
  /** @type {Tabs["open"]} */
  const open = (document, { name = null, revision = 0 } = {}) =>
    // What a job or a picture carries holds the outputs that were added to show pictures.
    add(tabOf({ document: withoutAdded(document), name, revision }));
  /** @param {string} id @param {Tab} [successor] */
  const close = (id, successor) => {
    const place = all.peek().findIndex((tab) => tab.id === id);
    if (place < 0) return;
    const tab = all.peek()[place];
    const left = all.peek().toSpliced(place, 1, ...(successor ? [successor] : []));
    if (!left.length) left.push(tabOf({ document: emptyDocument() }));
    batch(() => {
      if (current.peek() === tab) show(left[Math.min(place, left.length - 1)].id);
      all.value = left;
    });
    if (isUntouched(tab)) {
      drafts.forget(id);
      return;
    }
    closed = [...closed, { ...draftOf(tab), closedAt: Date.now() }];
    drafts.keep(id, closed[closed.length - 1]);
    for (const old of closed.splice(0, closed.length - MOST_CLOSED)) drafts.forget(old.id ?? "");
  };
  /** @param {Tab} tab @param {string} name @param {string | null} over */
  const put = async (tab, name, over) => {
    const document = tab.history.document.peek();
    const answer = await api.saveWorkflow(name, toJSON(document), { over });
    batch(() => {
      tab.name.value = name;
      tab.revision.value = answer.revision;
      // What was changed while the request was under way is not saved yet.
      tab.saved.value = document;
    });
  };
  /** @type {Tabs["save"]} */
  const save = async (tab, name = tab.name.peek() ?? undefined) => {
    if (!name) throw apiFault({ code: "name-missing", message: "The workflow has no name yet." });
    const isOwn = name === tab.name.peek() && tab.revision.peek() > 0;
    try {
      await put(tab, name, isOwn ? tagOf(tab.revision.peek()) : null);
    } catch (fault) {
      if (isApiFault(fault) && fault.status === 412) throw await conflict(tab, name, fault);
      throw fault;
    }
  };
  /** @param {Tab} tab @param {string} name @param {ApiFault} fault @returns {Promise<SaveConflict>} */
  const conflict = async (tab, name, fault) => {
    const theirs = await fetched(api, name);
    const choices = [
      { id: /** @type {const} */ ("copy"), run: (/** @type {string} */ free) => save(tab, free) },
      { id: /** @type {const} */ ("overwrite"), run: () => put(tab, name, theirs?.tag ?? null) },
      ...(theirs
        ? [{
          id: /** @type {const} */ ("theirs"),
          // What is here stays among the closed tabs, from which it can be brought back.
          run: async () => close(tab.id, tabOf(theirs)),
        }]
        : []),
    ];
    return Object.assign(fault, { choices, workflow: name, theirs: theirs?.revision ?? null });
  };
  return {
    all,
    current,
    open,
    openSaved: async (name) => {
      const there = () => all.peek().find((tab) => tab.name.peek() === name);
      const found = there() ? null : await fetched(api, name);
      // It may have been opened a second time while it was being fetched.
      const known = there();
      if (known) show(known.id);
      else if (!found) {
        throw apiFault({ code: "workflow-unknown", status: 404, message: `There is no ${name}.` });
      }
      return known ?? open(found?.document ?? emptyDocument(), found ?? {});
    },
    show,
    close: (id) => close(id),
    reopen: () => {
      const draft = closed.pop();
      if (!draft) return false;
      const tab = add(tabOf(draft));
      drafts.keep(tab.id, { closedAt: 0 });
      return true;
    },
    save,
  };
};

/**
 * @param {Partial<Draft> & { document: WorkflowDocument }} draft
 * @returns {Tab}
 */
const tabOf = (
  { id = randomId(), document, saved = document, name = null, revision = 0, past, place = null },
) => {
  const history = createHistory(document, past);
  const asSaved = signal(saved);
  return {
    id,
    name: signal(name),
    revision: signal(revision),
    history,
    saved: asSaved,
    isDirty: computed(() => !equal(history.document.value, asSaved.value)),
    selection: createSelection(),
    place: signal(place),
  };
};

/** @param {Tab} tab */
const pastOf = ({ history: { entries, position } }) => ({ entries: entries.value, position: position.value });

/** @param {Tab} tab */
const draftOf = (tab) => ({
  id: tab.id,
  name: tab.name.value,
  revision: tab.revision.value,
  place: tab.place.value,
  document: tab.history.document.value,
  saved: tab.saved.value,
  past: pastOf(tab),
});

/** @param {Tab} tab */
const isUntouched = (tab) =>
  tab.name.peek() === null && tab.history.entries.peek().length === 0 &&
  Object.keys(tab.history.document.peek().nodes).length === 0;

/**
 * Fetches what is saved under a name; null where nothing is.
 *
 * @param {Api} api
 * @param {string} name
 */
const fetched = async (api, name) => {
  try {
    const { document, tag, revision } = await api.workflow(name);
    // A template is only read: what is made of it gets a name of its own.
    return { document: normalize(document), tag, revision, name: revision ? name : null };
  } catch (fault) {
    if (isApiFault(fault) && fault.status === 404) return null;
    throw fault;
  }
};

/**
 * Has every change of every tab kept, each part of it only when that changed.
 *
 * @param {import("@preact/signals").ReadonlySignal<readonly Tab[]>} all
 * @param {Drafts} drafts
 */
const keepDrafts = (all, drafts) => {
  /** @type {Map<string, () => void>} */
  const kept = new Map();
  effect(() => {
    const open = new Set(all.value.map((tab) => tab.id));
    for (const [id, stop] of kept) {
      if (open.has(id)) continue;
      stop();
      kept.delete(id);
    }
    all.value.forEach((tab, order) => {
      if (!kept.has(tab.id)) kept.set(tab.id, keepDraft(tab, drafts));
      drafts.keep(tab.id, { order });
    });
  });
};

/** @param {Tab} tab @param {Drafts} drafts */
const keepDraft = (tab, drafts) => {
  const stops = [
    effect(() => drafts.keep(tab.id, { name: tab.name.value, revision: tab.revision.value })),
    effect(() => drafts.keep(tab.id, { place: tab.place.value })),
    effect(() => drafts.keep(tab.id, { document: tab.history.document.value, past: pastOf(tab) })),
    effect(() => drafts.keep(tab.id, { saved: tab.saved.value })),
  ];
  return () => stops.forEach((stop) => stop());
};
