/** The pictures that nodes of a tab made in the runs that it showed. */

import { batch, signal } from "@preact/signals";

import { outermost } from "./node_runs.js";

/**
 * @import { JobView, Picture, WorkflowDocument } from "../interfaces.d.ts"
 * @import { OutputView } from "../types.d.ts"
 */

/** @type {readonly Picture[]} */
const NONE = [];

/**
 * Makes what shows them.
 *
 * @param {object} known
 * @param {(id: string) => JobView | undefined} known.job
 * @param {(id: string) => Promise<WorkflowDocument | null>} known.document What a job runs.
 * @param {(job: string, node: string) => string} known.nameOf What a node of a job is called now.
 */
export const createTabPictures = ({ job, document, nameOf }) => {
  /** @type {Map<string, import("@preact/signals").Signal<readonly Picture[]>>} */
  const pictures = new Map();
  /** @type {Map<string, readonly Picture[]>} What was made at each socket. */
  let made = new Map();
  let lookings = 0;

  /** Looks for what jobs made; of two pictures at a socket that of the later job stays. @param {readonly string[]} trail */
  const look = async (trail) => {
    const mine = ++lookings;
    const outputs = trail.map((id) => job(id)?.outputs.filter(isPicture) ?? []);
    const workflows = await Promise.all(
      trail.map((id, place) => outputs[place].length ? document(id) : null),
    );
    if (mine !== lookings) return;
    made = new Map(
      trail.flatMap((id, place) => [
        ...picturesOf(id, outputs[place], workflows[place], (node) => nameOf(id, node)),
      ]),
    );
    batch(() => pictures.forEach(putPictures));
  };
  /** @param {import("@preact/signals").Signal<readonly Picture[]>} list @param {string} node */
  const putPictures = (list, node) => {
    const mine = [...made].filter(([socket]) => outermost(socket.split(".", 1)[0]) === node)
      .flatMap(([, shown]) => shown);
    const before = list.peek();
    const isEqual = mine.length === before.length &&
      mine.every((picture, place) =>
        picture.digest === before[place].digest && picture.job === before[place].job
      );
    if (!isEqual) list.value = mine.length ? mine : NONE;
  };
  /** @param {string} node */
  const of = (node) => {
    const known = pictures.get(node);
    if (known) return known;
    /** @type {import("@preact/signals").Signal<readonly Picture[]>} */
    const list = signal(NONE);
    pictures.set(node, list);
    putPictures(list, node);
    return list;
  };
  return { look, of };
};

/** @param {OutputView} output */
const isPicture = ({ asset }) => asset?.media_type.startsWith("image/") ?? false;

/**
 * @param {string} job
 * @param {readonly OutputView[]} outputs
 * @param {WorkflowDocument | null} workflow
 * @param {(node: string) => string} nameOf What a node of the job is called now.
 * @returns {Map<string, Picture[]>}
 */
const picturesOf = (job, outputs, workflow, nameOf) => {
  /** @type {Map<string, Picture[]>} */
  const found = new Map();
  for (const { output, index, asset } of workflow ? outputs : []) {
    // A wanted node has outputs that are called as its sockets are.
    const [node, ...names] = (workflow?.outputs[output]?.from ?? output).split(".");
    const socket = [node.replace(/^[^/]+/, nameOf), ...names].join(".");
    if (!asset) continue;
    const { digest, url, thumbnail_url, width, height } = asset;
    const picture = { digest, socket, index, width, height, url, thumbnail: thumbnail_url ?? url, job };
    found.set(socket, [...found.get(socket) ?? [], picture]);
  }
  return found;
};
