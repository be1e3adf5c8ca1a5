/**
 * Writing PNG files whose colours stay where they are transparent.
 *
 * A canvas keeps colours multiplied by their opacity, so a picture whose mask is its opacity would be black wherever
 * nothing is selected. Here colours and opacity are written as they are.
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Eight bits, red, green, blue and alpha, no interlacing. */
const FORMAT = [8, 6, 0, 0, 0];

/**
 * Writes a picture.
 *
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array | Uint8ClampedArray} rgba Four bytes for each pixel, row by row from the top.
 * @returns {Promise<Blob>}
 */
export async function encodePng(width, height, rgba) {
  const rows = new Uint8Array(height * (1 + 4 * width));
  // Each row begins with how it was filtered; 0 is not at all.
  for (let y = 0; y < height; y++) {
    rows.set(rgba.subarray(y * 4 * width, (y + 1) * 4 * width), y * (1 + 4 * width) + 1);
  }
  const stream = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const header = new Uint8Array([...bigEndian(width), ...bigEndian(height), ...FORMAT]);
  const parts = [
    new Uint8Array(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", packed),
    chunk("IEND", new Uint8Array()),
  ];
  return new Blob(parts, { type: "image/png" });
}

/** @param {string} name @param {Uint8Array} content */
function chunk(name, content) {
  const bytes = new Uint8Array(content.length + 12);
  bytes.set(bigEndian(content.length));
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  bytes.set(bigEndian(checksum(bytes.subarray(4, content.length + 8))), content.length + 8);
  return bytes;
}

/** @param {number} number */
const bigEndian = (number) => [number >>> 24, number >>> 16, number >>> 8, number].map((part) => part & 0xff);

/** CRC-32, as the PNG standard has it. @param {Uint8Array} bytes */
function checksum(bytes) {
  const table = Uint32Array.from({ length: 256 }, (_, index) => {
    let rest = index;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    return rest;
  });
  let sum = 0xffffffff;
  for (const byte of bytes) sum = table[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
