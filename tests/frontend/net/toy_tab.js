/** A tab of a document that makes two pictures. */

import { signal } from "@preact/signals";

import { normalize } from "../../../frontend/model/document.js";
import { createHistory } from "../../../frontend/model/history.js";
import { createSelection } from "../../../frontend/model/selection.js";

/** @import { Tab } from "../../../frontend/interfaces.d.ts" */

export const toyDocument = normalize({
  weft: 1,
  title: "Toy",
  outputs: { result: { from: "scale.image" } },
  nodes: {
    make: { type: "toy.picture" },
    scale: { type: "toy.scale", inputs: { image: { from: "make.image" } } },
    other: { type: "toy.picture" },
  },
});

/** @param {string} [id] @returns {Tab} */
export const toyTab = (id = "tab") => ({
  id,
  name: signal(null),
  revision: signal(0),
  part: signal(null),
  history: createHistory(toyDocument),
  saved: signal(toyDocument),
  isDirty: signal(false),
  selection: createSelection(),
  place: signal(null),
});
