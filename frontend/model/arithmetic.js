/**
 * Calculations in number fields: `2*512`, `(1024 - 64) / 8`, `2**10`.
 *
 * A grammar of its own in place of running text as a program:
 *
 *     sum     := product (("+" | "-") product)*
 *     product := factor (("*" | "/") factor)*
 *     factor  := ("+" | "-") factor | atom ("**" factor)?
 *     atom    := number | "(" sum ")"
 *
 * @import { Words } from "../interfaces.d.ts"
 */

const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(\*\*|[-+*/()×÷−]))/y;
/** Signs as they are printed, for those who paste them. */
const PRINTED = new Map([["×", "*"], ["÷", "/"], ["−", "-"]]);
/** Brackets and signs nest only so deep. */
const MOST_NESTED = 100;
/** Digits that are left of a fraction, so that 0.1 + 0.2 is 0.3. */
const DIGITS = 15;

/** What is wrong with a calculation. */
class Fault extends Error {
  /** @param {Words} words */
  constructor(words) {
    super(words.id);
    this.words = words;
  }
}

/**
 * Calculates what was typed.
 *
 * @param {string} text
 * @returns {{ value: number } | { fault: Words }} A finite number, or what is wrong.
 */
export function calculate(text) {
  try {
    const value = createReader(tokensOf(text)).read();
    if (!Number.isFinite(value)) throw new Fault({ id: "arithmetic.too-large" });
    return { value: Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)) };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.words };
    throw error;
  }
}

/**
 * Calculates what was typed, where it does not matter what is wrong with it.
 *
 * @param {string} text
 * @returns {number | null}
 */
export function evaluate(text) {
  const found = calculate(text);
  return "value" in found ? found.value : null;
}

/**
 * @param {string} text
 * @returns {(number | string)[]}
 */
function tokensOf(text) {
  const whole = text.trimEnd();
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < whole.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(whole);
    if (!match) throw strange(whole.slice(at).trim()[0]);
    const [, number, sign] = match;
    tokens.push(number === undefined ? PRINTED.get(sign) ?? sign : Number(number));
  }
  return tokens;
}

/** @param {string} letter */
function strange(letter) {
  // A comma may part thousands or a fraction: nobody can tell which was meant.
  return new Fault(
    letter === "," ? { id: "arithmetic.comma" } : { id: "arithmetic.letter", with: { letter } },
  );
}

/** @param {(number | string)[]} tokens */
function createReader(tokens) {
  let next = 0;
  let depth = 0;

  /** @param {...string} signs */
  const take = (...signs) => signs.includes(String(tokens[next])) ? tokens[next++] : null;

  const sum = () => {
    let value = product();
    for (let sign = take("+", "-"); sign; sign = take("+", "-")) {
      value += sign === "+" ? product() : -product();
    }
    return value;
  };

  const product = () => {
    let value = factor();
    for (let sign = take("*", "/"); sign; sign = take("*", "/")) {
      const by = factor();
      if (sign === "/" && by === 0) throw new Fault({ id: "arithmetic.zero" });
      value = sign === "*" ? value * by : value / by;
    }
    return value;
  };

  /** @returns {number} */
  const factor = () => {
    if (++depth > MOST_NESTED) throw new Fault({ id: "arithmetic.nested" });
    const sign = take("+", "-");
    let value;
    if (sign) value = sign === "-" ? -factor() : factor();
    else {
      const base = atom();
      value = take("**") ? base ** factor() : base;
    }
    depth--;
    return value;
  };

  const atom = () => {
    const token = tokens[next];
    if (token === undefined) throw new Fault({ id: "arithmetic.end" });
    next++;
    if (typeof token === "number") return token;
    if (token !== "(") throw new Fault({ id: "arithmetic.place", with: { sign: token } });
    const value = sum();
    if (!take(")")) throw new Fault({ id: "arithmetic.bracket" });
    return value;
  };

  const read = () => {
    const value = sum();
    if (next < tokens.length) throw new Fault({ id: "arithmetic.place", with: { sign: tokens[next] } });
    return value;
  };
  return { read };
}
