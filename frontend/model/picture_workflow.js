/**
 * The workflow that a file carries: a JSON file, or a PNG, JPEG or WebP picture or an MP4 film that weft made.
 *
 * Pictures keep it where the server writes it: in a text chunk named `weft`, or behind `weft:` in the EXIF
 * description or in the comments of a JPEG, which follow each other since each holds 64 KiB only. Files come from
 * strangers: what breaks off, lies about its lengths or unpacks to far too much carries none.
 *
 * @import { JSONValue } from "../interfaces.d.ts"
 */

import { readJSON } from "./json.js";
import { isVideo, readVideoText } from "./video_text.js";

/** @typedef {{ [key: string]: JSONValue }} JSONObject */

const KEY = "weft";
/** What ComfyUI calls the texts in its pictures; the first one has places too. */
const FOREIGN_KEYS = ["workflow", "prompt"];
const TEXT_CHUNKS = new Set(["tEXt", "zTXt", "iTXt"]);
/** Compressed texts are not unpacked further, as on the server. */
const MOST_UNPACKED = 1_000_000;
const EXIF_ASCII = 2;
/** Markers of a JPEG: those that begin the pixels, those without a length, and the two that hold texts. */
const JPEG_PIXELS = new Set([0xda, 0xd9]);
const JPEG_BARE = new Set([0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7]);
const JPEG_COMMENT = 0xfe;
const JPEG_EXIF = 0xe1;

/**
 * Reads the workflow that a file carries.
 *
 * @param {Blob} file
 * @returns {Promise<JSONObject | null>} The document as it was written, or a workflow of ComfyUI, which has no version
 *   of weft; null where there is none that can be read.
 */
export async function readWorkflow(file) {
  try {
    for (const key of [KEY, ...FOREIGN_KEYS]) {
      // deno-lint-ignore no-await-in-loop -- what weft wrote comes first
      const text = await textIn(file, key);
      const found = text === null ? null : workflowIn(readJSON(text));
      if (found) return found;
    }
    return null;
  } catch (error) {
    // A file that is damaged or of another kind: reading behind its end, unpacking or decoding what is none.
    if (error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}

/**
 * @param {JSONValue} found
 * @returns {JSONObject | null}
 */
function workflowIn(found) {
  if (!isObject(found)) return null;
  // What a picture carries says more than the workflow, which stands under the same name as a workflow's version.
  if (isObject(found[KEY])) return workflowIn(found[KEY]);
  if (KEY in found) return typeof found[KEY] === "number" && isObject(found.nodes) ? found : null;
  return [found, ...FOREIGN_KEYS.map((key) => found[key])].some(isForeign) ? found : null;
}

/** @param {JSONValue | undefined} found */
function isForeign(found) {
  return isObject(found) &&
    (Array.isArray(found.nodes) ||
      Object.values(found).some((entry) => isObject(entry) && "class_type" in entry));
}

/**
 * @param {JSONValue | undefined} value
 * @returns {value is JSONObject}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {Blob} file
 * @param {string} key For whom the text is.
 * @returns {Promise<string | null>}
 */
async function textIn(file, key) {
  // Films are long, and what is looked for is a small part of them.
  if (isVideo(new Uint8Array(await file.slice(0, 8).arrayBuffer()))) return await readVideoText(file);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (latin1(bytes.subarray(0, 8)) === "\x89PNG\r\n\x1a\n") return pngText(bytes, key);
  if (latin1(bytes.subarray(0, 4)) === "RIFF" && latin1(bytes.subarray(8, 12)) === "WEBP") {
    return webpText(bytes, key);
  }
  if (latin1(bytes.subarray(0, 3)) === "\xff\xd8\xff") return jpegText(bytes, key);
  return utf8(bytes);
}

/**
 * Finds the text chunk of a PNG: length, kind, content and checksum follow each other.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} key
 */
function pngText(bytes, key) {
  const view = viewOf(bytes);
  for (let at = 8; at < bytes.length;) {
    const [length, kind] = [view.getUint32(at), latin1(bytes.subarray(at + 4, at + 8))];
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (kind === "IEND") return null;
    if (TEXT_CHUNKS.has(kind) && latin1(content.subarray(0, key.length + 1)) === `${key}\0`) {
      return chunkText(kind, content.subarray(key.length + 1));
    }
    at += length + 12;
  }
  return null;
}

/**
 * Gives what stands in a text chunk behind its key.
 *
 * @param {string} kind
 * @param {Uint8Array<ArrayBuffer>} content
 */
async function chunkText(kind, content) {
  if (kind === "tEXt") return latin1(content);
  if (kind === "zTXt") return utf8(await unpacked(content.subarray(1)));
  const isCompressed = content[0] === 1;
  // Behind the two marks of compression stand a language and the key in that language.
  const language = content.indexOf(0, 2);
  const text = content.subarray(content.indexOf(0, language + 1) + 1);
  return utf8(isCompressed ? await unpacked(text) : text);
}

/**
 * @param {Uint8Array<ArrayBuffer>} packed
 */
async function unpacked(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const parts = [];
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > MOST_UNPACKED) throw new RangeError("The text unpacks to far too much.");
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * Finds the EXIF chunk of a WebP: kind, length and content follow each other, padded to even lengths.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} key
 */
function webpText(bytes, key) {
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (latin1(bytes.subarray(at, at + 4)) === "EXIF") {
      return exifText(bytes.subarray(at + 8, at + 8 + length), key);
    }
    at += 8 + length + (length % 2);
  }
  return null;
}

