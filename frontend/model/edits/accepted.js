/** Whether an input takes a value, as the widgets of the server decide it. */

/** @import { JSONValue } from "../../interfaces.d.ts" */
/** @typedef {Record<string, any>} Widget */

/**
 * Tells whether a widget takes a value.
 *
 * @param {Record<string, JSONValue> | null} widget Null takes none: only a link will do.
 * @param {JSONValue} value
 * @returns {boolean}
 */
export const accepts = (widget, value) => {
  if (!widget) return false;
  const check = CHECKS[/** @type {string} */ (widget.kind)];
  // Of a widget that a plugin brought nothing is known; the server will say.
  return check ? check(widget, value) : true;
};

/** @type {(widget: Widget, value: unknown) => boolean} */
const isText = (_, value) => typeof value === "string";

/** @type {(widget: Widget, value: any) => boolean} */
const isNumber = ({ integer, min, max }, value) => {
  const isRight = typeof value === "bigint" || (integer ? Number.isInteger(value) : Number.isFinite(value));
  return isRight && value >= (min ?? -Infinity) && value <= (max ?? Infinity);
};

/** @type {Record<string, (widget: Widget, value: any) => boolean>} */
const CHECKS = {
  number: isNumber,
  slider: isNumber,
  seed: (_, value) => isNumber({ integer: true, min: 0 }, value),
  toggle: (_, value) => typeof value === "boolean",
  text: isText,
  options: ({ options }, value) => options.includes(value),
  choice: isText,
  "model-file": isText,
  "image-file": isText,
  color: (_, value) => typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value),
  json: () => true,
  items: ({ item }, value) => Array.isArray(value) && value.every((one) => accepts(item, one)),
  "any-of": ({ widgets }, value) => widgets.some((/** @type {Widget} */ one) => accepts(one, value)),
};
