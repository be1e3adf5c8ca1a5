/** What things are called where people see them. */

import { say } from "../ui/texts.js";

/** @import { NodeType, Tab, WorkflowDocument } from "../interfaces.d.ts" */

/** Gives what an open document is called. @param {Tab} tab */
export const tabTitle = (tab) => tab.history.document.value.title || tab.name.value || say("panels.untitled");

/**
 * Gives what a node is called: its own title, else that of its type, else its type's name.
 *
 * @param {WorkflowDocument} document
 * @param {string} node
 * @param {NodeType} [type]
 */
export const nodeTitle = (document, node, type) =>
  document.view.nodes[node]?.title || type?.title || document.nodes[node]?.type || node;