/**
 * Joins the comments of a JPEG, or finds its EXIF, which programs copy from one kind of file to another.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} key
 */
async function jpegText(bytes, key) {
  const view = viewOf(bytes);
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let described = null;
  for (let at = 2; view.getUint8(at) === 0xff && !JPEG_PIXELS.has(view.getUint8(at + 1));) {
    const kind = view.getUint8(at + 1);
    // Any number of marks may stand before a marker.
    if (kind === 0xff || JPEG_BARE.has(kind)) {
      at += kind === 0xff ? 1 : 2;
      continue;
    }
    const length = view.getUint16(at + 2);
    const content = bytes.subarray(at + 4, at + 2 + length);
    const begins = latin1(content.subarray(0, 10));
    if (kind === JPEG_COMMENT && begins.startsWith(`${key}:`)) parts.push(content.subarray(key.length + 1));
    if (kind === JPEG_EXIF && begins.startsWith("Exif\0\0")) described ??= exifText(content, key);
    at += 2 + length;
  }
  return parts.length ? utf8(new Uint8Array(await new Blob(parts).arrayBuffer())) : described;
}

/**
 * Finds a text by what it begins with, in the first directory of an EXIF: weft writes it as the description of the
 * picture, ComfyUI as the maker of the camera.
 *
 * @param {Uint8Array<ArrayBuffer>} chunk
 * @param {string} key
 */
function exifText(chunk, key) {
  const exif = latin1(chunk.subarray(0, 6)) === "Exif\0\0" ? chunk.subarray(6) : chunk;
  const view = viewOf(exif);
  const isLittle = latin1(exif.subarray(0, 2)) === "II";
  const directory = view.getUint32(4, isLittle);
  const count = view.getUint16(directory, isLittle);
  for (let entry = 0; entry < count; entry++) {
    const at = directory + 2 + 12 * entry;
    if (view.getUint16(at + 2, isLittle) !== EXIF_ASCII) continue;
    const [length, place] = [view.getUint32(at + 4, isLittle), view.getUint32(at + 8, isLittle)];
    const text = latin1(exif.subarray(place, place + key.length + 1));
    if (text !== `${key}:`) continue;
    return utf8(exif.subarray(place + key.length + 1, place + length)).replace(/\0+$/, "");
  }
  return null;
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function utf8(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function latin1(bytes) {
  let text = "";
  // The decoder that is called latin1 reads Windows' letters; and a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 10_000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 10_000));
  }
  return text;
}
