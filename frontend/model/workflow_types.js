/** Workflows as types of nodes. */

/** @import { NodeType } from "../interfaces.d.ts" */

/** What begins the type of a node that is a workflow. */
export const WORKFLOW_PREFIX = "workflow:";

/**
 * Gives the type of the nodes that stand for a workflow.
 *
 * @param {string} name
 * @param {{ title?: string, description?: string } & Pick<NodeType, "inputs" | "outputs">} workflow
 * @returns {NodeType}
 */
export const workflowType = (name, { title, description = "", inputs, outputs }) => ({
  type: `${WORKFLOW_PREFIX}${name}`,
  version: 1,
  title: title || name,
  category: "workflow",
  summary: /^.*?[.!?](?=\s|$)/s.exec(description)?.[0] ?? description,
  doc: description,
  inputs,
  outputs,
  // The server unfolds a workflow before it runs it: all that follows is said by the nodes inside.
  pure: true,
  lane: "inline",
  sink: false,
  is_async: false,
  streams: false,
  has_fingerprint: false,
  pack: "",
  code_digest: "",
  values: {},
});

/**
 * Gives the workflow that a type of nodes stands for.
 *
 * @param {string} type
 * @returns {string | null} Its name; null for any other type.
 */
export const workflowOf = (type) =>
  type.startsWith(WORKFLOW_PREFIX) ? type.slice(WORKFLOW_PREFIX.length) : null;
