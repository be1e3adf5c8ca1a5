/** Where the files of the editor lie that are no modules; also within a bundle, which lies beside this module. */

/** Gives the address of a file. @param {string} path From the folder of the editor, such as `locales/de.json`. */
export const place = (path) => new URL(path, import.meta.url).href;
