/** A file opens as the workflow that it carries, and a file that carries none does no harm. */

import assert from "node:assert/strict";
import { readWorkflow as readFile } from "../../../frontend/model/picture_workflow.js";

const DOCUMENT = {
  weft: 1,
  title: "Straße 🖌",
  inputs: {},
  outputs: {},
  nodes: { a: { type: "text.value", inputs: {} } },
};
const CARRIED = JSON.stringify({ weft: DOCUMENT, workflow: "street", seeds: {} });
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** @param {Uint8Array<ArrayBuffer>} bytes */
const readWorkflow = (bytes) => readFile(new Blob([bytes]));

/** @param {string} text */
const utf8 = (text) => [...new TextEncoder().encode(text)];

/** @param {string} text */
const packed = async (
  text,
) => [
  ...new Uint8Array(
    await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer(),
  ),
];

/**
 * @param {number} value
 * @param {boolean} [isLittle]
 */
const uint32 = (value, isLittle = false) => {
  const bytes = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  return isLittle ? bytes.reverse() : bytes;
};

/**
 * @param {string} kind
 * @param {number[]} content
 */
const chunk = (kind, content) => [...uint32(content.length), ...utf8(kind), ...content, 0, 0, 0, 0];

/** @param {...number[]} chunks */
const png = (...chunks) =>
  Uint8Array.from([
    ...SIGNATURE,
    ...chunk("IHDR", Array(13).fill(0)),
    ...chunks.flat(),
    ...chunk("IEND", []),
  ]);

/**
 * @param {number[]} exif
 * @param {string} [before]
 */
const webp = (exif, before = "abc") => {
  const odd = [
    ...utf8("VP8X"),
    ...uint32(before.length, true),
    ...utf8(before),
    ...Array(before.length % 2).fill(0),
  ];
  return Uint8Array.from([
    ...utf8("RIFF"),
    0,
    0,
    0,
    0,
    ...utf8("WEBP"),
    ...odd,
    ...utf8("EXIF"),
    ...uint32(exif.length, true),
    ...exif,
  ]);
};

/**
 * @param {string} description
 * @param {boolean} isLittle
 */
const exif = (description, isLittle) => {
  const text = [...utf8(description), 0];
  const short = (/** @type {number} */ value) => isLittle ? [value, value >>> 8] : [value >>> 8, value & 255];
  const entry = (/** @type {number} */ tag, /** @type {number} */ kind) => [...short(tag), ...short(kind)];
  const other = [...entry(0x0112, 3), ...uint32(1, isLittle), ...uint32(1, isLittle)];
  return [
    ...utf8(isLittle ? "II*\0" : "MM\0*"),
    ...uint32(8, isLittle),
    ...short(2),
    ...other,
    ...entry(0x010e, 2),
    ...uint32(text.length, isLittle),
    ...uint32(8 + 2 + 24, isLittle),
    ...text,
  ];
};

Deno.test("a JSON file is the workflow, or what a picture says of it", async () => {
  assert.deepEqual(await readWorkflow(Uint8Array.from(utf8(JSON.stringify(DOCUMENT)))), DOCUMENT);
  assert.deepEqual(await readWorkflow(Uint8Array.from(utf8(CARRIED))), DOCUMENT);
  assert.deepEqual(await readWorkflow(Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8(CARRIED)])), DOCUMENT);
});

Deno.test("a PNG carries its workflow compressed or as it is, in each kind of text chunk", async () => {
  const latin = JSON.stringify({ ...DOCUMENT, title: "Stra\u00dfe \u0085" });
  const key = utf8("weft\0");

  assert.deepEqual(
    await readWorkflow(png(chunk("iTXt", [...key, 1, 0, 0, 0, ...await packed(CARRIED)]))),
    DOCUMENT,
  );
  assert.deepEqual(
    await readWorkflow(png(chunk("iTXt", [...key, 0, 0, ...utf8("de\0w\0"), ...utf8(CARRIED)]))),
    DOCUMENT,
  );
  assert.deepEqual(await readWorkflow(png(chunk("zTXt", [...key, 0, ...await packed(CARRIED)]))), DOCUMENT);
  assert.deepEqual(
    await readWorkflow(png(chunk("tEXt", [...key, ...Array.from(latin, (letter) => letter.charCodeAt(0))]))),
    JSON.parse(latin),
  );
});

Deno.test("other texts of a PNG are passed over", async () => {
  const others = [
    chunk("tEXt", utf8('prompt\0{"weft": 1}')),
    chunk("IDAT", [...utf8("weft\0"), ...utf8(CARRIED)]),
  ];
  const own = chunk("iTXt", [...utf8("weft\0"), 0, 0, 0, 0, ...utf8(CARRIED)]);

  assert.deepEqual(await readWorkflow(png(...others, own)), DOCUMENT);
  assert.equal(await readWorkflow(png(...others)), null);
});

