"""Schemas become tables of fields that a reader can follow to the end."""

import html

from markupsafe import Markup
from weft.web.description.docs_fields import Field, Fields
from weft.web.description.model_schemas import Schema

PART: Schema = {
    "description": "A part.",
    "type": "object",
    "properties": {
        "depth": {"type": "integer", "minimum": 0, "maximum": 9, "description": "How deep."},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
    },
    "required": ["depth"],
}


def fields(**named: Schema) -> Fields:
    return Fields({"Part": PART, **named}, lambda text: Markup(html.escape(text)))


def only(schema: Schema) -> Field:
    (found,) = fields().of({"type": "object", "properties": {"it": schema}})
    return found


def test_types_are_told_in_words() -> None:
    words = fields().words

    assert words({"type": "string"}) == "string"
    assert words({}) == "any JSON"
    assert words({"enum": ["a", "b"]}) == '"a" or "b"'
    assert words({"const": "model", "type": "string"}) == '"model"'
    assert words({"type": "array", "items": {"type": "number"}}) == "list of number"
    assert words({"anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]}) == "Part or null"
    assert words({"type": "object", "additionalProperties": {"type": "integer"}}) == "object of integer"
    assert words({"type": "object", "additionalProperties": {}}) == "object"
    assert words({"type": "string", "format": "binary"}) == "file"


def test_limits_and_defaults_are_told() -> None:
    assert only({"type": "integer", "minimum": 1, "maximum": 9, "default": 3}).limits == (
        "at least 1, at most 9, default 3"
    )
    assert only(
        {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}], "default": None}
    ).limits == ("up to 5 characters")


def test_an_object_is_unfolded_where_it_lies_but_not_within_itself() -> None:
    found = only({"$ref": "#/components/schemas/Part"})

    assert [(entry.name, entry.is_required) for entry in found.fields] == [("depth", True), ("parts", False)]
    assert found.fields[1].links == ("Part",)
    assert found.fields[1].fields == ()


def test_the_items_of_a_list_are_unfolded_too() -> None:
    found = only({"type": "array", "items": {"$ref": "#/components/schemas/Part"}})

    assert [entry.name for entry in found.fields] == ["depth", "parts"]


def test_unfolding_stops_at_the_depth_that_is_asked_for() -> None:
    whole: Schema = {
        "type": "object",
        "properties": {"part": {"$ref": "#/components/schemas/Part"}},
    }
    found = fields(Whole=whole)

    (near,) = found.of({"$ref": "#/components/schemas/Whole"}, depth=1)
    (far,) = found.of({"$ref": "#/components/schemas/Whole"}, depth=2)

    assert (near.fields, near.links) == ((), ("Part",))
    assert len(far.fields) == 2


def test_what_is_no_object_has_no_fields() -> None:
    assert fields().of({"type": "string"}) == ()
    assert fields().of(None) == ()


def test_every_named_schema_has_a_table_of_its_own() -> None:
    (part,) = fields().named()

    assert (part.name, part.description) == ("Part", "A part.")
    assert [entry.name for entry in part.fields] == ["depth", "parts"]
