/** What the page loads: the editor, and its door for packs, which share its modules. */

import "./app.js";

export * from "./plugin.js";
