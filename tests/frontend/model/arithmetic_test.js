/** Number fields calculate. */

import assert from "node:assert/strict";
import { calculate, evaluate } from "../../../frontend/model/arithmetic.js";

Deno.test("numbers are read as they are written", () => {
  const numbers = {
    "7": 7,
    " 0.5 ": 0.5,
    ".5": 0.5,
    "5.": 5,
    "1e3": 1000,
    "2.5E-2": 0.025,
    "-4": -4,
    "+4": 4,
    "007": 7,
  };
  for (const [text, value] of Object.entries(numbers)) assert.equal(evaluate(text), value, text);
  assert.equal(evaluate("9007199254740991"), Number.MAX_SAFE_INTEGER);
});

Deno.test("products go before sums, powers before products and signs, and equals from left to right", () => {
  const sums = {
    "2*512": 1024,
    "1+2*3": 7,
    "(1 + 2) * 3": 9,
    "10-4-3": 3,
    "64/8/2": 4,
    "2**10": 1024,
    "2**3**2": 512,
    "-2**2": -4,
    "2**-1": 0.5,
    "2*-3": -6,
    "--3": 3,
    "6−2×2÷4": 5,
  };
  for (const [text, value] of Object.entries(sums)) assert.equal(evaluate(text), value, text);
});

Deno.test("fractions carry no noise of the machine", () => {
  assert.equal(evaluate("0.1+0.2"), 0.3);
  assert.equal(evaluate("1.1*3"), 3.3);
});

Deno.test("what is wrong is said", () => {
  const wrong = {
    "": "end",
    "2*": "end",
    "2 3": "place",
    "*2": "place",
    "2)": "place",
    "()": "place",
    "(2": "bracket",
    "1/0": "zero",
    "1/(2-2)": "zero",
    "10**400": "too-large",
    "(-8)**0.5": "too-large",
    "1,5": "comma",
    "2a": "letter",
    "alert(1)": "letter",
    "0x10": "letter",
    "1e": "letter",
  };
  for (const [text, fault] of Object.entries(wrong)) {
    const found = calculate(text);
    assert.equal("fault" in found && found.fault.id, `arithmetic.${fault}`, text);
    assert.equal(evaluate(text), null);
  }
});

Deno.test("the letter that does not belong is named", () => {
  assert.deepEqual(calculate("3 px"), { fault: { id: "arithmetic.letter", with: { letter: "p" } } });
});

Deno.test("brackets and signs without end are refused without a crash", () => {
  for (const text of ["(".repeat(100_000), "-".repeat(100_000) + "1", "2**".repeat(100_000) + "1"]) {
    assert.deepEqual(calculate(text), { fault: { id: "arithmetic.nested" } });
  }
});
