import assert from "node:assert/strict";

import { apiFault, faultOf, isApiFault, unreachable } from "../../../frontend/net/fault.js";

Deno.test("a fault is an error with what the server says of it", () => {
  const fault = apiFault({
    code: "job-unknown",
    message: "There is no such job.",
    status: 404,
    hint: "Look.",
  });

  assert.ok(fault instanceof Error && isApiFault(fault));
  assert.deepEqual([fault.code, fault.message, fault.status, fault.hint], [
    "job-unknown",
    "There is no such job.",
    404,
    "Look.",
  ]);
  assert.deepEqual(fault.problems, []);
});

Deno.test("other things that are thrown are no faults", () => {
  assert.ok(![new TypeError("x"), "text", null, { name: "ApiFault" }].some(isApiFault));
});

Deno.test("a request without an answer keeps the reason", () => {
  const cause = new TypeError("connection refused");

  assert.equal(unreachable(cause).cause, cause);
});

Deno.test("a problem document keeps every problem", async () => {
  const problems = [{
    code: "value-missing",
    message: "m",
    hint: "",
    node: "a",
    input: "b",
    severity: "error",
    details: {},
  }];
  const answer = Response.json({ code: "several", detail: "There are 2 problems.", hint: "", problems }, {
    status: 422,
  });

  assert.deepEqual((await faultOf(answer)).problems, problems);
});
