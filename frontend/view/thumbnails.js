/** Small pictures for the canvas, each loaded once and kept small, so that hundreds can be drawn in a frame. */

/** Width in pixels; in the overview a node is not wider. */
const WIDTH = 96;

/** Pictures that are kept. */
const MOST_KEPT = 600;

/** Pictures that are loaded at the same time. */
const MOST_LOADING = 6;

/** Milliseconds in which pictures that come one after the other are told of as one, as each means to draw all. */
const GATHER_MS = 120;

/** Milliseconds from the first that is asked for to the first that is loaded: the graph itself comes first. */
const START_MS = 150;

/**
 * Keeps small pictures.
 * @param {() => void} onLoad Called when more of them can be drawn.
 */
export const createThumbnails = (onLoad) => {
  /** @type {Map<string, ImageBitmap | null>} Null while it is loading, and for what cannot be loaded. */
  const kept = new Map();
  /** @type {string[]} */
  const waiting = [];
  let loading = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let gathering = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let starting = null;

  const start = () => {
    starting = null;
    while (waiting.length > 0 && loading < MOST_LOADING) next();
  };
  const tell = () => {
    gathering ??= setTimeout(() => {
      gathering = null;
      onLoad();
    }, GATHER_MS);
  };
  /** @param {string} url */
  const load = async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return await createImageBitmap(image, { resizeWidth: WIDTH, resizeQuality: "medium" });
  };
  const next = () => {
    const url = loading < MOST_LOADING ? waiting.shift() : undefined;
    if (url === undefined) return;
    loading += 1;
    load(url).then((bitmap) => {
      if (kept.has(url)) kept.set(url, bitmap);
      else bitmap.close();
      tell();
    }, () => {
      // A picture that is gone leaves its node without one; the node itself says so when it is looked at.
    }).finally(() => {
      loading -= 1;
      next();
    });
  };
  return {
    /**
     * Gives a picture, or begins to load it.
     * @param {string} url
     * @returns {ImageBitmap | null}
     */
    get: (url) => {
      const bitmap = kept.get(url);
      if (bitmap !== undefined) return bitmap;
      for (const [old, image] of kept) {
        if (kept.size < MOST_KEPT) break;
        image?.close();
        kept.delete(old);
      }
      kept.set(url, null);
      waiting.push(url);
      starting ??= setTimeout(start, START_MS);
      return null;
    },
    destroy: () => {
      if (gathering !== null) clearTimeout(gathering);
      if (starting !== null) clearTimeout(starting);
      for (const bitmap of kept.values()) bitmap?.close();
      kept.clear();
      waiting.length = 0;
    },
  };
};
