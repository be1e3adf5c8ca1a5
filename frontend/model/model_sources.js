/** Where a model that is missing may be got: what a person names, and what was loaded before. */

/** @import { PullList, PullRequestBody, PullView } from "../types.d.ts" */
/** @typedef {{ repo: string, revision?: string, file?: string }} Address */

const HOSTS = new Set(["huggingface.co", "hf.co"]);
const REPO = /^[\w.-]+\/[\w.-]+$/;
const WEIGHTS = ".safetensors";

/**
 * Reads which repository is meant, and which of its files.
 *
 * @param {string} text `owner/model`, or the address of a repository of the hub or of a file in one.
 * @returns {Address | null} null where it is neither.
 */
export const readAddress = (text) => {
  const wanted = text.trim();
  if (REPO.test(wanted)) return { repo: wanted };
  if (!URL.canParse(wanted)) return null;
  const { protocol, hostname, pathname } = new URL(wanted);
  const [owner, model, way, revision, ...file] = pathname.slice(1).replace(/\/$/, "").split("/").map(
    unescaped,
  );
  const repo = `${owner}/${model ?? ""}`;
  if (protocol !== "https:" || !HOSTS.has(hostname) || !REPO.test(repo)) return null;
  if (way === undefined) return { repo };
  if (!["resolve", "blob", "tree"].includes(way) || !revision) return null;
  return file.length && way !== "tree" ? { repo, revision, file: file.join("/") } : { repo, revision };
};

/** @param {string} part */
const unescaped = (part) => {
  try {
    return decodeURIComponent(part);
  } catch {
    // A sign that begins no code of a letter stands for itself.
    return part;
  }
};

/**
 * Makes the request that puts a model where an input looks for it.
 *
 * @param {string} name The model, as the input names it.
 * @param {string} home The folder of the models folder from which the input names models, "" for that itself.
 * @param {Address} address
 * @returns {PullRequestBody}
 */
export const requestFor = (name, home, { repo, revision = "main", file }) => {
  const [own, ...folders] = name.split("/").toReversed();
  const folder = [home, ...folders.toReversed()].filter(Boolean).join("/");
  // What is no file of weights is the folder of a pipeline, whose files the server chooses.
  const files = file ? [file] : own.endsWith(WEIGHTS) ? [own] : [];
  return { repo, revision, files, folder };
};

/**
 * Finds a download that would bring a model, one that is under way or that was made before.
 *
 * @param {PullList} list The newest first.
 * @param {string} name
 * @param {string} home As above.
 * @returns {PullView | null}
 */
export const downloadOf = ({ pulls }, name, home) => {
  const target = [home, name].filter(Boolean).join("/");
  const brings = (/** @type {PullView} */ { files }) =>
    files.some((file) => file.target === target || file.target.startsWith(`${target}/`));
  return pulls.find(brings) ?? null;
};
