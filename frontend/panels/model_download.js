/** Getting a model that a workflow asks for and that is not there. */

import { useEffect, useState } from "preact/hooks";
import { downloadOf, readAddress, requestFor } from "../model/model_sources.js";
import { html } from "../ui/html.js";
import { say } from "../ui/texts.js";
import { joined, percent } from "./amounts.js";
import { attempt, faultText } from "./faults.js";

/** @import { Editor } from "../interfaces.d.ts" */
/** @import { PullView } from "../types.d.ts" */

/** Milliseconds between two looks at a download. */
const LOOK_MS = 1000;

/**
 * Asks where a model can be got, and loads it. What was loaded from somewhere before is offered from there again;
 * nothing else is known of where a model comes from.
 *
 * @param {Editor} editor
 * @param {string} name The model, as the input names it.
 * @param {string} home The folder from which the input names models.
 */
export const showModelDownload = async (editor, name, home) => {
  const known = downloadOf(await editor.api.pulls(), name, home);
  await editor.ui.dialog({
    title: { id: "panels.model.title", with: { name } },
    body: (close) =>
      html`<${ModelDownload} editor=${editor} name=${name} home=${home} known=${known} close=${() =>
        close(null)} />`,
  });
};

/** @param {{ editor: Editor, name: string, home: string, known: PullView | null, close: () => void }} props */
const ModelDownload = ({ editor, name, home, known, close }) => {
  const [pull, setPull] = useState(known && isUnderWay(known) ? known : null);
  const [text, setText] = useState(known?.repo ?? "");
  const address = readAddress(text);
  useEffect(() => pull && isUnderWay(pull) ? watch(editor, pull, setPull) : undefined, [pull]);
  /** @param {SubmitEvent} event */
  const begin = async (event) => {
    event.preventDefault();
    if (!address) return;
    const again = known?.repo === address.repo && !address.file
      ? { repo: known.repo, revision: known.revision, folder: known.folder, files: known.files.map(pathOf) }
      : requestFor(name, home, address);
    setPull(await attempt(editor, () => editor.api.pull(again)));
  };
  if (pull && pull.state !== "failed" && pull.state !== "cancelled") {
    return html`<${Progress} editor=${editor} pull=${pull} close=${close} />`;
  }
  return html`<form class="many-runs" onSubmit=${begin}>
    <p>${say(known ? "panels.model.known" : "panels.model.unknown")}</p>
    <label>${say("panels.model.where")}
      <input type="text" autofocus value=${text} placeholder="owner/model" onInput=${(
    /** @type {Event} */ event,
  ) => setText(/** @type {HTMLInputElement} */ (event.target).value)} />
    </label>
    ${text && !address && html`<p class="fault" role="alert">${say("panels.model.refused")}</p>`}
    ${pull?.state === "failed" && html`<p class="fault" role="alert">${failure(pull)}</p>`}
    <div class="buttons">
      <button type="submit" class="primary" disabled=${!address}>${say("panels.model.download")}</button>
    </div>
  </form>`;
};

/** @param {{ editor: Editor, pull: PullView, close: () => void }} props */
const Progress = ({ editor, pull, close }) => {
  const isDone = pull.state === "succeeded";
  const share = pull.total_bytes ? pull.loaded_bytes / pull.total_bytes : undefined;
  const label = say("panels.model.progress", { repo: pull.repo });
  const stop = () => attempt(editor, () => editor.api.cancelPull(pull.id)).then(close);
  return html`
    <p role="status">${isDone
      ? say("panels.model.done", { files: pull.files.map(({ target }) => target).join(", ") })
      : label}</p>
    ${!isDone && html`
      <progress max="1" value=${share} aria-label=${label}></progress>
      <p class="line-note">${joined(share !== undefined && percent(share), say("panels.model.goes-on"))}</p>
    `}
    <div class="buttons">
      ${!isDone && html`<button type="button" onClick=${stop}>${say("panels.model.stop")}</button>`}
      <button type="button" class="primary" onClick=${close}>${say("panels.model.close")}</button>
    </div>
  `;
};

/**
 * Looks at a download a moment later.
 *
 * @param {Editor} editor
 * @param {PullView} pull
 * @param {(now: PullView) => void} tell
 */
const watch = ({ api }, pull, tell) => {
  let isOver = false;
  const look = async () => {
    // A server that is away for a moment goes on with the download when it is back.
    const now = await api.showPull(pull.id).catch(() => ({ ...pull }));
    if (!isOver) tell(now);
  };
  const timer = setTimeout(look, LOOK_MS);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
};

/** @param {PullView} pull */
const isUnderWay = ({ state }) => state === "queued" || state === "running";

/** @param {PullView} pull */
const failure = ({ problems: [first] }) => faultText(Object.assign(new Error(first?.message ?? ""), first));

/** @param {PullView["files"][number]} file */
const pathOf = ({ path }) => path;
