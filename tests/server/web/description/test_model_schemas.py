"""Wire models become JSON Schemas whose words come from their docstrings."""

from typing import Annotated

from pydantic import BaseModel, Field
from weft.web.description.model_schemas import inline_schema, model_schemas
from weft.web.wire_base import JSONValue, Wire


class Inner(Wire):
    """A part.

    Attributes:
        depth: How deep it lies.
    """

    depth: int


class Outer(Wire):
    """A whole.

    It has parts.

    Attributes:
        parts: What it is made of.
        extra: Anything.
        from_: Where it comes from.
    """

    parts: tuple[Inner, ...] = ()
    extra: dict[str, JSONValue] = Field(default_factory=dict)
    from_: Annotated[str, Field(alias="from")] = ""


class Derived(Inner):
    """A part with a name.

    Attributes:
        name: What it is called.
    """

    name: str


def definitions(*models: type[BaseModel]) -> dict[str, dict[str, object]]:
    found = model_schemas([(model, "serialization") for model in models]).definitions
    return {name: dict(schema) for name, schema in found.items()}


def properties(model: type[BaseModel]) -> dict[str, dict[str, object]]:
    found = definitions(model)[model.__name__]["properties"]
    assert isinstance(found, dict)
    return found


def test_a_model_is_described_by_its_docstring_less_the_attributes() -> None:
    assert definitions(Outer)["Outer"]["description"] == "A whole.\n\nIt has parts."


def test_a_field_is_described_by_the_attributes_of_the_docstring() -> None:
    assert properties(Outer)["parts"]["description"] == "What it is made of."
    assert properties(Inner)["depth"]["description"] == "How deep it lies."


def test_a_field_of_a_base_class_keeps_its_description() -> None:
    assert properties(Derived)["depth"]["description"] == "How deep it lies."
    assert properties(Derived)["name"]["description"] == "What it is called."


def test_a_field_goes_by_the_name_it_has_on_the_wire() -> None:
    found = model_schemas([(Outer, "validation")]).definitions["Outer"]["properties"]

    assert isinstance(found, dict)
    assert found["from"] == {"default": "", "description": "Where it comes from.", "type": "string"}


def test_any_json_is_the_schema_that_takes_everything() -> None:
    assert properties(Outer)["extra"]["additionalProperties"] == {}
    assert not [name for name in definitions(Outer) if "JSON" in name]


def test_models_refer_to_each_other_below_the_components() -> None:
    schemas = model_schemas([(Outer, "serialization")])

    assert schemas.refer(Outer, "serialization") == {"$ref": "#/components/schemas/Outer"}
    assert properties(Outer)["parts"]["items"] == {"$ref": "#/components/schemas/Inner"}


def test_unknown_fields_are_refused_by_the_schema_too() -> None:
    assert definitions(Inner)["Inner"]["additionalProperties"] is False


def test_no_schema_repeats_its_name_as_a_title() -> None:
    assert "title" not in str(definitions(Outer, Derived))


def test_a_model_of_query_parameters_is_a_schema_by_itself() -> None:
    found = inline_schema(Inner)

    assert found["properties"] == {"depth": {"description": "How deep it lies.", "type": "integer"}}


def test_a_model_that_is_written_as_it_is_read_has_one_name() -> None:
    schemas = model_schemas([(Outer, "serialization"), (Outer, "validation"), (Derived, "validation")])

    assert set(schemas.definitions) == {"Inner", "Outer", "Derived"}
    assert schemas.refer(Outer, "validation") == schemas.refer(Outer, "serialization")
