/** A file with the weights of a model. */

/** @import { ModelView } from "../types.d.ts" */
/** @import { ControlProps } from "./field.js" */
/** @import { Choice } from "./picker.js" */

import { useState } from "preact/hooks";
import { html } from "../ui/html.js";
import { Picker } from "./picker.js";
import { sizeOf } from "../ui/sizes.js";
import { say } from "../ui/texts.js";

/**
 * Shows the models of one kind with their family and size, as they are when the list is opened.
 *
 * @param {ControlProps} props
 */
export function ModelFileField(props) {
  const { editor, widget, value, fallback, onChange } = props;
  const [choices, setChoices] = useState(/** @type {Choice[] | null} */ (null));
  const fetch = async () => {
    try {
      const { models } = await editor.api.models();
      setChoices(models.filter(({ kind }) => kind === widget?.listing).map(choiceOf));
    } catch (fault) {
      editor.ui.toast(/** @type {Error} */ (fault).message, { kind: "error" });
    }
  };
  return html`
    <${Picker} ...${props} choices=${choices} chosen=${String(value ?? fallback ?? "")}
      onOpen=${() => void fetch()} choose=${onChange} />
  `;
}

/** @param {ModelView} model @returns {Choice} */
const choiceOf = ({ name, traits, size, fault, picture_url }) => ({
  value: name,
  picture: picture_url && `${picture_url}?size=96`,
  badge: traits.family,
  note: size === null ? say("field.built-in") : sizeOf(size),
  fault: fault ?? undefined,
});
