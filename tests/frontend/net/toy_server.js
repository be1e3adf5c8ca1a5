/** A small server that speaks the protocol of weft's: jobs, their events over WebSockets, saved workflows. */

/**
 * @import { JobView } from "../../../frontend/interfaces.d.ts"
 * @import { ServerEvent } from "../../../frontend/net/socket.js"
 */

/** @typedef {ReturnType<typeof startToyServer>} ToyServer */

/** @typedef {(request: Request, url: URL, params: Record<string, string | undefined>) => Response | Promise<Response>} Handler */

/**
 * Starts it.
 *
 * @param {{ port?: number, log?: ServerEvent[], jobs?: Map<string, JobView> }} [kept] What an earlier one left behind.
 */
export const startToyServer = ({ port = 0, log = [], jobs = new Map() } = {}) => {
  /** @type {Set<{ socket: WebSocket, job: string | null, types: Set<string> | null, said: unknown[], query: string }>} */
  const clients = new Set();
  /** @type {Map<string, unknown>} */
  const documents = new Map();
  /** @type {{ method: string, path: string, body: any, headers: Headers }[]} */
  const requests = [];
  /** @type {Map<string, Handler>} Answers instead of the usual ones, by `METHOD /path`. */
  const answers = new Map();
  /** @type {{ token: string | null, paused: boolean }} */
  const settings = { token: null, paused: false };

  /** @param {Request} request */
  const handle = async (request) => {
    const url = new URL(request.url);
    const isOpen = settings.token === null ||
      request.headers.get("Authorization") === `Bearer ${settings.token}`;
    if (!isOpen) return problem(401, "token-missing", "A token is needed.");
    if (request.headers.get("Upgrade") === "websocket") return upgrade(request, url);
    const body = request.body ? await request.clone().text() : "";
    const json = request.headers.get("Content-Type") === "application/json" && body ? JSON.parse(body) : body;
    requests.push({ method: request.method, path: url.pathname, body: json, headers: request.headers });
    const own = answers.get(`${request.method} ${url.pathname}`);
    if (own) return await own(request, url, {});
    return usual(request.method, url, json);
  };
  /** @param {Request} request @param {URL} url */
  const upgrade = (request, url) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const types = url.searchParams.get("types");
    const job = url.searchParams.get("job");
    const after = url.searchParams.get("after");
    /** @type {{ socket: WebSocket, job: string | null, types: Set<string> | null, said: unknown[], query: string }} */
    const client = {
      socket,
      job,
      types: types ? new Set(types.split(",")) : null,
      said: [],
      query: url.search,
    };
    socket.onopen = () => {
      clients.add(client);
      const missed = after === null
        ? []
        : log.filter((event) => event.number > Number(after) && wants(client, event));
      if (missed.length) socket.send(JSON.stringify(missed));
    };
    socket.onmessage = ({ data }) => client.said.push(JSON.parse(data));
    socket.onclose = () => clients.delete(client);
    return response;
  };
  /** @param {{ job: string | null, types: Set<string> | null }} client @param {{ type: string, job: string }} event */
  const wants = ({ job, types }, event) =>
    (job === null || job === event.job) && (!types || types.has(event.type));
  /** @param {string} method @param {URL} url @param {any} json */
  const usual = (method, url, json) => {
    const [, , room, id, part] = url.pathname.split("/");
    if (room === "session") return Response.json({ owner: "local", scope: "manage" });
    if (room === "queue") return Response.json({ paused: settings.paused, counts: countsOf(jobs) });
    if (room !== "jobs") return problem(404, "route-unknown", "There is nothing here.");
    if (method === "POST" && !id) return submit(json);
    if (!id) return Response.json(pageOf(jobs, url));
    const job = jobs.get(id);
    if (!job) return problem(404, "job-unknown", `There is no job ${id}.`);
    if (part === "document") return Response.json({ workflow: documents.get(id) });
    return Response.json(job);
  };
  /** @param {any} json */
  const submit = (json) => {
    const job = toyJob({ number: jobs.size + 1, name: json.name ?? "", inputs: json.inputs });
    jobs.set(job.id, job);
    documents.set(job.id, json.workflow);
    emit("job", job.id, {
      id: job.id,
      number: job.number,
      state: "queued",
      attempt: 0,
      name: job.name,
      priority: 0,
    });
    return Response.json(job, { status: 202 });
  };
  /** @param {ServerEvent["type"]} type @param {string} job @param {any} data */
  const emit = (type, job, data) => {
    const event = { number: (log.at(-1)?.number ?? 0) + 1, at: Date.now() / 1000, type, job, data };
    log.push(event);
    for (const client of clients) {
      if (client.socket.readyState === WebSocket.OPEN && wants(client, event)) {
        client.socket.send(JSON.stringify([event]));
      }
    }
    return event;
  };

  const server = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, handle);
  return {
    base: `http://127.0.0.1:${server.addr.port}`,
    port: server.addr.port,
    log,
    jobs,
    documents,
    requests,
    answers,
    clients,
    settings,
    emit,
    /**
     * Moves a job to a state, and tells it.
     *
     * @param {string} id
     * @param {Partial<JobView>} changes
     */
    move: (id, changes) => {
      const job = { .../** @type {JobView} */ (jobs.get(id)), ...changes };
      jobs.set(id, job);
      const { number, state, attempt, name, priority, problems, counts, seconds } = job;
      const outputs = job.outputs.map(({ asset, ...output }) => ({ ...output, ...asset }));
      const end = ["queued", "running"].includes(state) ? {} : { counts, seconds, outputs };
      return emit("job", id, { id, number, state, attempt, name, priority, batch: "", problems, ...end });
    },
    /** Tells what passes. @param {string} job @param {object} data @param {Uint8Array} [picture] */
    pass: (job, data, picture) => {
      const frame = { type: picture ? "preview" : "progress", job, data };
      for (const { socket } of clients) {
        socket.send(picture ? binary(frame, picture) : JSON.stringify([frame]));
      }
    },
    /** Closes the connections of those who listen. */
    hangUp: () => clients.forEach(({ socket }) => socket.close()),
    stop: async () => {
      clients.forEach(({ socket }) => socket.close());
      await server.shutdown();
    },
  };
};

