/** The open documents: opened, closed, brought back, and saved over nothing but what they were read from. */

import { batch, computed, effect, signal } from "@preact/signals";

import { emptyDocument } from "../model/document.js";
import { takeOut } from "../model/edits/carried.js";
import { createHistory } from "../model/history.js";
import { isSameDocument } from "../model/sameness.js";
import { createSelection } from "../model/selection.js";
import { eachTab } from "./each_tab.js";
import { apiFault } from "./fault.js";
import { findPart, putPartBack } from "./parts.js";
import { randomId } from "./random.js";
import { fetchSaved, saveTab } from "./saving.js";
import { withoutAdded } from "./submission.js";

/**
 * @import { Tab, Tabs, WorkflowDocument } from "../interfaces.d.ts"
 * @import { Api } from "./api.js"
 * @import { Draft, Drafts } from "./drafts.js"
 */

const CURRENT = "weft.tab";
const MOST_CLOSED = 10;

/**
 * Makes the tabs of a page: those of its drafts, or one with an empty document.
 *
 * @param {Api} api
 * @param {Drafts} drafts
 * @param {{ storage?: Pick<Storage, "getItem" | "setItem"> }} [options]
 * @returns {Tabs}
 */
export const createTabs = (api, drafts, { storage = sessionStorage } = {}) => {
  const { all, current, show, add, drop } = createRow(drafts, storage);
  const closed = createClosed(drafts);
  keepDrafts(all, drafts);

  /** @type {Tabs["open"]} */
  const open = (document, { name = null, revision = 0 } = {}) =>
    // What a job or a picture carries holds the outputs that were added to show pictures.
    add(tabOf({ document: withoutAdded(document), name, revision }));
  /** @param {string} id @param {Tab} [successor] */
  const close = (id, successor) => {
    const tab = drop(id, successor);
    if (!tab) return;
    if (isUntouched(tab)) drafts.forget(id);
    else closed.put(tab);
  };
  return {
    all,
    current,
    open,
    openSaved: createOpening(api, { all, show, open }),
    openPart: (tab, workflow) => openPart({ all, show, add, close }, tab, workflow),
    putBack: (tab) => putPartBack(all.peek(), tab),
    show,
    close: (id) => close(id),
    reopen: () => {
      const draft = closed.take();
      if (!draft) return false;
      const tab = add(tabOf(draft));
      drafts.keep(tab.id, { closedAt: 0 });
      return true;
    },
    // What is here stays among the closed tabs, from which it can be brought back.
    save: (tab, name) => saveTab(api, tab, name, (theirs) => close(tab.id, tabOf(theirs))),
  };
};

/**
 * Makes the row of open tabs, of which one is in front.
 *
 * @param {Drafts} drafts
 * @param {Pick<Storage, "getItem" | "setItem">} storage
 */
const createRow = (drafts, storage) => {
  const restored = drafts.restored.filter((draft) => !draft.closedAt).map(tabOf);
  const [untouched, used] = [restored.filter(isUntouched), restored.filter((tab) => !isUntouched(tab))];
  for (const { id } of untouched) drafts.forget(id);
  /** @type {import("@preact/signals").Signal<readonly Tab[]>} */
  const all = signal(used.length ? used : [tabOf({ document: emptyDocument() })]);
  const currentId = signal(storage.getItem(CURRENT) ?? "");
  const current = computed(() => all.value.find((tab) => tab.id === currentId.value) ?? all.value[0]);
  effect(() => storage.setItem(CURRENT, current.value.id));

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
  /** Takes a tab out of the row, or puts another one in its place. @param {string} id @param {Tab} [successor] */
  const drop = (id, successor) => {
    const place = all.peek().findIndex((tab) => tab.id === id);
    if (place < 0) return null;
    const tab = all.peek()[place];
    const left = all.peek().toSpliced(place, 1, ...(successor ? [successor] : []));
    if (!left.length) left.push(tabOf({ document: emptyDocument() }));
    batch(() => {
      if (current.peek() === tab) show(left[Math.min(place, left.length - 1)].id);
      all.value = left;
    });
    return tab;
  };
  return { all, current, show, add, drop };
};

