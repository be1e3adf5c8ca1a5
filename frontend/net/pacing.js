/** Doing things less often than they are asked for. */

/**
 * Makes a function that has work done in the next frame, once, however often it is called before.
 *
 * @param {() => void} work
 */
export const oncePerFrame = (work) => {
  let isDue = false;
  const run = () => {
    isDue = false;
    work();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    // A page that is not seen gets no frames.
    if (globalThis.document && !document.hidden) requestAnimationFrame(run);
    else setTimeout(run, 16);
  };
};

/**
 * Makes a function that has work done some time after it was last called, and at once by its `flush`.
 *
 * @param {() => void} work
 * @param {{ quiet: number, most?: number }} times Milliseconds without a call after which it is done, and since the
 *   first call after which it is done in any case.
 */
export const onceQuiet = (work, { quiet, most = Infinity }) => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {number | null} When it was first called since it was last done. */
  let since = null;
  const cancel = () => {
    clearTimeout(timer);
    since = null;
  };
  const flush = () => {
    if (since === null) return;
    cancel();
    work();
  };
  const ask = () => {
    const now = performance.now();
    since ??= now;
    clearTimeout(timer);
    timer = setTimeout(flush, Math.max(0, Math.min(quiet, since + most - now)));
  };
  return Object.assign(ask, { flush, cancel });
};
