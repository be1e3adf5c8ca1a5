/** Lays out one graph beside the page; `layoutAside` in `layout.js` starts it. */

import { layout } from "./layout.js";

self.onmessage = ({ data }) => self.postMessage(layout(data.nodes, data.links));
