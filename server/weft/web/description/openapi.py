"""The OpenAPI 3.1 description, made from what the routes declare and what the saved workflows take."""

from __future__ import annotations

import http
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast
from urllib.parse import quote

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from weft.errors import JSON
from weft.registry import Catalog
from weft.web.description.function_schema import Function, function_schema
from weft.web.description.model_schemas import ModelSchemas, Schema, inline_schema, model_schemas
from weft.web.description.overview import HEADERS, OVERVIEW, PATH_PARAMETERS, TAGS
from weft.web.images.images_wire import DIALECT_PREFIX, DialectError
from weft.web.problems import PROBLEM_TYPE, RETRY_AFTER_S, ProblemDocument
from weft.web.routing import Answer, Media, Policy, Route

FUNCTION_PATH = "/api/workflows/{name}/run"
"""The operation that each saved workflow gets a typed one of."""

FUNCTIONS_TAG = "Saved workflows"
JSON_TYPE = "application/json"

_PARAMETER = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")
_SECTION = re.compile(r"^(Args|Raises|Returns):$", re.MULTILINE)
_VERBS: Mapping[Policy, str] = MappingProxyType(
    {
        Policy.PUBLIC: "",
        Policy.READ: "Needs the scope `read` where a token is needed.",
        Policy.SUBMIT: "Needs the scope `submit` where a token is needed.",
        Policy.MANAGE: "Needs the scope `manage` where a token is needed.",
    }
)


@dataclass(frozen=True, slots=True)
class Functions:
    """The saved workflows, each of which is described as an operation of its own.

    Attributes:
        entries: The workflows.
        catalog: What their choices are looked up in.
    """

    entries: tuple[Function, ...]
    catalog: Catalog


def describe(routes: Sequence[Route], *, version: str, functions: Functions | None = None) -> dict[str, JSON]:
    """Describe the API.

    Args:
        routes: What the server answers.
        version: Version of weft.
        functions: The saved workflows; None where they are not to be shown.

    Returns:
        An OpenAPI 3.1 document.
    """
    shown = [entry for entry in routes if entry.is_documented]
    schemas = model_schemas(_models(shown))
    paths: dict[str, JSON] = {}
    for entry in shown:
        item = cast("Schema", paths.setdefault(plain_path(entry.path), {}))
        item[entry.method.lower()] = _operation(entry, schemas)
    if functions is not None:
        general = next((entry for entry in shown if entry.path == FUNCTION_PATH), None)
        paths.update({} if general is None else _function_paths(general, functions, schemas))
    used = dict.fromkeys(entry.tag for entry in shown)
    tags = [name for name in TAGS if name in {*used, FUNCTIONS_TAG}] + [
        name for name in used if name not in TAGS
    ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "weft",
            "version": version,
            "description": OVERVIEW,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": TAGS.get(name, "")} for name in tags],
        "paths": paths,
        "components": {
            "schemas": cast("JSON", dict(sorted(schemas.definitions.items()))),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Needed where the server listens beyond the loopback address.",
                }
            },
        },
    }


def plain_path(path: str) -> str:
    """Give a route's path without the patterns of its parameters."""
    return _PARAMETER.sub(r"{\1}", path)


def _models(routes: Iterable[Route]) -> Iterator[tuple[type[BaseModel], JsonSchemaMode]]:
    yield ProblemDocument, "serialization"
    yield DialectError, "serialization"
    for entry in routes:
        body = entry.body.fields if isinstance(entry.body, Media) else entry.body
        if body is not None:
            yield body, "validation"
        for answer in entry.answers.values():
            for part in _parts(answer):
                if not isinstance(part, Media):
                    yield part, "serialization"
                elif part.fields is not None:
                    yield part.fields, "validation"


def _parts(answer: Answer) -> tuple[type[BaseModel] | Media, ...]:
    if answer is None:
        return ()
    return answer if isinstance(answer, tuple) else (answer,)


