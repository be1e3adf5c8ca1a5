"""The readable page of the API, made on the server from its description: one stylesheet, no script."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from weft.errors import JSON
from weft.web.description.docs_fields import Field, Fields
from weft.web.description.model_schemas import Schema
from weft.web.description.overview import PAGES

ANSWER_DEPTH = 1
"""Answers repeat each other: what lies within their fields is shown once, in its own table."""

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation, ready to be shown.

    Attributes:
        place: `path`, `query` or `header`.
        field: What it is.
    """

    place: str
    field: Field


@dataclass(frozen=True, slots=True)
class Response:
    """What an operation answers with one status.

    Attributes:
        status: The status.
        words: What it means, as HTML.
        media: The media types.
        fields: The fields of the JSON.
        is_fault: Whether the call was refused.
    """

    status: str
    words: Markup
    media: tuple[str, ...]
    fields: tuple[Field, ...]
    is_fault: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, ready to be shown.

    Attributes:
        anchor: Its name within the page.
        method: In capitals.
        path: Its address.
        summary: Its first line.
        description: What follows, as HTML.
        parameters: What is taken beside the body.
        media: The media types of the body.
        body: The fields of the body.
        responses: What is answered.
        curl: A line for the shell that calls it.
    """

    anchor: str
    method: str
    path: str
    summary: str
    description: Markup
    parameters: tuple[Parameter, ...]
    media: tuple[str, ...]
    body: tuple[Field, ...]
    responses: tuple[Response, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations with one tag.

    Attributes:
        anchor: Its name within the page.
        name: The tag.
        description: What they are about, as HTML.
        operations: The operations.
    """

    anchor: str
    name: str
    description: Markup
    operations: tuple[Operation, ...]


def render_docs(description: Mapping[str, JSON], *, address: str) -> str:
    """Write the page.

    Args:
        description: An OpenAPI document as `weft.web.description.openapi.describe` makes it.
        address: Where the server is called, such as `http://127.0.0.1:9338`, for the lines of the examples.

    Returns:
        A whole HTML page.
    """
    reader = _Reader(description, address)
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    info = cast("dict[str, str]", description["info"])
    return environment.get_template("docs.html").render(
        title=info["title"],
        version=info["version"],
        overview=reader.markdown(info["description"].replace("http://127.0.0.1:9338", address)),
        groups=reader.groups(),
        schemas=reader.fields.named(),
    )


class _Reader:
    """Reads a description into what the template shows."""

    def __init__(self, description: Mapping[str, JSON], address: str) -> None:
        self._description = description
        self._address = address
        # Descriptions hold what authors of workflows wrote: HTML in them is shown as text.
        self._markdown = MarkdownIt("commonmark", {"html": False})
        components = cast("dict[str, dict[str, Schema]]", description["components"])
        self.fields = Fields(components["schemas"], self.markdown)

    def markdown(self, text: str) -> Markup:
        """Give Markdown as HTML."""
        return Markup(self._markdown.render(text))  # noqa: S704 - HTML in the text is escaped by the renderer

    def groups(self) -> list[Group]:
        """Give the groups of operations in the order of the tags."""
        tags = cast("list[dict[str, str]]", self._description["tags"])
        by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in tags}
        for path, item in cast("dict[str, dict[str, Schema]]", self._description["paths"]).items():
            for method in METHODS:
                if method in item:
                    tag = cast("list[str]", item[method]["tags"])[0]
                    by_tag[tag].append(self._operation(method, path, item[method]))
        return [
            Group(
                _anchor(tag["name"]),
                tag["name"],
                self.markdown(tag["description"]),
                tuple(by_tag[tag["name"]]),
            )
            for tag in tags
            if by_tag[tag["name"]]
        ]

    def _operation(self, method: str, path: str, operation: Schema) -> Operation:
        body = cast("Schema", operation.get("requestBody", {}))
        content = cast("dict[str, Schema]", body.get("content", {}))
        parameters = cast("list[Schema]", operation.get("parameters", []))
        return Operation(
            anchor=str(operation["operationId"]),
            method=method.upper(),
            path=path,
            summary=str(operation["summary"]),
            description=self.markdown(str(operation.get("description", ""))),
            parameters=tuple(self._parameter(entry) for entry in parameters),
            media=tuple(content),
            body=self.fields.of(_schema_of(content)),
            responses=tuple(self._responses(cast("dict[str, Schema]", operation["responses"]))),
            curl=self._curl(method, path, parameters, content),
        )

    def _parameter(self, entry: Schema) -> Parameter:
        schema = {**cast("Schema", entry["schema"]), "description": entry.get("description", "")}
        found = self.fields.field(str(entry["name"]), schema, is_required=bool(entry.get("required")))
        return Parameter(str(entry["in"]), found)

    def _responses(self, responses: Mapping[str, Schema]) -> Iterator[Response]:
        for status, response in responses.items():
            content = cast("dict[str, Schema]", response.get("content", {}))
            is_fault = status >= "400"
            shown = () if is_fault else self.fields.of(_schema_of(content), depth=ANSWER_DEPTH)
            words = Markup(self._markdown.renderInline(str(response["description"])))  # noqa: S704 - see markdown
            yield Response(status, words, tuple(content), shown, is_fault)

    def _curl(
        self, method: str, path: str, parameters: Iterable[Schema], content: Mapping[str, Schema]
    ) -> str:
        for entry in parameters:
            if entry["in"] == "path":
                path = path.replace(f"{{{entry['name']}}}", quote(str(entry["example"]), safe=""))
        parts = ["curl -s"] if method == "get" else [f"curl -s -X {method.upper()}"]
        parts.append(shlex.quote(self._address + path))
        example = next((entry["example"] for entry in content.values() if "example" in entry), None)
        if example is not None:
            data = json.dumps(example, ensure_ascii=False)
            parts += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(data)}"]
        elif "multipart/form-data" in content:
            parts.append("-F 'image=@picture.png' -F 'prompt=a red circle'")
        elif content:
            parts += [f"-H 'Content-Type: {next(iter(content))}'", "--data-binary @FILE"]
        return " \\\n  ".join(parts)


def _schema_of(content: Mapping[str, Schema]) -> Schema | None:
    """Give the schema of the JSON or form among several media; None where there is none."""
    wanted = ("application/json", "multipart/form-data")
    return next((cast("Schema", content[name]["schema"]) for name in wanted if name in content), None)


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


if __name__ == "__main__":
    # The description comes in as JSON, and the page goes out.
    page = render_docs(json.load(sys.stdin.buffer), address=sys.argv[1])
    sys.stdout.buffer.write(page.encode())
