/**
 * Keys that run commands.
 *
 * Keys are written `Mod+Shift+Z`: Mod is Ctrl, and Command on a Mac; then Ctrl (on a Mac alone), Alt, Shift and one
 * key. Letters are upper case; a sign that needs Shift, such as `?`, is written without it.
 */

/** @import { Commands } from "../interfaces.d.ts" */

const MODIFIERS = ["Mod", "Ctrl", "Alt", "Shift"];

/** Whether the keys of a Mac are meant. */
const isMac = () => /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? "");

/**
 * Writes keys in the one way that others are compared with.
 *
 * @param {string} keys Such as `shift+mod+z`.
 * @throws {Error} There is not exactly one key that is no modifier.
 */
export function normalizeKeys(keys) {
  const parts = keys.split(/\+(?!$)/).map((part) => part.trim());
  const held = MODIFIERS.filter((name) => parts.some((part) => part.toLowerCase() === name.toLowerCase()));
  const others = parts.filter((part) => !MODIFIERS.some((name) => name.toLowerCase() === part.toLowerCase()));
  if (others.length !== 1 || !/^(?:.|[A-Z]\w+)$/u.test(others[0])) {
    throw new Error(`${keys} does not name one key.`);
  }
  const key = others[0].length === 1 ? others[0].toUpperCase() : others[0];
  return [...held.filter((name) => name !== "Shift" || !isSign(key)), key].join("+");
}

/**
 * Gives the keys of an event; null while a modifier alone is held or a character is being composed.
 *
 * @param {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "isComposing" | "keyCode">} event
 * @param {boolean} [mac]
 */
export function keysOf(event, mac = isMac()) {
  // 229 is what browsers send for keys that an input method has taken.
  if (event.isComposing || event.keyCode === 229) return null;
  const key = keyOf(event);
  if (["Control", "Shift", "Alt", "Meta", "AltGraph", "Dead", "Unidentified"].includes(key)) return null;
  const held = {
    Mod: mac ? event.metaKey : event.ctrlKey,
    Ctrl: mac && event.ctrlKey,
    Alt: event.altKey,
    Shift: event.shiftKey && !isSign(key),
  };
  return [...MODIFIERS.filter((name) => held[/** @type {keyof typeof held} */ (name)]), key].join("+");
}

/**
 * Writes keys as they stand on the keyboard.
 *
 * @param {string} keys
 * @param {boolean} [mac]
 */
export function showKeys(keys, mac = isMac()) {
  const signs = mac
    ? { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧", Enter: "↩", Backspace: "⌫", Delete: "⌦" }
    : { Mod: "Ctrl" };
  const shown = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", ...signs };
  const parts = keys.split(/\+(?!$)/).map((part) =>
    Object.hasOwn(shown, part) ? Reflect.get(shown, part) : part
  );
  return parts.join(mac ? "" : "+");
}

/**
 * Runs commands when their keys are pressed.
 *
 * Nothing runs while a modal dialog is open. While a text is typed only commands do that ask for it (`whileTyping`),
 * and a control that has the focus keeps the keys it needs.
 *
 * @param {EventTarget} target Usually the window.
 * @param {Commands} commands
 * @returns {() => void} Stops it.
 */
export function listenForKeys(target, commands) {
  /** @param {Event} event */
  const hear = (event) => {
    const pressed = /** @type {KeyboardEvent} */ (event);
    const keys = pressed.defaultPrevented ? null : keysOf(pressed);
    if (keys === null || document.querySelector("dialog:modal")) return;
    const focused = pressed.composedPath()[0];
    const isTyping = takesText(focused);
    if (!isTyping && keepsKey(focused, keys)) return;
    const meant = commands.all.value.filter(({ id, whileTyping, isNative }) =>
      !isNative && (!isTyping || whileTyping) && commands.keys(id).includes(keys)
    );
    const command = meant.find(({ id }) => commands.isEnabled(id));
    // Where there is nothing left to undo, the browser must not undo what was once typed into some field.
    if (command || (meant.length > 0 && keys.startsWith("Mod+"))) pressed.preventDefault();
    if (command) commands.run(command.id);
  };
  target.addEventListener("keydown", hear);
  return () => target.removeEventListener("keydown", hear);
}

/** @type {(event: Pick<KeyboardEvent, "key" | "code" | "altKey">) => string} */
function keyOf({ key, code, altKey }) {
  // Letters of other alphabets, and what Alt makes of letters on a Mac, count as the Latin letter on their key.
  const isForeign = key.length === 1 && (altKey || key > "\u024f");
  const latin = isForeign ? /^(?:Key|Digit)(.)$/.exec(code)?.[1] : null;
  if (key === " ") return "Space";
  return latin ?? (key.length === 1 ? key.toUpperCase() : key);
}

/**
 * Whether a key is a sign. Some keyboards need Shift for it and some do not, so Shift says nothing about it.
 *
 * @param {string} key
 */
const isSign = (key) => key.length === 1 && !/[\p{L}\p{N}]/u.test(key);

/**
 * Whether letters typed at an element become text.
 *
 * @param {unknown} element
 */
export function takesText(element) {
  if (!(element instanceof HTMLElement)) return false;
  if (element instanceof HTMLInputElement) {
    return !/^(?:button|checkbox|color|file|image|radio|range|reset|submit)$/.test(element.type);
  }
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ||
    element.isContentEditable;
}

/** @type {(element: unknown, keys: string) => boolean} */
function keepsKey(element, keys) {
  if (!(element instanceof HTMLElement)) return false;
  if (/^(?:Enter|Space)$/.test(keys)) {
    return element.matches("a[href], button, summary, input, [role=option], [role^=menuitem]");
  }
  if (/^(?:Arrow|Home|End|Page)/.test(keys)) {
    return element.matches("input, [role=slider], [role=tab], [role=option], [role^=menuitem]");
  }
  return false;
}
