/** One WebSocket of the server's events: its address, and what its frames mean. */

/**
 * @import { JSONValue } from "../interfaces.d.ts"
 */

/**
 * @typedef {object} ServerEvent What happened; the server keeps it under its number.
 * @property {number} number
 * @property {number} at Seconds since 1970.
 * @property {"job" | "nodes" | "queue" | "worker" | "catalog" | "workflow" | "asset"} type
 * @property {string} job Empty where it is about none.
 * @property {any} data Differs by type.
 */

/**
 * @typedef {object} Passing How far a node is, or its unfinished picture. Newer ones replace it.
 * @property {"progress" | "preview"} type
 * @property {string} job
 * @property {{ node: string, step?: number, total?: number, seconds_left?: number, message?: string }} data
 * @property {Blob} [picture]
 */

/**
 * @typedef {object} Hearing What is called for what a socket says.
 * @property {() => void} [open]
 * @property {(events: readonly ServerEvent[]) => void} [events]
 * @property {(frames: readonly Passing[]) => void} [passing]
 * @property {(wasOpen: boolean) => void} [closed] It closed without being told to.
 */

/**
 * Opens a socket.
 *
 * @param {string} base Address of the server, empty for that of the page.
 * @param {Record<string, string | number>} query
 * @param {Hearing} hearing
 * @returns {{ say: (said: JSONValue) => void, close: () => void }}
 */
export const openSocket = (base, query, hearing) => {
  const socket = new WebSocket(socketURL(base, query));
  let wasOpen = false;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    wasOpen = true;
    hearing.open?.();
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") hearing.passing?.([readPreview(data)]);
    else tell(JSON.parse(data), hearing);
  };
  socket.onclose = () => hearing.closed?.(wasOpen);
  return {
    say: (said) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(said));
    },
    close: () => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
};

/** @param {string} base @param {Record<string, string | number>} query */
const socketURL = (base, query) => {
  const url = new URL(`${base}/api/events`, base || location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url.href;
};

/** @param {(ServerEvent | Passing)[]} said @param {Hearing} hearing */
const tell = (said, hearing) => {
  const events = /** @type {ServerEvent[]} */ (said.filter((entry) => "number" in entry));
  const passing = /** @type {Passing[]} */ (said.filter((entry) => !("number" in entry)));
  if (events.length) hearing.events?.(events);
  if (passing.length) hearing.passing?.(passing);
};

/**
 * Reads a binary frame: four bytes with the length of the JSON that follows, that JSON, and a JPEG.
 *
 * @param {ArrayBuffer} frame
 * @returns {Passing}
 */
export const readPreview = (frame) => {
  const length = new DataView(frame).getUint32(0);
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length)));
  return { ...told, picture: new Blob([new Uint8Array(frame, 4 + length)], { type: "image/jpeg" }) };
};
