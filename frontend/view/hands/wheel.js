/**
 * What a turn of the wheel means: mouse wheels and pinches zoom, two fingers on a touchpad pan.
 */

/** @typedef {{ deltaX: number, deltaY: number, deltaMode: number, ctrlKey: boolean, shiftKey: boolean, timeStamp: number }} Turn */
/** @typedef {{ kind: "zoom", factor: number } | { kind: "pan", dx: number, dy: number }} WheelMeaning */

/** Turns that follow each other within this many milliseconds are one gesture, which does not change its device. */
const GESTURE_MS = 250;

/** The smallest step of a mouse wheel in pixels; touchpads begin with less. */
const NOTCH_PX = 50;

const LINE_PX = 16;

/** Zoom by one pixel of the wheel. A notch of 100 px is a fifth. */
const ZOOM_PER_PX = 0.0018;

/** A pinch counts in much smaller steps. */
const PINCH_PER_PX = 0.01;

/** @type {(turn: Turn) => boolean} */
const looksLikeTouchpad = ({ deltaX, deltaY, deltaMode }) =>
  deltaMode === 0 && (deltaX !== 0 || !Number.isInteger(deltaY) || Math.abs(deltaY) < NOTCH_PX);

/**
 * Reads turns one after the other; browsers do not say which device turns.
 *
 * @returns {(turn: Turn) => WheelMeaning}
 */
export const createWheelReader = () => {
  let lastTime = -Infinity;
  let isTouchpad = false;
  return (turn) => {
    if (turn.timeStamp - lastTime > GESTURE_MS) isTouchpad = looksLikeTouchpad(turn);
    lastTime = turn.timeStamp;
    const unit = turn.deltaMode === 0 ? 1 : LINE_PX;
    const [dx, dy] = [turn.deltaX * unit, turn.deltaY * unit];
    // Browsers report a pinch as a wheel with Ctrl; with a real wheel Ctrl zooms, too.
    if (turn.ctrlKey) {
      return { kind: "zoom", factor: Math.exp(-dy * (isTouchpad ? PINCH_PER_PX : ZOOM_PER_PX)) };
    }
    if (isTouchpad) return { kind: "pan", dx: -dx, dy: -dy };
    if (turn.shiftKey) return { kind: "pan", dx: -(dx || dy), dy: 0 };
    return { kind: "zoom", factor: Math.exp(-dy * ZOOM_PER_PX) };
  };
};
