/**
 * A workflow as a command line and as a program: how it is run from elsewhere.
 *
 * @import { JSONValue } from "../interfaces.d.ts"
 */

import { writeJSON } from "./json.js";
import { linksIn, splitSocket } from "./links.js";
import { own } from "./records.js";

/** @typedef {{ [key: string]: JSONValue }} JSONObject */

/**
 * @typedef {object} Exported
 * @property {string} origin Of the server, such as `http://127.0.0.1:9338`.
 * @property {JSONObject} document As it is saved.
 * @property {string | null} [name] What it is saved under, as it stands; null sends the document along.
 */

/** Seconds that the server is asked to wait for the end of a run, which is the most that it does. */
const WAIT_S = 300;
/** What a JSON text says in other words than Python, and the strings in which that is not meant. */
const PYTHON_WORDS = new Map([["true", "True"], ["false", "False"], ["null", "None"]]);

/**
 * Gives a command for a POSIX shell that runs a workflow and prints what came of it as JSON.
 *
 * @param {Exported} exported
 */
export function curl(exported) {
  const { path, body } = requestOf(exported);
  const token = needsToken(exported.origin) ? ['-H "Authorization: Bearer $WEFT_TOKEN"'] : [];
  const parts = [
    `curl -sS --fail-with-body ${quoted(`${exported.origin}${path}`)}`,
    "-H 'Content-Type: application/json'",
    ...token,
    // Quoted so, the shell reads what follows as it is; and no line of JSON is that word alone.
    "--data-binary @- <<'JSON'",
  ];
  return `${parts.join(" \\\n  ")}\n${writeJSON(body, 2)}\nJSON\n`;
}

/**
 * Gives a program for Python's standard library that runs a workflow and saves its pictures.
 *
 * @param {Exported} exported
 */
export function python(exported) {
  const { path, body } = requestOf(exported);
  const isSafe = needsToken(exported.origin);
  return `import json
${isSafe ? "import os\n" : ""}import urllib.error
import urllib.request

SERVER = ${pythonOf(exported.origin)}
HEADERS = {"Content-Type": "application/json"${
    isSafe ? ', "Authorization": f"Bearer {os.environ[\'WEFT_TOKEN\']}"' : ""
  }}
BODY = ${pythonOf(body)}


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(SERVER + path, data, HEADERS)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(error.read().decode()) from error


job = json.loads(call(${pythonOf(path)}, BODY))
while job["finished_at"] is None:
    job = json.loads(call(job["links"]["self"] + "?wait=${WAIT_S}"))
for problem in job["problems"]:
    print(problem["message"], problem["hint"])
for output in job["outputs"]:
    if output["asset"] is None:
        print(output["output"], output["value"])
        continue
    kind = output["asset"]["media_type"].split("/")[-1]
    name = f"{output['output']}-{output['index']}.{kind}"
    with open(name, "wb") as file:
        file.write(call(output["asset"]["url"]))
    print(name)
`;
}

/**
 * @param {Exported} exported
 * @returns {{ path: string, body: JSONObject }}
 */
function requestOf({ document, name = null }) {
  if (name === null) return { path: `/api/jobs?wait=${WAIT_S}`, body: { workflow: withoutView(document) } };
  return { path: `/api/workflows/${encoded(name)}/run?wait=${WAIT_S}`, body: inputsOf(document) };
}

/**
 * Gives a document less how it is shown, which never changes a result.
 *
 * @param {JSONObject} document
 * @returns {JSONObject}
 */
function withoutView({ view: _, workflows, ...document }) {
  if (!workflows) return document;
  const carried = Object.entries(/** @type {Record<string, JSONObject>} */ (workflows));
  return {
    ...document,
    workflows: Object.fromEntries(carried.map(([name, inner]) => [name, withoutView(inner)])),
  };
}

/**
 * Gives what stands in a document for each of its inputs, so that there is something to change.
 *
 * @param {JSONObject} document
 * @returns {JSONObject}
 */
function inputsOf(document) {
  const ports = /** @type {Record<string, { to: string[] }>} */ (document.inputs ?? {});
  const nodes = /** @type {Record<string, { inputs?: JSONObject }>} */ (document.nodes ?? {});
  return Object.fromEntries(
    Object.entries(ports).flatMap(([name, { to: [first] }]) => {
      const [node, input] = splitSocket(first);
      const value = own(own(nodes, node)?.inputs, input);
      return value === undefined || linksIn(value).length ? [] : [[name, value]];
    }),
  );
}

/**
 * Tells whether a server asks for a token, which it does unless it listens to this machine alone.
 *
 * @param {string} origin
 */
function needsToken(origin) {
  return !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(origin).hostname);
}

/** @param {string} name */
function encoded(name) {
  return encodeURIComponent(name).replaceAll("'", "%27");
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Writes JSON as Python, whose strings are written alike.
 *
 * @param {JSONValue} value
 */
function pythonOf(value) {
  const text = writeJSON(value, 4);
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|true|false|null/g, (found) => PYTHON_WORDS.get(found) ?? found);
}
