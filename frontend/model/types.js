/**
 * Socket types, their text form, and the rules by which an output may feed an input.
 *
 * A type is written `int`, `image`, `list[image]`, `image | null` or `$T`. The rules are those of the server, tried
 * in the order in which `GET /api/types` lists them; `tests/connection_cases.json` holds both to the same verdicts.
 *
 * @import { Words } from "../interfaces.d.ts"
 */

/**
 * A builtin (`int`, `float`, `bool`, `string`, `json`) or a value type by its name.
 * @typedef {{ readonly kind: "named", readonly text: string }} Named
 */
/**
 * What a list holds is of one type.
 * @typedef {{ readonly kind: "list", readonly text: string, readonly item: SocketType }} ListOf
 */
/**
 * The type of null alone; as a member of a union it makes an input optional.
 * @typedef {{ readonly kind: "null", readonly text: string }} Nothing
 */
/**
 * Known only from what is connected; equal names stand for equal types in one node.
 * @typedef {{ readonly kind: "variable", readonly text: string, readonly name: string }} Variable
 */
/**
 * One of several types. `union` makes it and keeps equal unions equal.
 * @typedef {{ readonly kind: "union", readonly text: string, readonly members: readonly SocketType[] }} Union
 */
/**
 * A type. Two types are equal where their `text` is.
 * @typedef {Named | ListOf | Nothing | Variable | Union} SocketType
 */
/** @typedef {ReadonlyMap<string, readonly string[]>} Supertypes For each value type all types above it. */
/** @typedef {"same"|"variable"|"subtype"|"int-to-float"|"optional"|"union"|"wrap"|"map"} Rule */
/** @typedef {ReadonlyMap<string, SocketType>} Bindings What type variables stand for. */
/** @typedef {{ rule: Rule, bindings: Bindings }} Allowed The rule that allows a link, and what it makes known. */

/** Deepest nesting of lists in the text of a type. */
const MOST_NESTED = 16;

/** @type {Bindings} */
const UNBOUND = new Map();

/** @type {Nothing} */
const NULL = Object.freeze({ kind: "null", text: "null" });

/** A text that is not a type. */
export class TypeUnreadableError extends Error {
  /**
   * @param {string} text
   * @param {string} fault
   */
  constructor(text, fault) {
    super(`"${text}" is not a type: ${fault}.`);
    this.name = "TypeUnreadableError";
  }
}

/** @type {Map<string, SocketType>} */
const known = new Map();

/**
 * Reads a type from its text. Texts are read once: the types of a session are few.
 *
 * @param {string} text
 * @returns {SocketType}
 * @throws {TypeUnreadableError} The text is not a type, or nests lists too deeply.
 */
export function parseType(text) {
  const found = known.get(text);
  if (found) return found;
  const read = createReader(text, tokensOf(text)).read();
  known.set(text, read);
  return read;
}

/**
 * @param {string} text
 * @returns {string[]}
 */
function tokensOf(text) {
  const token = /\s*(list\[|\]|\||\$?[A-Za-z_][\p{L}\p{N}_.:-]*)/uy;
  const whole = text.trimEnd();
  const tokens = [];
  while (token.lastIndex < whole.length) {
    const at = token.lastIndex;
    const match = token.exec(whole);
    if (!match) throw new TypeUnreadableError(text, `unexpected "${whole[at]}"`);
    tokens.push(match[1]);
  }
  return tokens;
}

/**
 * Reads `union := single ("|" single)*` from tokens.
 *
 * @param {string} text
 * @param {string[]} tokens
 */
