/** Nodes that were renamed since a job was submitted: what is known of them from the job goes on under their new names. */

/** @import { Op } from "../interfaces.d.ts" */
/** @typedef {Record<string, Record<string, string>>} Names What nodes are called now, by job and by their names there. */

/** @typedef {ReturnType<typeof createRenamings>} Renamings */

/**
 * Makes what remembers renamed nodes.
 *
 * @param {Names} [kept] What was remembered before the page was loaded.
 */
export const createRenamings = (kept = {}) => {
  const names = new Map(Object.entries(kept).map(([job, known]) => [job, new Map(Object.entries(known))]));

  /** What a node of a job is called now. @param {string} job @param {string} node */
  const now = (job, node) => names.get(job)?.get(node) ?? node;
  /** What a node was called in a job. @param {string} job @param {string} node */
  const then = (job, node) => names.get(job)?.entries().find(([, name]) => name === node)?.[0] ?? node;
  return {
    now,
    then,
    /**
     * Renames a node in what is known of jobs. The two names change places, so that renaming it back undoes that.
     *
     * @param {readonly string[]} jobs
     * @param {string} from
     * @param {string} to
     */
    rename: (jobs, from, to) => {
      for (const job of jobs) {
        const [one, other] = [then(job, from), then(job, to)];
        names.set(job, new Map([...names.get(job) ?? [], [one, to], [other, from]]));
      }
      for (const job of names.keys()) if (!jobs.includes(job)) names.delete(job);
    },
    /** @returns {Names} */
    toJSON: () => Object.fromEntries(names.entries().map(([job, known]) => [job, Object.fromEntries(known)])),
  };
};

/**
 * Lists the nodes that an op renames, in order.
 *
 * @param {Op} op
 * @returns {[from: string, to: string][]}
 */
export const renamesIn = (op) => {
  if (op.op === "together") return op.ops.flatMap(renamesIn);
  return op.op === "rename-node" ? [[op.node, op.name]] : [];
};
