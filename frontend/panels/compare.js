/** Two pictures beside each other, and in what the runs that made them differ. */

import { useEffect, useRef, useState } from "preact/hooks";
import { diffInputs } from "../model/diff.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { faultText } from "./faults.js";
import { IconButton } from "./pieces.js";
import { socketLabel } from "../view/labels.js";
import { writeJSON } from "../model/json.js";

/** @import { Editor, ShownPicture, WorkflowDocument } from "../interfaces.d.ts" */

const WAYS = /** @type {const} */ (["slider", "beside", "difference"]);

/**
 * The comparison; nothing until two pictures are chosen.
 *
 * @param {{ editor: Editor }} props
 */
export const Comparison = ({ editor }) => {
  const chosen = editor.desk.comparison.value;
  return chosen?.second &&
    html`<${ComparisonDialog} editor=${editor} first=${chosen.first} second=${chosen.second} />`;
};

/** @param {{ editor: Editor, first: ShownPicture, second: ShownPicture }} props */
const ComparisonDialog = ({ editor, first, second }) => {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [way, setWay] = useState(/** @type {typeof WAYS[number]} */ ("slider"));
  const close = () => editor.desk.comparison.value = null;
  useEffect(() => dialog.current?.showModal(), []);
  return html`
    <dialog class="viewer comparison" ref=${dialog} aria-label=${say(
      "panels.compare.title",
    )} onCancel=${close}>
      <header class="viewer-bar">
        <h2>${say("panels.compare.title")}</h2>
        <div class="segments" role="group" aria-label=${say("panels.compare.way")}>
            ${WAYS.map((name) =>
              html`<button type="button" aria-pressed=${String(way === name)} onClick=${() => setWay(name)}>
          ${say(`panels.compare.${name}`)}
        </button>`
            )}
          </div>
        <span class="gap"></span>
        <${IconButton}
          icon="swap"
          label=${say("panels.compare.swap")}
          onClick=${() => editor.desk.comparison.value = { first: second, second: first }}
        />
        <${IconButton} icon="close" label=${say("ui.close")} onClick=${close} />
      </header>
      <div class="comparison-body">
          ${way === "slider"
            ? html`<${Slider} first=${first} second=${second} />`
            : html`<${Pair} way=${way} first=${first} second=${second} />`}
          <${Differences} key=${`${first.digest} ${second.digest}`} editor=${editor} first=${first} second=${second} />
        </div>
    </dialog>
  `;
};

/**
 * The second picture over the first; a handle says how much of it is seen.
 *
 * @param {{ first: ShownPicture, second: ShownPicture }} props
 */
const Slider = ({ first, second }) => {
  const [share, setShare] = useState(50);
  return html`
    <div class="compared over slider">
      <img src=${first.url} alt=${say("panels.compare.first")} />
      <img src=${second.url} alt=${say("panels.compare.other")} style=${{
        clipPath: `inset(0 0 0 ${share}%)`,
      }} />
      <span class="slider-line" style=${{ left: `${share}%` }}></span>
      <input
        type="range"
        min="0"
        max="100"
        step="0.5"
        value=${share}
        aria-label=${say("panels.compare.share")}
        onInput=${(/** @type {Event} */ event) =>
          setShare(Number(/** @type {HTMLInputElement} */ (event.target).value))}
      />
    </div>
  `;
};

/** @param {{ way: "beside" | "difference", first: ShownPicture, second: ShownPicture }} props */
const Pair = ({ way, first, second }) =>
  html`
    <div class=${`compared ${way === "beside" ? "beside" : "over difference"}`}>
      <img src=${first.url} alt=${say("panels.compare.first")} />
      <img src=${second.url} alt=${say("panels.compare.other")} />
    </div>
  `;

/** @param {{ editor: Editor, first: ShownPicture, second: ShownPicture }} props */
const Differences = ({ editor, first, second }) => {
  const [found, setFound] = useState(/** @type {ReturnType<typeof diffInputs> | null} */ (null));
  const [fault, setFault] = useState("");
  useEffect(() => {
    const both = [first, second].map(({ digest }) => editor.api.assetWorkflow(digest));
    Promise.all(both).then(([a, b]) => setFound(diffInputs(asDocument(a.workflow), asDocument(b.workflow))))
      .catch((reason) => setFault(faultText(reason)));
  }, []);
  if (fault) return html`<p class="fault" role="alert">${fault}</p>`;
  return html`<section class="differences" aria-label=${say("panels.compare.inputs")}>
    <h3>${say("panels.compare.inputs")}</h3>
    ${found?.length === 0 && html`<p class="nothing">${say("panels.compare.same")}</p>`}
    ${found && found.length > 0 && html`<${DifferenceTable} found=${found} />`}
  </section>`;
};

/** @param {{ found: ReturnType<typeof diffInputs> }} props */
const DifferenceTable = ({ found }) =>
  html`
    <table>
      <thead>
        <tr>
          <th scope="col">${say("panels.compare.input")}</th>
          <th scope="col">${say("panels.compare.first")}</th>
          <th scope="col">${say("panels.compare.other")}</th>
        </tr>
      </thead>
      <tbody>
          ${found.map(({ node, input, before, after }) =>
            html`
              <tr>
                <th scope="row">${socketLabel(input)} <span class="line-note">${node}</span></th>
                <td>${shown(before)}</td>
                <td>${shown(after)}</td>
              </tr>
            `
          )}
        </tbody>
    </table>
  `;

/** @param {unknown} value */
const shown = (value) => value === undefined ? "–" : typeof value === "string" ? value : writeJSON(value);

/** @param {unknown} workflow @returns {WorkflowDocument} */
const asDocument = (workflow) => /** @type {WorkflowDocument} */ (workflow);
