import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32, inflateSync } from "node:zlib";
import { encodePng } from "../../../frontend/fields/png.js";

const RGBA = Uint8Array.from([255, 0, 0, 255, 10, 20, 30, 0, 1, 2, 3, 4, 5, 6, 7, 128]);

Deno.test("a picture keeps every byte, also the colours of what is transparent", async () => {
  const bytes = Buffer.from(await (await encodePng(2, 2, RGBA)).arrayBuffer());
  const length = bytes.readUInt32BE(33);
  const rows = inflateSync(bytes.subarray(41, 41 + length));

  assert.equal(bytes.subarray(12, 16).toString(), "IHDR");
  assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20), ...bytes.subarray(24, 29)], [
    2,
    2,
    8,
    6,
    0,
    0,
    0,
  ]);
  assert.equal(bytes.readUInt32BE(41 + length), crc32(bytes.subarray(37, 41 + length)));
  assert.deepEqual([...rows], [0, ...RGBA.subarray(0, 8), 0, ...RGBA.subarray(8)]);
});
