/**
 * Makes something for each name once, so that whoever asks again gets the same.
 *
 * @template T
 * @param {(name: string) => T} make
 * @returns {(name: string) => T}
 */
export const remembered = (make) => {
  /** @type {Map<string, T>} */
  const known = new Map();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = make(name);
    known.set(name, made);
    return made;
  };
};
