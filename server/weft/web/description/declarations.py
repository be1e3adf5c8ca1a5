"""The messages of the API as TypeScript declarations, which the editor is checked against.

``python -m weft.web.description.declarations frontend/types.d.ts`` writes them.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from weft.errors import JSON
from weft.web.app import all_routes
from weft.web.description.model_schemas import REFERENCES, Schema
from weft.web.description.openapi import describe

HEAD = """\
/**
 * The messages of the server's API. Made of its models by `make types`; not to be edited.
 */

import type { JSONValue } from "./interfaces.d.ts";
"""

WIDTH = 110
INDENT = "  "

_PRIMITIVES: Mapping[str, str] = MappingProxyType(
    {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
)


def declarations() -> str:
    """Write a declaration for each message of the API, with the words of its docstring."""
    description = describe(all_routes(), version="")
    schemas = cast("Mapping[str, Schema]", cast("Schema", description["components"])["schemas"])
    paths = cast("Schema", description["paths"])
    written = _reachable(_answers(paths), schemas)
    parts = [HEAD]
    for name, schema in schemas.items():
        parts.append(
            "\n".join([*_comment(schema, ""), _declaration(name, schema, is_written=name in written)])
        )
    return "\n".join(parts)


def _answers(paths: Schema) -> Iterator[JSON]:
    for item in paths.values():
        for operation in cast("Mapping[str, Schema]", item).values():
            yield operation["responses"]


def _reachable(parts: Iterator[JSON], schemas: Mapping[str, Schema]) -> frozenset[str]:
    """Give the names of the schemas that some parts refer to, themselves or by others."""
    found: dict[str, None] = {}
    waiting = [name for part in parts for name in _references(part)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += _references(schemas[name])
    return frozenset(found)


def _references(part: JSON) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _references(item)
    elif isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(REFERENCES)
        for value in part.values():
            yield from _references(value)


def _declaration(name: str, schema: Schema, *, is_written: bool) -> str:
    if "properties" in schema:
        return f"export interface {name} {_members(schema, '', is_written=is_written)}\n"
    return f"export type {name} = {_type(schema, '', is_written=is_written)};\n"


def _members(schema: Schema, indent: str, *, is_written: bool) -> str:
    lines = ["{"]
    required = cast("list[str]", schema.get("required", []))
    inner = indent + INDENT
    for name, entry in cast("Mapping[str, Schema]", schema["properties"]).items():
        # What the server writes has every field; only the default of an input may lack, which is any JSON.
        has = name in required or (is_written and not _is_any(entry))
        lines += _comment(entry, inner)
        lines.append(f"{inner}{name}{'' if has else '?'}: {_type(entry, inner, is_written=is_written)};")
    return "\n".join([*lines, f"{indent}}}"])


def _is_any(schema: Schema) -> bool:
    return not {"$ref", "const", "enum", "anyOf", "oneOf", "type"} & schema.keys()


def _type(schema: Schema, indent: str, *, is_written: bool) -> str:
    """Give the TypeScript type of the values that a schema takes."""

    def inner(part: JSON) -> str:
        return _type(cast("Schema", part), indent, is_written=is_written)

    if _is_any(schema):
        return "JSONValue"
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REFERENCES)
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in cast("list[JSON]", schema["enum"]))
    several = cast("list[JSON]", schema.get("anyOf") or schema.get("oneOf") or [])
    if several and "properties" not in schema:
        return " | ".join(dict.fromkeys(inner(part) for part in several))
    return _by_kind(schema, indent, is_written=is_written)


def _by_kind(schema: Schema, indent: str, *, is_written: bool) -> str:
    kind = schema.get("type")
    if kind == "array":
        item = _type(cast("Schema", schema.get("items", {})), indent, is_written=is_written)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if "properties" in schema:
        return _members(schema, indent, is_written=is_written)
    if kind == "object":
        more = schema.get("additionalProperties", {})
        value = _type(more if isinstance(more, dict) else {}, indent, is_written=is_written)
        return f"Record<string, {value}>"
    return _PRIMITIVES[str(kind)]


def _comment(schema: Schema, indent: str) -> list[str]:
    text = str(schema.get("description", "")).replace("*/", "* /")
    if not text:
        return []
    if len(indent) + len(text) + len("/**  */") <= WIDTH and "\n" not in text:
        return [f"{indent}/** {text} */"]
    width = WIDTH - len(indent) - len(" * ")
    lines = [line for given in text.splitlines() for line in textwrap.wrap(given, width) or [""]]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(declarations(), encoding="utf-8")
