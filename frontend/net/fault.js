/** What goes wrong between the editor and the server, in the one shape in which all rooms see it. */

/** @import { ApiFault, ProblemEntry } from "../interfaces.d.ts" */

/** Codes of faults that the server did not say itself. */
export const UNREACHABLE = "unreachable";
const UNREADABLE = "answer-unreadable";

/**
 * Makes a fault.
 *
 * @param {{ code: string, message: string, status?: number, hint?: string, problems?: readonly ProblemEntry[] }} said
 * @returns {ApiFault}
 */
export const apiFault = ({ code, message, status = 0, hint = "", problems = [] }) =>
  Object.assign(new Error(message), { name: "ApiFault", code, status, hint, problems });

/**
 * Tells whether something that was thrown is a fault of a request.
 *
 * @param {unknown} thrown
 * @returns {thrown is ApiFault}
 */
export const isApiFault = (thrown) => thrown instanceof Error && thrown.name === "ApiFault";

/**
 * Makes the fault of a request that got no answer at all.
 *
 * @param {unknown} cause
 * @returns {ApiFault}
 */
export const unreachable = (cause) =>
  Object.assign(
    apiFault({
      code: UNREACHABLE,
      message: "The server does not answer.",
      hint: "Nothing is lost; the editor tries again.",
    }),
    { cause },
  );

/**
 * Reads the fault out of an answer that is no success.
 *
 * @param {Response} answer
 * @returns {Promise<ApiFault>}
 */
export const faultOf = async (answer) => {
  const text = await answer.text().catch(() => "");
  try {
    const told = JSON.parse(text);
    return apiFault({
      code: told.code,
      message: told.detail,
      status: answer.status,
      hint: told.hint,
      problems: told.problems,
    });
  } catch {
    // A proxy in between speaks for itself, in HTML.
    return apiFault({
      code: UNREADABLE,
      message: `The answer is ${answer.status} ${answer.statusText}`.trim() + ".",
      status: answer.status,
    });
  }
};
