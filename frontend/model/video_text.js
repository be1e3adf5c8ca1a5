/**
 * The text that an MP4 or QuickTime film carries for weft, found without reading its pictures.
 *
 * It is looked for where the server looks too: under the key `weft` as ffmpeg writes it, in a free field of that
 * name as editors of tags have them, and in a title, comment or description that begins with `weft:`.
 */

/** @typedef {{ kind: string, start: number, stop: number }} Box Where the content of a part begins and ends. */
/** @typedef {{ file: Blob, left: number }} Reading The film, and how many parts of it are still looked at. */

const KEY = "weft";
const NOTES = new Set(["\xa9nam", "\xa9cmt", "desc", "ldes"]);
/** A film of more parts than this was made to keep somebody busy. */
const MOST_PARTS = 10_000;
/** Longer texts are not read, as on the server. */
const MOST_BYTES = 32 * 2 ** 20;
const UTF_8 = 1;

/**
 * Tells whether a file is an MP4 or QuickTime film.
 *
 * @param {Uint8Array} beginning Its first eight bytes.
 */
export const isVideo = (beginning) => ["ftyp", "moov"].includes(letters(beginning.subarray(4, 8)));

/**
 * Reads the text that a film carries for weft.
 *
 * @param {Blob} file
 * @returns {Promise<string | null>} The text; null where there is none.
 * @throws {RangeError} Its parts are damaged or too many, or its text is too long.
 * @throws {TypeError} Its text is none.
 */
export const readVideoText = async (file) => {
  const reading = { file, left: MOST_PARTS };
  for (const movie of await named(reading, { kind: "", start: 0, stop: file.size }, "moov")) {
    // deno-lint-ignore no-await-in-loop -- one place after the other
    const found = await movieText(reading, movie);
    if (found !== null) return found;
  }
  return null;
};

/**
 * Looks at what was said of the whole film; what was said of its tracks is passed over.
 *
 * @param {Reading} reading
 * @param {Box} movie
 */
const movieText = async (reading, movie) => {
  const users = await named(reading, movie, "udta");
  const inner = await Promise.all(users.map((user) => named(reading, user, "meta")));
  for (const meta of [...await named(reading, movie, "meta"), ...inner.flat()]) {
    // deno-lint-ignore no-await-in-loop -- one place after the other
    const found = await metaText(reading, meta);
    if (found !== null) return found;
  }
  return null;
};

/**
 * @param {Reading} reading
 * @param {Box} meta
 */
const metaText = async (reading, meta) => {
  // In a QuickTime file its parts begin at once, in an MP4 behind a version.
  const kind = letters(await bytes(reading, meta.start + 4, Math.min(meta.start + 8, meta.stop)));
  /** @type {string[]} */
  let keys = [];
  for await (const box of boxes(reading, meta, kind === "hdlr" ? 0 : 4)) {
    if (box.kind === "keys") keys = await texts(reading, boxes(reading, box, 8));
    if (box.kind !== "ilst") continue;
    for await (const item of boxes(reading, box)) {
      const found = await itemText(reading, item, keys);
      if (found !== null) return found;
    }
  }
  return null;
};

/**
 * Gives the text of one thing that was said of a film, if it is meant for weft.
 *
 * @param {Reading} reading
 * @param {Box} item
 * @param {readonly string[]} keys
 */
const itemText = async (reading, item, keys) => {
  const key = keys[number(item.kind) - 1];
  if (key !== undefined) return key === KEY ? await data(reading, item) : null;
  if (item.kind === "----") {
    const [name] = await named(reading, item, "name");
    const said = name && letters(await bytes(reading, name.start + 4, name.stop));
    return said === KEY ? await data(reading, item) : null;
  }
  const text = NOTES.has(item.kind) ? await data(reading, item) : null;
  return text?.startsWith(`${KEY}:`) ? text.slice(KEY.length + 1) : null;
};

/**
 * @param {Reading} reading
 * @param {Box} item
 */
const data = async (reading, item) => {
  const [box] = await named(reading, item, "data");
  if (!box) return null;
  const content = await bytes(reading, box.start, box.stop);
  if (new DataView(content.buffer).getUint32(0) !== UTF_8) return null;
  return new TextDecoder("utf-8", { fatal: true }).decode(content.subarray(8));
};

/**
 * Gives the parts within another, behind so many bytes of its own.
 *
 * @param {Reading} reading
 * @param {Box} parent
 * @param {number} [skip]
 */
const boxes = async function* (reading, parent, skip = 0) {
  for (let at = parent.start + skip; at + 8 <= parent.stop;) {
    if (--reading.left < 0) throw new RangeError("The film has far too many parts.");
    // deno-lint-ignore no-await-in-loop -- each says where the next one is
    const head = await bytes(reading, at, Math.min(at + 16, parent.stop));
    const view = new DataView(head.buffer);
    const length = view.getUint32(0);
    const own = length === 1 ? 16 : 8;
    // A length of zero means that it goes on to the end.
    const stop = length === 0 ? parent.stop : at + (length === 1 ? Number(view.getBigUint64(8)) : length);
    if (stop < at + own || stop > parent.stop) throw new RangeError("A part leaves what it is in.");
    yield { kind: letters(head.subarray(4, 8)), start: at + own, stop };
    at = stop;
  }
};

/**
 * @param {Reading} reading
 * @param {Box} parent
 * @param {string} kind
 */
const named = async (reading, parent, kind) => {
  const found = [];
  for await (const box of boxes(reading, parent)) if (box.kind === kind) found.push(box);
  return found;
};

/**
 * @param {Reading} reading
 * @param {AsyncIterable<Box>} found
 */
const texts = async (reading, found) => {
  const all = [];
  for await (const box of found) all.push(letters(await bytes(reading, box.start, box.stop)));
  return all;
};

/**
 * @param {Reading} reading
 * @param {number} start
 * @param {number} stop
 */
const bytes = async ({ file }, start, stop) => {
  if (stop - start > MOST_BYTES) throw new RangeError("The text is far too long.");
  return new Uint8Array(await file.slice(start, stop).arrayBuffer());
};

/** @param {Uint8Array} code */
const letters = (code) => String.fromCharCode(...code.subarray(0, 100));

/** @param {string} kind */
const number = (kind) => [...kind].reduce((sum, letter) => sum * 256 + letter.charCodeAt(0), 0);