/** @param {object} frame @param {Uint8Array} picture */
const binary = (frame, picture) => {
  const head = new TextEncoder().encode(JSON.stringify(frame));
  const bytes = new Uint8Array(4 + head.length + picture.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, 4);
  bytes.set(picture, 4 + head.length);
  return bytes;
};

/**
 * Makes an answer that is no success.
 *
 * @param {number} status
 * @param {string} code
 * @param {string} detail
 */
export const problem = (status, code, detail) =>
  Response.json({
    type: `urn:weft:problem:${code}`,
    title: code,
    status,
    detail,
    code,
    hint: "Do so.",
    problems: [],
  }, {
    status,
  });

/**
 * Makes a job that waits.
 *
 * @param {Partial<JobView> & { number: number }} fields
 * @returns {JobView}
 */
export const toyJob = ({ number, id = `job-${number}`, ...fields }) => ({
  id,
  number,
  state: "queued",
  name: "",
  owner: "local",
  priority: 0,
  inputs: {},
  attempt: 0,
  cancelling: false,
  created_at: "2026-01-01T00:00:00Z",
  started_at: null,
  finished_at: null,
  seconds: null,
  counts: {},
  problems: [],
  outputs: [],
  batch: null,
  retry_of: null,
  position: null,
  links: { self: "", events: "", preview: "", cancel: "", retry: "", workflow: "" },
  ...fields,
});

/** @param {string} output @param {string} digest @param {number} [index] @returns {JobView["outputs"][number]} */
export const toyPicture = (output, digest, index = 0) => {
  const url = `/api/assets/${digest}`;
  const asset = {
    digest,
    url,
    media_type: "image/png",
    size: 9,
    width: 8,
    height: 8,
    thumbnail_url: `${url}/thumbnail`,
  };
  return { output, index, type: "image", value: null, asset };
};

/** @param {Map<string, JobView>} jobs */
const countsOf = (jobs) => {
  const counts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  for (const { state } of jobs.values()) counts[state] += 1;
  return counts;
};

/** @param {Map<string, JobView>} jobs @param {URL} url */
const pageOf = (jobs, { searchParams }) => {
  const [limit, cursor, state] = ["limit", "cursor", "state"].map((name) => searchParams.get(name));
  const before = cursor === null ? Infinity : Number(cursor);
  const found = [...jobs.values()].filter((job) => job.number < before && (!state || job.state === state))
    .sort((a, b) => b.number - a.number);
  const shown = found.slice(0, Number(limit ?? 50));
  return {
    jobs: shown,
    next: found.length > shown.length ? String(shown.at(-1)?.number) : null,
    total: found.length,
  };
};

/**
 * Waits until something holds.
 *
 * @param {() => boolean} holds
 * @param {string} [what]
 */
export const until = async (holds, what = "it") => {
  for (const end = Date.now() + 20_000; !holds();) {
    if (Date.now() > end) throw new Error(`${what} did not come to hold.`);
    // deno-lint-ignore no-await-in-loop -- one look after the other
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
