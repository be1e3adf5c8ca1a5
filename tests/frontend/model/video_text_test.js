/** The text of a film is found where programs write it, and what is damaged or made to keep us busy is refused. */

import assert from "node:assert/strict";
import { readWorkflow } from "../../../frontend/model/picture_workflow.js";
import { isVideo, readVideoText } from "../../../frontend/model/video_text.js";

const VIDEOS = new URL("../../server/videos/", import.meta.url);

/** @param {string} text */
const latin1 = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** @param {string} text */
const utf8 = (text) => String.fromCharCode(...new TextEncoder().encode(text));

/** @param {number} value */
const uint32 = (value) =>
  String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);

/**
 * @param {string} kind
 * @param {...string} parts
 */
const box = (kind, ...parts) => uint32(8 + parts.join("").length) + kind + parts.join("");

/**
 * @param {string} text
 * @param {number} [kind]
 */
const data = (text, kind = 1) => box("data", uint32(kind), uint32(0), utf8(text));

/** @param {...string} items */
const film = (...items) => {
  const meta = box("meta", uint32(0), box("hdlr", "mdir"), box("ilst", ...items));
  return box("ftyp", "isom") + box("moov", box("udta", meta, uint32(0)));
};

/**
 * @param {string} name
 * @param {string} text
 */
const free = (name, text) =>
  box("----", box("mean", uint32(0), "x"), box("name", uint32(0), name), data(text));

/** @param {string} file */
const read = (file) => readVideoText(new Blob([latin1(file)]));

for (const name of ["keys.mp4", "keys.mov", "comment.mp4"]) {
  Deno.test(`what ffmpeg writes into ${name} opens as the workflow`, async () => {
    const bytes = await Deno.readFile(new URL(name, VIDEOS));

    assert.equal((await readWorkflow(new Blob([bytes])))?.title, "Straße");
    assert.ok(isVideo(bytes.subarray(0, 8)));
  });
}

Deno.test("a free field and a note that begins as ours are found among others", async () => {
  const others = [box("\xa9too", data("Lavf")), free("mood", "calm"), box("desc", data("weft of a cloth"))];

  assert.equal(await read(film(...others, free("weft", "ß"))), "ß");
  assert.equal(await read(film(...others, box("\xa9cmt", data("weft:ß")))), "ß");
  assert.equal(await read(film(...others, box("\xa9cmt", data("weft:ß", 13)), box("desc"))), null);
});

Deno.test("pictures are passed over however long they are said to be", async () => {
  const long = uint32(1) + "mdat" + uint32(0) + uint32(16 + 999) + "x".repeat(999);
  const rest = uint32(0) + "mdat" + "x".repeat(99);

  assert.equal(await read(long + film(free("weft", "found")) + rest), "found");
});

Deno.test("what is damaged is refused, and opens as nothing", async () => {
  const broken = [
    box("moov", "x".repeat(20)).slice(0, -1),
    uint32(4) + "moov",
    uint32(1) + "mdat" + uint32(0xffffffff) + uint32(0),
    uint32(1) + "mdat",
    box("free").repeat(10_001),
    film(box("desc", box("data", "xx"))),
  ];

  await Promise.all(broken.map((file) => assert.rejects(read(file), RangeError)));
  assert.equal(await readWorkflow(new Blob([latin1(box("ftyp") + broken[0])])), null);
});

Deno.test("a film that breaks off anywhere gives none, or what came before", async () => {
  const bytes = await Deno.readFile(new URL("keys.mp4", VIDEOS));
  const beginnings = Array.from(bytes, (_, length) => new Blob([bytes.slice(0, length)]));
  const found = await Promise.all(beginnings.map(readWorkflow));

  assert.deepEqual(found.filter((one) => one !== null && one.title !== "Straße"), []);
});
