"""The JSON Schemas of the wire models, with each field described by its model's docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from weft.docstrings import parse_docstring
from weft.errors import JSON

Schema: TypeAlias = dict[str, JSON]
"""A JSON Schema, or a part of the description."""

REFERENCES = "#/components/schemas/"
"""Where the description keeps the schemas that have a name."""

_ANY_JSON = re.compile(rf"^{re.escape(REFERENCES)}JSON(-Input|-Output)?$")
_ATTRIBUTES = re.compile(r"\n*^Attributes:$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ModelSchemas:
    """The schemas of some models.

    Attributes:
        references: The schema that refers to a model, by the model and how it is used.
        definitions: The schemas themselves, by name.
    """

    references: Mapping[tuple[type[BaseModel], JsonSchemaMode], Schema]
    definitions: dict[str, Schema] = field(default_factory=dict)

    def refer(self, model: type[BaseModel], mode: JsonSchemaMode) -> Schema:
        """Give the schema that stands where a model is read (validation) or written (serialization)."""
        return dict(self.references[model, mode])


def model_schemas(models: Iterable[tuple[type[BaseModel], JsonSchemaMode]]) -> ModelSchemas:
    """Make the schemas of models and of all that they hold.

    Args:
        models: Models, each with `validation` where it is read and `serialization` where it is written.

    Returns:
        Their schemas, for the components of a description.
    """
    references, schema = models_json_schema(
        list(dict.fromkeys(models)), ref_template=REFERENCES + "{model}", schema_generator=_Documented
    )
    found = cast("dict[str, Schema]", _plain(schema.get("$defs", {})))
    names = _shared_names(found)
    definitions = {
        names.get(name, name): cast("Schema", _renamed(entry, names))
        for name, entry in found.items()
        if not _ANY_JSON.match(REFERENCES + name)
    }
    renamed = {key: _renamed(entry, names) for key, entry in references.items()}
    return ModelSchemas(cast("Mapping[tuple[type[BaseModel], JsonSchemaMode], Schema]", renamed), definitions)


def _shared_names(definitions: Mapping[str, Schema]) -> dict[str, str]:
    """Give the models that are written just as they are read one name for both."""
    found: dict[str, str] = {}
    for name, entry in definitions.items():
        base, _, way = name.rpartition("-")
        if way == "Input" and definitions.get(f"{base}-Output") == entry:
            found[name] = found[f"{base}-Output"] = base
    return found


def _renamed(part: object, names: Mapping[str, str]) -> object:
    if isinstance(part, list):
        return [_renamed(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: _renamed(item, names) for key, item in part.items()}
    reference = part.get("$ref")
    if isinstance(reference, str):
        name = reference.removeprefix(REFERENCES)
        found["$ref"] = REFERENCES + names.get(name, name)
    return found


def inline_schema(model: type[BaseModel]) -> Schema:
    """Give the schema of a model that is read and holds no other model, such as one of query parameters."""
    found = model.model_json_schema(ref_template=REFERENCES + "{model}", schema_generator=_Documented)
    return cast("Schema", _plain(found))


class _Documented(GenerateJsonSchema):
    """Takes the words from docstrings, where the readers of the code have them too."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Leave out titles, which would only repeat the names of fields."""
        del schema
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Describe a model by its docstring, and its fields by the docstring's attributes."""
        found = super().model_schema(schema)
        cls = schema["cls"]
        found.pop("title", None)
        text = inspect.cleandoc(cls.__doc__ or "")
        if text and "description" in found:
            found["description"] = _ATTRIBUTES.split(text)[0].strip()
        for name, words in _attributes(cls).items():
            entry = found.get("properties", {}).get(_alias(cls, name))
            if isinstance(entry, dict):
                entry.setdefault("description", words)
        return found


def _alias(cls: type[BaseModel], name: str) -> str:
    entry = cls.model_fields.get(name)
    return name if entry is None or entry.alias is None else entry.alias


def _attributes(cls: type) -> dict[str, str]:
    """Give the words for each field, those of a base class where the class itself has none."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found.update(parse_docstring(base.__dict__.get("__doc__")).attributes)
    return found


def _plain(part: object) -> object:
    """Put the empty schema, which takes everything, where pydantic spells out what JSON is."""
    if isinstance(part, list):
        return [_plain(item) for item in part]
    if not isinstance(part, dict):
        return part
    rest = {name: _plain(item) for name, item in part.items()}
    if isinstance(part.get("$ref"), str) and _ANY_JSON.match(part["$ref"]):
        del rest["$ref"]
    return rest
