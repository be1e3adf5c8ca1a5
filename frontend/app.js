/** Starts the editor in its page. */

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { createEditor, readInstalled } from "./editor.js";
import { createApi } from "./net/api.js";
import { openDrafts } from "./net/drafts.js";
import { isApiFault } from "./net/fault.js";
import { claimSession } from "./net/presence.js";
import { createSession } from "./net/session.js";
import { createStream } from "./net/stream.js";
import { Shell } from "./panels/shell.js";
import { open } from "./plugin.js";
import { html } from "./ui/html.js";
import { listenForKeys } from "./ui/keymap.js";
import { createSettings } from "./ui/settings.js";
import { say } from "./ui/texts.js";
import { createTheme } from "./ui/theme.js";
import { createUi } from "./ui/ui.js";
import { Palette } from "./view/palette.js";

/** @import { Editor } from "./interfaces.d.ts" */
/** @import { Api } from "./net/api.js" */
/** @typedef {{ phase?: string, fault?: string }} Progress */

/** Milliseconds between two questions to a server that does not yet know what is installed. */
const ASK_AGAIN_MS = 500;

const start = async () => {
  const app = /** @type {HTMLElement} */ (document.getElementById("app"));
  const settings = createSettings();
  createTheme(settings);
  const ui = createUi(document.body.appendChild(document.createElement("div")));
  const api = createApi();
  const stream = createStream(api);
  const canvas = document.createElement("div");
  canvas.id = "canvas";

  const progress = signal(/** @type {Progress} */ ({}));
  render(html`<${Waiting} progress=${progress} />`, app);
  const session = createSession(api);
  await letIn(session, ui);
  const installed = await untilInstalled(api, progress);
  // Asked for last: a page that is loaded again needs what the page before it only just lets go.
  const drafts = await openDrafts(await claimSession());
  const editor = createEditor({ api, stream, settings, ui, installed, drafts }, canvas);
  render(
    html`
      <${Shell} editor=${editor} canvas=${canvas} />
      <${Palette} editor=${editor} />
    `,
    app,
  );
  listenForKeys(globalThis, editor.commands);
  stream.start();
  // The session that ended took the connection with it.
  effect(() => {
    if (!session.isLocked.value && stream.connection.peek() === "locked") stream.reconnect();
  });
  open(editor);
  loadPacks(editor);
};

/**
 * Asks for a token as long as the server lets nobody in without one, now and whenever it does so again.
 *
 * @param {import("./net/session.js").Session} session
 * @param {import("./interfaces.d.ts").Ui} ui
 */
const letIn = async (session, ui) => {
  await session.start();
  const ask = async () => {
    /** @type {import("./interfaces.d.ts").Words} */
    let words = { id: "session.token" };
    while (session.isLocked.peek()) {
      // deno-lint-ignore no-await-in-loop -- one answer after the other
      const token = await ui.ask(words, { action: { id: "session.enter" } });
      // deno-lint-ignore no-await-in-loop
      if (token) await session.enter(token).catch((fault) => (words = refusal(fault)));
    }
  };
  await ask();
  effect(() => void (session.isLocked.value && ask()));
};

/** @param {unknown} fault @returns {import("./interfaces.d.ts").Words} */
const refusal = (fault) => ({
  id: "session.refused",
  with: { fault: isApiFault(fault) ? fault.message : String(fault) },
});

/**
 * Waits until the server knows what is installed, and reads it: at its very first start a worker has to find out.
 *
 * @param {Api} api
 * @param {import("@preact/signals").Signal<Progress>} progress
 */
const untilInstalled = async (api, progress) => {
  // Nearly always it does; whatever the fault is otherwise, it is thrown when all is read again.
  const installed = await readInstalled(api).catch(() => null);
  if (installed) return installed;
  while (true) {
    // deno-lint-ignore no-await-in-loop -- one question after the other
    const { ready, workers } = await api.readiness();
    // The catalogue of last time is enough to begin with.
    // deno-lint-ignore no-await-in-loop
    if (ready || await api.types().then(() => true, () => false)) return await readInstalled(api);
    progress.value = { phase: workers.map((worker) => worker.phase).find((found) => found) ?? "" };
    // deno-lint-ignore no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
};

/** Loads what packs add, once each. @param {Editor} editor */
const loadPacks = ({ catalog, ui }) => {
  /** @type {Set<string>} */
  const loaded = new Set();
  effect(() => {
    for (const address of catalog.packs.value.flatMap((pack) => pack.web)) {
      if (loaded.has(address)) continue;
      loaded.add(address);
      import(address).catch((fault) => {
        // deno-lint-ignore no-console -- for the author of the pack
        console.warn(address, fault);
        ui.toast({ id: "packs.notLoaded", with: { address } }, { kind: "error" });
      });
    }
  });
};

/** @param {{ progress: import("@preact/signals").Signal<Progress> }} props */
const Waiting = ({ progress }) => {
  const { phase, fault } = progress.value;
  if (fault) {
    return html`
      <main class="waiting" role="alert">
        <p>${say("start.failed", { fault })}</p>
        <button type="button" onClick=${() => location.reload()}>${say("start.again")}</button>
      </main>
    `;
  }
  return html`
    <main class="waiting" aria-busy="true">
      <p>${phase === undefined ? say("start.loading") : say("start.worker", { phase })}</p>
    </main>
  `;
};

start().catch((fault) => {
  const progress = signal({ fault: fault instanceof Error ? fault.message : String(fault) });
  render(
    html`<${Waiting} progress=${progress} />`,
    /** @type {HTMLElement} */ (document.getElementById("app")),
  );
  throw fault;
});