/** Makes the pile of what was closed. @param {Drafts} drafts */
const createClosed = (drafts) => {
  /** @type {(Partial<Draft> & { document: WorkflowDocument })[]} The last one last. */
  let closed = drafts.restored.filter((draft) => draft.closedAt).sort((a, b) => a.closedAt - b.closedAt);
  return {
    /** @param {Tab} tab */
    put: (tab) => {
      const draft = { ...draftOf(tab), closedAt: Date.now() };
      closed = [...closed, draft];
      drafts.keep(tab.id, draft);
      for (const old of closed.splice(0, closed.length - MOST_CLOSED)) drafts.forget(old.id ?? "");
    },
    take: () => closed.pop(),
  };
};

/**
 * Makes what opens saved workflows. Whoever asks for the same one meanwhile, as by a second click, gets the same tab.
 *
 * @param {Api} api
 * @param {Pick<Tabs, "all" | "show" | "open">} row
 * @returns {Tabs["openSaved"]}
 */
const createOpening = (api, { all, show, open }) => {
  /** @type {Map<string, Promise<Tab>>} */
  const opening = new Map();
  /** @param {string} name */
  const fetchAndOpen = async (name) => {
    const there = () => all.peek().find((tab) => tab.name.peek() === name);
    const found = there() ? null : await fetchSaved(api, name);
    // It may have been opened in another way while it was being fetched.
    const known = there();
    if (known) show(known.id);
    else if (!found) {
      throw apiFault({ code: "workflow-unknown", status: 404, message: `There is no ${name}.` });
    }
    return known ?? open(found?.document ?? emptyDocument(), found ?? {});
  };
  return (name) => {
    const opened = opening.get(name) ?? fetchAndOpen(name).finally(() => opening.delete(name));
    opening.set(name, opened);
    return opened;
  };
};

/**
 * Shows a workflow that the document of a tab carries. A tab that has it already is shown, unless the document carries
 * another one by now, as after undo.
 *
 * @param {Pick<ReturnType<typeof createRow>, "all" | "show" | "add"> & { close: (id: string, successor: Tab) => void }} row
 * @param {Tab} home
 * @param {string} workflow
 */
const openPart = ({ all, show, add, close }, home, workflow) => {
  const document = takeOut(home.history.document.peek(), workflow);
  const part = { tab: home.id, workflow };
  const known = findPart(all.peek(), part);
  if (!document) return known ?? null;
  if (!known) return add(tabOf({ document, part }));
  const isTheSame = known.isDirty.peek() || isSameDocument(known.saved.peek(), document);
  const shown = isTheSame ? known : tabOf({ document, part });
  if (shown !== known) close(known.id, shown);
  show(shown.id);
  return shown;
};

/**
 * @param {Partial<Draft> & { document: WorkflowDocument }} draft
 * @returns {Tab}
 */
const tabOf = (
  { id = randomId(), document, saved = document, name = null, revision = 0, part = null, past, place = null },
) => {
  const history = createHistory(document, past);
  const asSaved = signal(saved);
  return {
    id,
    name: signal(name),
    revision: signal(revision),
    part: signal(part),
    history,
    saved: asSaved,
    isDirty: computed(() => !isSameDocument(history.document.value, asSaved.value)),
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
  part: tab.part.value,
  place: tab.place.value,
  document: tab.history.document.value,
  saved: tab.saved.value,
  past: pastOf(tab),
});

/** @param {Tab} tab */
const isUntouched = (tab) =>
  tab.name.peek() === null && tab.part.peek() === null && tab.history.entries.peek().length === 0 &&
  Object.keys(tab.history.document.peek().nodes).length === 0;

/**
 * Has every change of every tab kept, each part of it only when that changed.
 *
 * @param {import("@preact/signals").ReadonlySignal<readonly Tab[]>} all
 * @param {Drafts} drafts
 */
const keepDrafts = (all, drafts) => {
  eachTab(all, (tab) => keepDraft(tab, drafts));
  effect(() => all.value.forEach(({ id }, order) => drafts.keep(id, { order })));
};

/** @param {Tab} tab @param {Drafts} drafts */
const keepDraft = (tab, drafts) => {
  const stops = [
    effect(() => drafts.keep(tab.id, { name: tab.name.value, revision: tab.revision.value })),
    effect(() => drafts.keep(tab.id, { part: tab.part.value })),
    effect(() => drafts.keep(tab.id, { place: tab.place.value })),
    effect(() => drafts.keep(tab.id, { document: tab.history.document.value, past: pastOf(tab) })),
    effect(() => drafts.keep(tab.id, { saved: tab.saved.value })),
  ];
  return () => stops.forEach((stop) => stop());
};
