/** Icons: strokes on a grid of 16, in the colour of the text around them. */

import { html } from "./html.js";

/** @type {Readonly<Record<string, string>>} */
const PATHS = {
  add: "M8 3v10M3 8h10",
  align: "M2.5 2v12M5 4.5h8.5v3H5zM5 10h5v3H5z",
  app: "M4.5 1.5h7v13h-7zM7 12.5h2",
  bell: "M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3zM6.8 14.2h2.4",
  bolt: "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
  brush: "M13.5 2.5 7 9M6.8 9.2a2.4 2.4 0 0 0-2.9 2.3c0 1-.6 1.7-1.4 2 2.3.7 5.6.2 5.9-2.3z",
  bypass: "M1.5 11h3c3 0 4-6 7-6h3M12 2.5 14.5 5 12 7.5",
  check: "m3 8.5 3.5 3.5L13 4.5",
  "chevron-down": "m4 6 4 4 4-4",
  "chevron-left": "m10 4-4 4 4 4",
  "chevron-right": "m6 4 4 4-4 4",
  "chevron-up": "m4 10 4-4 4 4",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.2 1.6",
  close: "m4 4 8 8M12 4l-8 8",
  code: "m5.5 4.5-4 3.5 4 3.5M10.5 4.5l4 3.5-4 3.5",
  command:
    "M5 5h6v6H5zM5 5H3.8A1.8 1.8 0 1 1 5 3.2zM11 5h1.2A1.8 1.8 0 1 0 11 3.2zM5 11H3.8A1.8 1.8 0 1 0 5 12.8zM11 11h1.2a1.8 1.8 0 1 1-1.2 1.8z",
  compare: "M8 1.5v13M2 4h4v8H2zM10 4h4v8h-4",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  cpu:
    "M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14",
  dice: "M3 3h10v10H3zM6 6h.01M10 6h.01M8 8h.01M6 10h.01M10 10h.01",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  drag: "M6 3.5h.01M10 3.5h.01M6 8h.01M10 8h.01M6 12.5h.01M10 12.5h.01",
  edit: "m3 13 .6-3L11 2.6 13.4 5 6 12.4zM9.5 4 12 6.5",
  eraser: "m6 13.5-3.8-3.8L9.5 2.4l4 4-7 7.1zM6 5.9l4 4M6 13.5h7.5",
  error: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5v3.5M8 11h.01",
  export: "M8 10V2.5M5 5l3-3 3 3M3 8v5.5h10V8",
  external: "M7 3H3v10h10V9M9.5 2.5h4v4M13.5 2.5 7.5 8.5",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  "eye-off":
    "M2.5 2.5l11 11M6.5 3.7C11.5 2.7 14.5 8 14.5 8a12 12 0 0 1-1.9 2.400M9.5 12.300C4.5 13.3 1.5 8 1.5 8a12 12 0 0 1 1.9-2.4",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  folder: "M1.5 3.5h4.5l1.5 2h7v7.5h-13z",
  frame: "M2 2.5h12v11H2zM2 5.5h12",
  gallery: "M2 2.5h5v5H2zM9 2.5h5v5H9zM2 9.5h5v4H2zM9 9.5h5v4H9z",
  globe: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM2 8h12M8 2c-4.5 4-4.5 8 0 12M8 2c4.5 4 4.5 8 0 12",
  help: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.2 6.3c0-2.3 3.6-2.3 3.6 0C9.8 7.6 8 7.6 8 9M8 11.2h.01",
  history: "M3 4.5A6 6 0 1 1 2 8M2.5 2v3h3M8 5v3.2l2.2 1.3",
  image: "M2 3h12v10H2zM2 11l3.5-3.5L9 11l2-2 3 3M10.5 5.8h.01",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.5V11M8 5h.01",
  inspector: "M2 3h12v10H2zM9.5 3v10M11.3 6h1M11.3 8.5h1",
  invert: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2v12M10 3v10M12 4.5v7",
  keyboard: "M1.5 4h13v8h-13zM4 6.5h.01M6.5 6.5h.01M9 6.5h.01M11.5 6.5h.01M5 9.5h6",
  layers: "M8 2 1.5 5.5 8 9l6.5-3.5zM1.5 8.5 8 12l6.5-3.5",
  link:
    "M6.5 9.5 9.5 6.500M7 4.500l1.5-1.500a3.2 3.2 0 0 1 4.5 4.500L11.5 9M9 11.5 7.5 13A3.2 3.2 0 0 1 3 8.500L4.5 7",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  lock: "M3.5 7h9v6.5h-9zM5.5 7V4.8a2.5 2.5 0 0 1 5 0V7",
  logo: "M2 5h3M7 5h7M2 11h7M11 11h3M5 2v7M5 11v3M11 2v3M11 7v7",
  map: "M1.5 3.5 6 2l4 1.5L14.5 2v10.5L10 14l-4-1.5L1.5 14zM6 2v10.5M10 3.5V14",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  minus: "M3 8h10",
  moon: "M13.5 9.5A6 6 0 1 1 6.5 2.5a4.8 4.8 0 0 0 7 7z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  note: "M2.5 2.5h11v7l-4 4h-7zM13.5 9.5h-4v4",
  off: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM3.8 3.8l8.4 8.4",
  paste: "M5.5 3h-2v11h9V3h-2M5.5 2h5v2.5h-5z",
  pause: "M5 3v10M11 3v10",
  pin: "M5.5 2h5M6.5 2v4.5L4 9.5h8L9.5 6.5V2M8 9.5V14",
  play: "M4.5 2.8v10.4L13 8z",
  plug: "M6 1.5v4M10 1.5v4M4.5 5.5h7v3a3.5 3.5 0 0 1-7 0zM8 12v2.5",
  queue: "M2.5 3.5h11M2.5 7.5h11M2.5 11.5h5M10.5 9.8v4l3.5-2z",
  redo: "M10 3.5 13 6.5 10 9.5M13 6.5H6a3.5 3.5 0 0 0 0 7h3",
  refresh: "M13 5A5.7 5.7 0 0 0 2.5 7M13.3 2v3.2h-3.2M3 11a5.7 5.7 0 0 0 10.5-2M2.7 14v-3.2h3.2",
  reset: "M3.5 3v3.5H7M3.7 6.3a5 5 0 1 1-.5 3.5",
  save: "M2.5 2.5h8.5l2.5 2.5v8.5h-11zM5 2.5v3.5h5v-3.5M5 13.5V9h6v4.5",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.7 3.7",
  settings: "M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7M10.8 2.8v3.4M5.2 9.8v3.4",
  shuffle:
    "M2 4.5h2.5c3 0 4 7 7 7H14M12 9.5l2 2-2 2M2 11.5h2.5c1 0 1.8-.8 2.5-1.9M8.5 6.5c.8-1.2 1.7-2 3-2H14M12 2.5l2 2-2 2",
  step: "M3 3.5v9l6-4.5zM12 3.5v9",
  stop: "M4 4h8v8H4z",
  sun:
    "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.500M8 13.500V15M1 8h1.500M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  swap: "M3 5.5h9M9.5 3 12 5.5 9.5 8M13 10.5H4M6.5 8 4 10.5 6.5 13",
  trash: "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9.5h6.6l.7-9.5M6.7 7v4.5M9.3 7v4.5",
  undo: "M6 3.5 3 6.5l3 3M3 6.5h7a3.5 3.5 0 0 1 0 7H7",
  upload: "M8 10.5V3M4.8 5.8 8 2.6l3.2 3.2M2.5 13.5h11",
  warning: "M8 2 1.5 13.5h13zM8 6.5v3M8 11.5h.01",
  workflow: "M2 2.5h4.5v4H2zM9.5 9.5H14v4H9.5zM4.2 6.5v5h5.3M6.5 4.5h5.3v5",
};

/** Names of the icons. */
export const ICONS = Object.freeze(Object.keys(PATHS));

/**
 * Shows an icon; it is decoration where it has no label.
 *
 * @param {{ name: string, label?: string }} props A name that is not known shows a circle.
 */
export const Icon = ({ name, label }) =>
  html`
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" role=${label ? "img" : null}
      aria-label=${label} aria-hidden=${label ? null : "true"}>
      <path d=${PATHS[name] ?? "M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z"} />
    </svg>
  `;
