/** What widgets mean for values: whether one accepts a value, and which value a new entry begins with. */

/** @import { JSONValue } from "../interfaces.d.ts" */

/** @typedef {Record<string, JSONValue>} Widget */

/**
 * Whether a value is of the kind that a widget enters; its range is another matter.
 *
 * @param {Widget | null} widget
 * @param {JSONValue | undefined} value
 */
export function accepts(widget, value) {
  switch (widget?.kind) {
    case "number":
    case "slider":
    case "seed":
      if (typeof value === "bigint") return widget.integer === true || widget.kind === "seed";
      return typeof value === "number" && (widget.integer !== true || Number.isInteger(value));
    case "toggle":
      return typeof value === "boolean";
    case "items":
      return Array.isArray(value);
    case "json":
      return true;
    default:
      return typeof value === "string";
  }
}

/**
 * Gives the value that a new entry begins with.
 *
 * @param {Widget | null} widget
 * @returns {JSONValue}
 */
export function firstValue(widget) {
  switch (widget?.kind) {
    case "number":
    case "slider":
    case "seed": {
      const least = typeof widget.min === "number" ? widget.min : -Infinity;
      const most = typeof widget.max === "number" ? widget.max : Infinity;
      return Math.min(most, Math.max(least, 0));
    }
    case "toggle":
      return false;
    case "items":
      return [];
    case "options":
      return Array.isArray(widget.options) ? widget.options[0] ?? "" : "";
    case "color":
      return "#000000";
    case "json":
      return null;
    default:
      return "";
  }
}

/**
 * Gives the widgets of a union that differ for their user: any number takes the whole ones with it.
 *
 * @param {Widget | null} widget
 * @returns {Widget[]}
 */
export function distinctWidgets(widget) {
  const all = /** @type {Widget[]} */ (Array.isArray(widget?.widgets) ? widget.widgets : []);
  const takesAny = all.some(({ kind, integer }) => kind === "number" && integer !== true);
  return all.filter(({ kind, integer, min, max }) =>
    !(takesAny && kind === "number" && integer === true && min === undefined && max === undefined)
  );
}

/**
 * Brings a value over to another widget: what can be read as its kind stays.
 *
 * @param {JSONValue | undefined} value
 * @param {Widget} widget
 * @returns {JSONValue}
 */
export function converted(value, widget) {
  if (value !== undefined && accepts(widget, value)) return value;
  if (widget.kind === "text" && (typeof value === "number" || typeof value === "boolean")) {
    return String(value);
  }
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
  return Number.isFinite(number) && accepts(widget, number) ? number : firstValue(widget);
}