function createReader(text, tokens) {
  let next = 0;

  /** @param {number} depth */
  const readUnion = (depth) => {
    const members = [readSingle(depth)];
    while (tokens[next] === "|") {
      next++;
      members.push(readSingle(depth));
    }
    return union(...members);
  };

  /**
   * @param {number} depth
   * @returns {SocketType}
   */
  const readSingle = (depth) => {
    const word = tokens[next++] ?? "";
    if (word === "list[") {
      if (depth >= MOST_NESTED) throw new TypeUnreadableError(text, "lists nest too deeply");
      const item = readUnion(depth + 1);
      if (tokens[next++] !== "]") throw new TypeUnreadableError(text, '"]" is missing');
      return listOf(item);
    }
    if (["", "|", "]", "list"].includes(word)) throw new TypeUnreadableError(text, "a type is missing");
    if (word === "null") return NULL;
    if (word.startsWith("$")) return { kind: "variable", text: word, name: word.slice(1) };
    return { kind: "named", text: word };
  };

  const read = () => {
    const found = readUnion(0);
    if (next < tokens.length) throw new TypeUnreadableError(text, `unexpected "${tokens[next]}"`);
    return found;
  };
  return { read };
}

/**
 * Gives the type of lists of one type.
 *
 * @param {SocketType} item
 * @returns {ListOf}
 */
export function listOf(item) {
  return { kind: "list", text: `list[${item.text}]`, item };
}

/**
 * Joins types, at least one: nested unions are flattened, duplicates dropped, members sorted with null last.
 *
 * @param {...SocketType} types
 * @returns {SocketType}
 */
export function union(...types) {
  const distinct = new Map(types.flatMap(membersOf).map((member) => [member.text, member]));
  const members = [...distinct.values()].sort((a, b) =>
    Number(a.kind === "null") - Number(b.kind === "null") || (a.text < b.text ? -1 : 1)
  );
  if (members.length === 1) return members[0];
  return { kind: "union", text: members.map((member) => member.text).join(" | "), members };
}

/**
 * Gives the members of a union, or the type itself as the only one.
 *
 * @param {SocketType} type
 * @returns {readonly SocketType[]}
 */
export function membersOf(type) {
  return type.kind === "union" ? type.members : [type];
}

/**
 * Tells whether null is among what a type allows.
 *
 * @param {SocketType} type
 */
export function isOptional(type) {
  return membersOf(type).some((member) => member.kind === "null");
}

/**
 * Gives a type less its null; null alone stays null.
 *
 * @param {SocketType} type
 */
export function withoutNull(type) {
  const rest = membersOf(type).filter((member) => member.kind !== "null");
  return rest.length ? union(...rest) : NULL;
}

/**
 * Tells whether a type variable occurs in a type.
 *
 * @param {SocketType} type
 * @returns {boolean}
 */
export function hasVariables(type) {
  if (type.kind === "list") return hasVariables(type.item);
  return type.kind === "variable" || (type.kind === "union" && type.members.some(hasVariables));
}

/**
 * Puts the bound types in the place of their variables; unbound variables stay.
 *
 * @param {SocketType} type
 * @param {Bindings} bindings
 * @returns {SocketType}
 */
export function substitute(type, bindings) {
  if (type.kind === "variable") return bindings.get(type.name) ?? type;
  if (type.kind === "list") return listOf(substitute(type.item, bindings));
  if (type.kind === "union") return union(...type.members.map((member) => substitute(member, bindings)));
  return type;
}

/**
 * Decides whether an output may feed an input.
 *
 * @param {SocketType} source Type of the output, with its variables replaced where they are known.
 * @param {SocketType} target Type of the input.
 * @param {Supertypes} supertypes
 * @returns {Allowed | null} What the first rule that allows the link says; null where none does.
 */
export function fits(source, target, supertypes) {
  const whole = fitsDirectly(source, target, supertypes);
  if (whole) return whole;
  for (const member of membersOf(target)) {
    const item = member.kind === "list" && fitsDirectly(source, member.item, supertypes);
    if (item) return { rule: "wrap", bindings: item.bindings };
  }
  const each = source.kind === "list" && fitsDirectly(source.item, target, supertypes);
  return each ? { rule: "map", bindings: each.bindings } : null;
}

/**
 * Applies the rules that change nothing about lists; null where none of them allows the link.
 *
 * @param {SocketType} source
 * @param {SocketType} target
 * @param {Supertypes} supertypes
 * @returns {Allowed | null}
 */