Deno.test("a WebP carries its workflow in its EXIF, in either order of bytes", async () => {
  const written = [true, false].map((isLittle) => exif(`weft:${CARRIED}`, isLittle));
  const files = written.flatMap((found) => [webp(found), webp([...utf8("Exif\0\0"), ...found])]);

  assert.deepEqual(await Promise.all(files.map(readWorkflow)), files.map(() => DOCUMENT));
  assert.equal(await readWorkflow(webp(exif("A sunset", true))), null);
});

/**
 * @param {number} kind
 * @param {number[]} content
 */
const segment = (kind, content) => [
  0xff,
  kind,
  ...uint32(content.length + 2).slice(2),
  ...content,
];

/** @param {...number[]} segments */
const jpeg = (...segments) =>
  Uint8Array.from([
    0xff,
    0xd8,
    ...segment(0xe0, utf8("JFIF")),
    ...segments.flat(),
    ...segment(0xda, [1, 2]),
    ...utf8("pixels"),
  ]);

Deno.test("a JPEG carries its workflow in comments that follow each other", async () => {
  const whole = utf8(CARRIED);
  const cut = whole.indexOf(0xc3) + 1;
  const parts = [whole.slice(0, cut), whole.slice(cut)].map((part) =>
    segment(0xfe, [...utf8("weft:"), ...part])
  );
  const others = [
    segment(0xfe, utf8("a holiday")),
    [0xff, 0x01, 0xff],
    segment(0xe1, utf8("http://ns.adobe")),
  ];

  assert.deepEqual(await readWorkflow(jpeg(...others, ...parts)), DOCUMENT);
  assert.equal(await readWorkflow(jpeg(...others)), null);
  assert.equal(await readWorkflow(jpeg(parts[1] ?? [])), null);
});

Deno.test("a JPEG that was made of a WebP carries its workflow in the EXIF", async () => {
  const found = [...utf8("Exif\0\0"), ...exif(`weft:${CARRIED}`, true)];

  assert.deepEqual(await readWorkflow(jpeg(segment(0xe1, found))), DOCUMENT);
});

Deno.test("files that carry no workflow give none", async () => {
  const texts = [
    "",
    "hello",
    "[]",
    "null",
    '{"weft": 1}',
    '{"nodes": {}}',
    '{"weft": {"weft": 1}}',
    '{"3": {"class": "KSampler"}}',
  ];
  const files = texts.map((text) => Uint8Array.from(utf8(text)));

  assert.deepEqual(await Promise.all(files.map(readWorkflow)), texts.map(() => null));
  assert.equal(await readWorkflow(Uint8Array.from([0xff, 0xd8, 0xff, 0xe0])), null);
});

Deno.test("a file that breaks off anywhere gives none, or what came before", async () => {
  const compressed = chunk("iTXt", [...utf8("weft\0"), 1, 0, 0, 0, ...await packed(CARRIED)]);
  const files = [
    webp(exif(`weft:${CARRIED}`, true)),
    png(compressed),
    jpeg(segment(0xfe, utf8(`weft:${CARRIED}`))),
  ];
  const beginnings = files.flatMap((file) => Array.from(file, (_, length) => file.slice(0, length)));
  const found = await Promise.all(beginnings.map(readWorkflow));

  assert.deepEqual(found.filter((one) => one !== null && one.title !== DOCUMENT.title), []);
});

Deno.test("a text that unpacks to far too much is left alone", async () => {
  const bomb = await packed(JSON.stringify({ ...DOCUMENT, title: "0".repeat(2_000_000) }));

  assert.equal(await readWorkflow(png(chunk("zTXt", [...utf8("weft\0"), 0, ...bomb]))), null);
});

Deno.test("lengths that lie end the search", async () => {
  const lying = webp(exif(`weft:${CARRIED}`, true));
  new DataView(lying.buffer).setUint32(16, 0xffffffff, true);

  assert.equal(await readWorkflow(lying), null);
  assert.equal(
    await readWorkflow(Uint8Array.from([...SIGNATURE, 255, 255, 255, 255, ...utf8("IDAT")])),
    null,
  );
});

const FOREIGN = { 3: { class_type: "KSampler", inputs: {} } };
const SAVED = { nodes: [], links: [], version: 0.4 };

Deno.test("a workflow of ComfyUI is found in a file of either format, and in the call around it", async () => {
  for (const found of [FOREIGN, SAVED, { prompt: FOREIGN }]) {
    // deno-lint-ignore no-await-in-loop -- one after the other
    assert.deepEqual(await readWorkflow(Uint8Array.from(utf8(JSON.stringify(found)))), found);
  }
  assert.equal(await readWorkflow(Uint8Array.from(utf8('{"a": 1}'))), null);
});

Deno.test("a picture of ComfyUI gives the workflow with places, and else the other", async () => {
  const prompt = chunk("tEXt", utf8(`prompt\0${JSON.stringify(FOREIGN)}`));
  const saved = chunk("tEXt", utf8(`workflow\0${JSON.stringify(SAVED)}`));

  assert.deepEqual(await readWorkflow(png(prompt, saved)), SAVED);
  assert.deepEqual(await readWorkflow(png(prompt)), FOREIGN);
});
