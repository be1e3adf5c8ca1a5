"""JSON Schemas as tables of fields, unfolded as deep as a reader wants to look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from markupsafe import Markup

from weft.errors import JSON
from weft.web.description.model_schemas import REFERENCES, Schema

DEEPEST_UNFOLDING = 4
"""Objects within objects are unfolded to this depth; below it their names stand, and lead to their tables."""

_LIMITS: tuple[tuple[str, str], ...] = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "{} or more characters"),
    ("maxLength", "up to {} characters"),
    ("minItems", "{} or more items"),
    ("maxItems", "up to {} items"),
    ("pattern", "matches {}"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object, ready to be shown.

    Attributes:
        name: Its name.
        type: Its type in words.
        links: The named schemas that the type mentions.
        is_required: Whether it must be there.
        description: What it is, as HTML.
        limits: What else a value must be, and what stands there where nothing is given.
        fields: The fields of the object, or of the objects in the list, that it holds.
    """

    name: str
    type: str
    links: tuple[str, ...]
    is_required: bool
    description: Markup
    limits: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedSchema:
    """A schema with a name, ready to be shown.

    Attributes:
        name: Its name.
        description: What it is, as HTML.
        fields: Its fields.
    """

    name: str
    description: Markup
    fields: tuple[Field, ...]


class Fields:
    """Unfolds schemas.

    Args:
        schemas: The named schemas of a description.
        markdown: Turns Markdown into HTML.
    """

    def __init__(self, schemas: Mapping[str, Schema], markdown: Callable[[str], Markup]) -> None:
        self._schemas = schemas
        self._markdown = markdown

    def named(self) -> list[NamedSchema]:
        """Unfold every named schema by one level."""
        return [
            NamedSchema(
                name,
                self._markdown(str(schema.get("description", ""))),
                self._unfold(schema, (name,) * DEEPEST_UNFOLDING),
            )
            for name, schema in self._schemas.items()
        ]

    def of(self, schema: Schema | None, *, depth: int = DEEPEST_UNFOLDING) -> tuple[Field, ...]:
        """Unfold a schema; one that is no object has no fields.

        Args:
            schema: The schema; None has no fields either.
            depth: So many objects within objects are unfolded, 1..`DEEPEST_UNFOLDING`.
        """
        return () if schema is None else self._unfold(schema, ("",) * (DEEPEST_UNFOLDING - depth))

    def field(self, name: str, schema: Schema, *, is_required: bool, within: tuple[str, ...] = ()) -> Field:
        """Give one field.

        Args:
            name: Its name.
            schema: Its schema.
            is_required: Whether it must be there.
            within: The named schemas that it lies in.
        """
        return Field(
            name=name,
            type=self.words(schema),
            links=tuple(dict.fromkeys(_names_in(schema))),
            is_required=is_required,
            description=self._markdown(str(schema.get("description", ""))),
            limits=_limits(schema),
            fields=self._unfold(schema, within),
        )

    def words(self, schema: Schema) -> str:
        """Name a type as a reader would."""
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return reference.removeprefix(REFERENCES)
        options = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(options, list):
            return " or ".join(dict.fromkeys(self.words(cast("Schema", option)) for option in options))
        if "const" in schema:
            return json.dumps(schema["const"])
        if isinstance(schema.get("enum"), list):
            return " or ".join(json.dumps(word) for word in cast("list[JSON]", schema["enum"]))
        if schema.get("type") == "array":
            return f"list of {self.words(cast('Schema', schema.get('items') or {}))}"
        values = schema.get("additionalProperties")
        if schema.get("type") == "object" and isinstance(values, dict):
            return f"object of {self.words(values)}" if values else "object"
        if schema.get("format") == "binary":
            return "file"
        return str(schema.get("type", "any JSON"))

    def _unfold(self, schema: Schema, within: tuple[str, ...]) -> tuple[Field, ...]:
        name = _reference_in(schema)
        if name is not None:
            if name in within or len(within) >= DEEPEST_UNFOLDING:
                return ()
            schema, within = self._schemas[name], (*within, name)
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return ()
        required = cast("list[str]", schema.get("required", []))
        return tuple(
            self.field(entry, cast("Schema", part), is_required=entry in required, within=within)
            for entry, part in properties.items()
        )


def _reference_in(schema: Schema) -> str | None:
    """Give the only named schema that a schema is, lists or allows beside null; None where there is none."""
    names = list(_names_in(schema))
    return names[0] if len(names) == 1 else None


def _names_in(schema: Schema) -> Iterator[str]:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        yield reference.removeprefix(REFERENCES)
    for key in ("anyOf", "oneOf", "items", "prefixItems", "additionalProperties"):
        part = schema.get(key)
        for entry in part if isinstance(part, list) else [part]:
            if isinstance(entry, dict):
                yield from _names_in(entry)


def _limits(schema: Schema) -> str:
    """Say what else a value must be; of a type that may be null, what the other one must be."""
    options = schema.get("anyOf")
    parts = [schema, *(cast("list[Schema]", options) if isinstance(options, list) else [])]
    found = [words.format(part[key]) for part in parts for key, words in _LIMITS if key in part]
    if schema.get("default") is not None:
        found.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    return ", ".join(found)