export function fitsDirectly(source, target, supertypes) {
  if (source.text === target.text) return { rule: "same", bindings: UNBOUND };
  if (target.kind === "variable") return { rule: "variable", bindings: new Map([[target.name, source]]) };
  if (source.kind === "union") return wholeUnion(source, target, supertypes);
  if (target.kind === "union") return oneMember(source, target, supertypes);
  if (source.kind === "list" && target.kind === "list") {
    return fitsDirectly(source.item, target.item, supertypes);
  }
  if (source.text === "int" && target.text === "float") return { rule: "int-to-float", bindings: UNBOUND };
  const isBelow = source.kind === "named" && supertypes.get(source.text)?.includes(target.text);
  return isBelow ? { rule: "subtype", bindings: UNBOUND } : null;
}

/**
 * @param {Union} source
 * @param {SocketType} target
 * @param {Supertypes} supertypes
 * @returns {Allowed | null}
 */
function wholeUnion(source, target, supertypes) {
  // `image | null` into `$T | null` binds T to what is left when the null is taken care of.
  const variables = membersOf(target).filter((member) => member.kind === "variable");
  const fixed = membersOf(target).filter((member) => member.kind !== "variable");
  const inner = source.members.map((member) => firstFit(member, fixed, supertypes));
  const left = source.members.filter((_, index) => !inner[index]);
  if (left.length && variables.length !== 1) return null;
  /** @type {Map<string, SocketType>} */
  const bindings = new Map();
  if (left.length) bindings.set(variables[0].name, union(...left));
  for (const [name, type] of inner.flatMap((fit) => [...(fit?.bindings ?? [])])) {
    if ((bindings.get(name) ?? type).text !== type.text) return null;
    bindings.set(name, type);
  }
  return { rule: "union", bindings };
}

/**
 * Gives the first fit among members, the exact ones tried before those that convert.
 *
 * @param {SocketType} source
 * @param {readonly SocketType[]} members
 * @param {Supertypes} supertypes
 * @returns {Allowed | null}
 */
function firstFit(source, members, supertypes) {
  if (members.some((member) => member.text === source.text)) return { rule: "same", bindings: UNBOUND };
  for (const member of members) {
    const fit = fitsDirectly(source, member, supertypes);
    if (fit) return fit;
  }
  return null;
}

/**
 * @param {SocketType} source
 * @param {Union} target
 * @param {Supertypes} supertypes
 * @returns {Allowed | null}
 */
function oneMember(source, target, supertypes) {
  const variablesLast = [...target.members].sort((a, b) =>
    Number(a.kind === "variable") - Number(b.kind === "variable")
  );
  const inner = firstFit(source, variablesLast, supertypes);
  if (inner?.rule !== "same") return inner;
  return { rule: isOptional(target) ? "optional" : "union", bindings: inner.bindings };
}

/**
 * Gives the wider of two types that both fit, as two inputs of one variable need it.
 *
 * @param {SocketType} first
 * @param {SocketType} second
 * @param {Supertypes} supertypes
 * @returns {SocketType | null} `second` where `first` fits it without wrapping or mapping, else `first` where
 * `second` fits it so, else null.
 */
export function common(first, second, supertypes) {
  if (fitsDirectly(first, second, supertypes)) return second;
  return fitsDirectly(second, first, supertypes) ? first : null;
}

/**
 * Says why no rule lets an output feed an input.
 *
 * @param {SocketType} source
 * @param {SocketType} target
 * @returns {Words}
 */
export function refusal(source, target) {
  const gap = { source: source.text, target: target.text };
  if (source.kind === "variable") return { id: "fit.unknown", with: gap };
  if (isOptional(source) && !isOptional(target)) return { id: "fit.null", with: gap };
  if (source.kind === "union") return { id: "fit.union", with: gap };
  if (source.kind === "list" && source.item.kind === "list") return { id: "fit.nested", with: gap };
  return { id: "fit.no", with: gap };
}
