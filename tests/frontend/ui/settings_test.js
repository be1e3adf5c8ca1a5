import assert from "node:assert/strict";
import { createSettings } from "../../../frontend/ui/settings.js";

/** @param {string | null} [kept] */
function storage(kept = null) {
  return {
    kept,
    getItem() {
      return this.kept;
    },
    setItem(/** @type {string} */ _key, /** @type {string} */ text) {
      this.kept = text;
    },
  };
}

Deno.test("a setting that changes is there again at the next start", () => {
  const place = storage();
  createSettings(place).theme.value = "dark";

  assert.equal(createSettings(place).theme.value, "dark");
});

Deno.test("what no version would have written is left out", () => {
  const kept = {
    theme: "pink",
    minimap: "yes",
    keymap: { undo: "Z" },
    panel: 3,
    surprise: true,
    wireStyle: "hidden",
  };
  const settings = createSettings(storage(JSON.stringify(kept)));

  assert.equal(settings.theme.value, "system");
  assert.equal(settings.minimap.value, true);
  assert.deepEqual(settings.keymap.value, {});
  assert.equal(settings.panel.value, null);
  assert.equal(settings.wireStyle.value, "hidden");
  assert.equal("surprise" in settings, false);
});

Deno.test("a storage that is damaged or refuses to keep anything does no harm", () => {
  const refusing = {
    getItem: () => "{damaged",
    setItem() {
      throw new DOMException("full", "QuotaExceededError");
    },
  };
  const settings = createSettings(refusing);

  settings.theme.value = "light";

  assert.equal(settings.theme.value, "light");
});
