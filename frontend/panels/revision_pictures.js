/** The picture that each revision of a workflow made last, as far as its jobs are still known. */

import { normalize } from "../model/document.js";
import { equal, own } from "../model/records.js";
import { picturesOf } from "./shown_pictures.js";

/** @import { Editor, JobView, WorkflowDocument } from "../interfaces.d.ts" */
/** @import { RevisionView } from "../types.d.ts" */

/** Revisions and jobs that are looked into at most, the newest of each. */
const MOST_REVISIONS = 30;
const MOST_JOBS = 40;

/**
 * Finds the pictures, the newest first, and tells of each as it is found.
 *
 * @param {Pick<Editor, "api" | "runs">} editor
 * @param {string} name The workflow.
 * @param {readonly RevisionView[]} revisions
 * @param {(found: ReadonlyMap<number, string>) => void} tell Is given the small pictures by revision.
 * @returns {() => void} Stops the search.
 */
export const findRevisionPictures = ({ api, runs }, name, revisions, tell) => {
  let isStopped = false;
  const search = async () => {
    const kept = revisions.filter(({ deleted }) => !deleted).slice(0, MOST_REVISIONS);
    const documents = new Map(
      await Promise.all(
        kept.map(async (
          { revision },
        ) => /** @type {const} */ ([
          revision,
          normalize(/** @type {any} */ (await api.revision(name, revision))),
        ])),
      ),
    );
    const names = new Set([name, ...documents.values().map(({ title }) => title ?? "")]);
    /** @type {Map<number, string>} */
    const found = new Map();
    for (const job of runs.jobs.peek().filter((one) => isTelling(one, names)).slice(0, MOST_JOBS)) {
      if (isStopped || found.size === documents.size) return;
      // deno-lint-ignore no-await-in-loop -- most often the first few jobs tell of all revisions
      const made = normalize(/** @type {any} */ ((await api.jobDocument(job.id)).workflow));
      for (const [revision, document] of documents) {
        if (!found.has(revision) && isMadeOf(made, document)) {
          found.set(revision, picturesOf(job)[0].thumbnail);
        }
      }
      if (!isStopped) tell(new Map(found));
    }
  };
  // Where the server does not answer there are no pictures, and all else of the list works.
  search().catch(() => {});
  return () => {
    isStopped = true;
  };
};

/**
 * Tells whether a job has pictures that show what its document makes: values from outside would make others.
 *
 * @param {JobView} job
 * @param {ReadonlySet<string>} names
 */
const isTelling = (job, names) =>
  names.has(job.name) && Object.keys(job.inputs).length === 0 && picturesOf(job).length > 0;

/**
 * Tells whether what a job ran is a document. Where things lay and what they were called made no difference, and the
 * server adds the saved workflows that are used.
 *
 * @param {WorkflowDocument} made
 * @param {WorkflowDocument} document
 */
export const isMadeOf = (made, document) =>
  equal(made.nodes, document.nodes) &&
  Object.entries(document.workflows ?? {}).every(([name, { nodes }]) =>
    equal(own(made.workflows ?? {}, name)?.nodes, nodes)
  );
