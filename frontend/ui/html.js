/** Templates of the editor: html`<p class=${name}>${text}</p>` makes Preact elements. */

export { html } from "htm/preact";
