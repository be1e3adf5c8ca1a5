/** Templates of the editor: htm, bound to Preact's `h`. */

import htm from "htm";
import { h } from "preact";

/** Makes Preact elements of a template: html`<p class=${name}>${text}</p>`. */
export const html = htm.bind(h);
