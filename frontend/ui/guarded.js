/** Keeps what a pack draws from breaking what is drawn around it. */

import { Component, h } from "preact";
import { say } from "./texts.js";
import { html } from "./html.js";

/** @import { ComponentType } from "preact" */

/**
 * Wraps a component: where it throws, a sentence stands in its place.
 *
 * @template P
 * @param {ComponentType<P>} inner
 * @param {string} name What it is, for the sentence.
 * @returns {ComponentType<P>}
 */
export const guarded = (inner, name) =>
  class extends Component {
    /** @override @type {{ fault: unknown }} */
    state = { fault: null };

    /** @override @param {unknown} fault */
    static getDerivedStateFromError(fault) {
      return { fault };
    }

    /** @override @param {unknown} fault */
    componentDidCatch(fault) {
      // deno-lint-ignore no-console -- for the author of the pack
      console.warn(`${name} failed.`, fault);
    }

    /** @override */
    render() {
      if (this.state.fault === null) return h(/** @type {any} */ (inner), /** @type {any} */ (this.props));
      return html`<p class="pack-fault" role="alert">${
        say("packs.fault", { name, fault: String(this.state.fault) })
      }</p>`;
    }
  };
