/** Reading the pixels of picture files, colours apart from opacity. */

/** @typedef {{ width: number, height: number, rgba: Uint8Array }} Pixels Four bytes for each pixel, row by row from the top. */

/**
 * Reads a picture.
 *
 * The way leads over a texture because a 2D canvas forgets the colours of transparent pixels.
 *
 * @param {Blob} file
 * @returns {Promise<Pixels>}
 * @throws {Error} The file is no picture, or larger than a texture may be here.
 */
export async function readPixels(file) {
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl");
  if (!gl) throw new Error("WebGL is not available.");
  try {
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(
      gl.FRAMEBUFFER,
      gl.COLOR_ATTACHMENT0,
      gl.TEXTURE_2D,
      gl.getParameter(gl.TEXTURE_BINDING_2D),
      0,
    );
    if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) {
      throw new Error(`A picture of ${width} × ${height} pixels is too large to be painted on here.`);
    }
    const rgba = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    return { width, height, rgba };
  } finally {
    bitmap.close();
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
