/** The dots behind the graph. */

/**
 * @import { Scene } from "./scene.js"
 */

/** Dots are at least so far apart on the screen, so that there are few of them at any zoom. */
const LEAST_GAP = 26;

/** Distance of the finest dots in the graph. */
const FINEST = 16;

/** Every so many dots one is stronger. */
const STRONG = 4;

/**
 * Gives the distance of the dots in the graph: a power of two times the grid.
 * @param {number} zoom
 * @returns {number}
 */
export const gridStep = (zoom) =>
  FINEST * 2 ** Math.max(0, Math.ceil(Math.log2(LEAST_GAP / (FINEST * zoom))));

/**
 * Draws the dots, in pixels of the screen, so that they stay equally fine at any zoom.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export const drawGrid = (context, { place, size, ink }) => {
  const step = gridStep(place.zoom) * place.zoom;
  const [plain, strong] = [new Path2D(), new Path2D()];
  const columns = [Math.floor(-place.x / step), Math.ceil((size.width - place.x) / step)];
  const rows = [Math.floor(-place.y / step), Math.ceil((size.height - place.y) / step)];
  for (let row = rows[0]; row <= rows[1]; row++) {
    for (let column = columns[0]; column <= columns[1]; column++) {
      const dots = row % STRONG === 0 && column % STRONG === 0 ? strong : plain;
      dots.rect(Math.round(column * step + place.x) - 1, Math.round(row * step + place.y) - 1, 2, 2);
    }
  }
  context.fillStyle = ink.grid;
  context.fill(plain);
  context.fillStyle = ink.gridStrong;
  context.fill(strong);
};