def _operation(entry: Route, schemas: ModelSchemas) -> Schema:
    summary, description = _words(entry)
    found: Schema = {
        "operationId": entry.name,
        "tags": [entry.tag],
        "summary": summary,
        "description": description,
        "parameters": cast("JSON", [*_path_parameters(entry), *_query_parameters(entry), *_headers(entry)]),
        "responses": cast("JSON", dict(_responses(entry, schemas))),
        "security": [{}] if entry.policy is Policy.PUBLIC else [{}, {"token": []}],
    }
    if not found["parameters"]:
        del found["parameters"]
    body = _body(entry, schemas)
    if body is not None:
        found["requestBody"] = body
    return found


def _words(entry: Route) -> tuple[str, str]:
    """Give the first line of a handler's docstring, and what follows it for the callers of the API."""
    text = inspect.cleandoc(entry.handler.__doc__ or "")
    summary, _, rest = text.partition("\n")
    rest = _SECTION.split(rest)[0].strip().replace("``", "`")
    return summary.rstrip("."), "\n\n".join(part for part in (rest, _VERBS[entry.policy]) if part)


def _path_parameters(entry: Route) -> list[Schema]:
    found = _PARAMETER.findall(entry.path)
    return [_path_parameter(name, pattern, entry.parts.get(name)) for name, pattern in found]


def _path_parameter(name: str, pattern: str, example: str | None) -> Schema:
    known = PATH_PARAMETERS[name]
    wanted = f"^{pattern}$" if pattern else known.pattern
    schema: Schema = {"type": "string", **({"pattern": wanted} if wanted else {"minLength": 1})}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": known.description,
        "schema": schema,
        "example": known.example if example is None else example,
    }


def _query_parameters(entry: Route) -> list[Schema]:
    if entry.query is None:
        return []
    schema = inline_schema(entry.query)
    required = cast("list[str]", schema.get("required", []))
    found: list[Schema] = []
    for name, part in cast("dict[str, Schema]", schema.get("properties", {})).items():
        content = dict(part)
        words = content.pop("description", "")
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": words,
                "schema": _without_null(content),
            }
        )
    return found


def _without_null(schema: Schema) -> Schema:
    """Take null out of a query parameter's schema: a parameter is there or not, it cannot be null."""
    options = schema.get("anyOf")
    if not isinstance(options, list):
        return schema
    kept = [option for option in options if option != {"type": "null"}]
    rest = {name: part for name, part in schema.items() if name != "anyOf" and part is not None}
    if len(kept) == 1 and isinstance(kept[0], dict):
        return {**kept[0], **rest}
    return {**rest, "anyOf": kept}


def _headers(entry: Route) -> list[Schema]:
    names = [*entry.headers, *(["If-None-Match"] if 304 in entry.answers else [])]
    return [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": HEADERS[name].description,
            "schema": cast("JSON", dict(HEADERS[name].schema)),
        }
        for name in names
    ]


def _body(entry: Route, schemas: ModelSchemas) -> Schema | None:
    if entry.body is None:
        return None
    if isinstance(entry.body, Media):
        schema = _media_schema(entry.body, schemas)
        content: Schema = {name: {"schema": schema} for name in entry.body.types}
        return {"description": entry.body.description, "required": True, "content": content}
    described: Schema = {"schema": schemas.refer(entry.body, "validation")}
    if entry.example is not None:
        described["example"] = dict(entry.example)
    return {"required": True, "content": {JSON_TYPE: described}}


def _media_schema(media: Media, schemas: ModelSchemas) -> Schema:
    if media.fields is not None:
        return schemas.refer(media.fields, "validation")
    if media.types == (JSON_TYPE,):
        return {"type": "object"}
    is_text = all(name.startswith("text/") for name in media.types)
    return {"type": "string"} if is_text else {"type": "string", "format": "binary"}


def _responses(entry: Route, schemas: ModelSchemas) -> Iterator[tuple[str, Schema]]:
    for status, answer in sorted(entry.answers.items()):
        found: Schema = {"description": _answer_words(status, answer)}
        content: Schema = {}
        for part in _parts(answer):
            if isinstance(part, Media):
                content.update({name: {"schema": _media_schema(part, schemas)} for name in part.types})
            else:
                content[JSON_TYPE] = {"schema": schemas.refer(part, "serialization")}
        if content:
            found["content"] = content
        headers = _answer_headers(entry, status)
        if headers:
            found["headers"] = headers
        yield str(status), found
    for status in sorted(fault_statuses(entry)):
        yield str(status), _fault(entry, status, schemas)


def _answer_words(status: int, answer: Answer) -> str:
    media = [part.description for part in _parts(answer) if isinstance(part, Media)]
    return " ".join([f"{http.HTTPStatus(status).phrase}.", *media])


def _answer_headers(entry: Route, status: int) -> Schema:
    names = [*(["Location"] if status in (201, 202) else []), *(["ETag"] if 304 in entry.answers else [])]
    return {
        name: {"description": HEADERS[name].description, "schema": dict(HEADERS[name].schema)}
        for name in names
    }


def fault_statuses(entry: Route) -> frozenset[int]:
    """Give the statuses with which a route refuses a call, those of the frame around all routes included."""
    found = {*entry.faults, 400, 403, 421, 500}
    if entry.policy is not Policy.PUBLIC:
        found.add(401)
    if entry.body is not None:
        found.update({413, 415})
        if not isinstance(entry.body, Media) and not is_dialect(entry):
            found.add(422)
    return frozenset(found - entry.answers.keys())


def is_dialect(entry: Route) -> bool:
    """Tell whether a route speaks OpenAI's dialect, in which a body that does not fit is a 400."""
    return entry.path.startswith(DIALECT_PREFIX)


def _fault(entry: Route, status: int, schemas: ModelSchemas) -> Schema:
    schema = schemas.refer(DialectError if is_dialect(entry) else ProblemDocument, "serialization")
    found: Schema = {
        "description": f"{http.HTTPStatus(status).phrase}.",
        "content": {JSON_TYPE if is_dialect(entry) else PROBLEM_TYPE: {"schema": schema}},
    }
    if status in RETRY_AFTER_S:
        known = HEADERS["Retry-After"]
        found["headers"] = {"Retry-After": {"description": known.description, "schema": dict(known.schema)}}
    return found


def _function_paths(general: Route, functions: Functions, schemas: ModelSchemas) -> Schema:
    """Describe each saved workflow as an operation whose body is its own inputs."""
    paths: Schema = {}
    for number, function in enumerate(functions.entries):
        if not function.is_callable:
            continue
        operation = _operation(general, schemas)
        document = function.document
        operation["operationId"] = f"{general.name}_{number}_{re.sub(r'[^A-Za-z0-9]+', '_', function.name)}"
        operation["tags"] = [FUNCTIONS_TAG]
        operation["summary"] = document.title or function.name
        operation["description"] = _function_words(function)
        parameters = cast("list[Schema]", operation.get("parameters", []))
        operation["parameters"] = cast("JSON", [entry for entry in parameters if entry["in"] != "path"])
        content: Schema = {"schema": function_schema(function, functions.catalog)}
        if not any(entry.required for entry in function.signature.inputs.values()):
            content["example"] = _function_example(function)
        operation["requestBody"] = {"required": True, "content": {JSON_TYPE: content}}
        paths[f"/api/workflows/{quote(function.name, safe='')}/run"] = {"post": operation}
    return paths


def _function_words(function: Function) -> str:
    outputs = "\n".join(
        f"- `{name}` ({entry.type}): {entry.doc}" for name, entry in function.signature.outputs.items()
    )
    made = f"What it makes:\n\n{outputs}" if outputs else ""
    return "\n\n".join(part for part in (function.document.description, made) if part)


def _function_example(function: Function) -> Schema:
    """Give the values of one or two inputs as they are saved, which work as they stand."""
    inputs = function.signature.inputs
    wanted = [name for name in ("prompt", "seed") if name in inputs] or list(inputs)[:2]
    defaults = {name: inputs[name].to_json().get("default") for name in wanted}
    return {name: value for name, value in defaults.items() if value is not None}
