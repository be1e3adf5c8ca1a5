"""A saved workflow is a function whose parameters are its own inputs."""

from server.graph.toys import Shelf, catalog, entry, tree
from weft.errors import JSON
from weft.web.description.function_schema import Function, function_schema, read_functions

PICTURE = tree(
    {
        "load": entry("toy.load", checkpoint="small"),
        "size": entry("toy.empty"),
        "sample": entry("toy.sample", model="@load.model", latent="@size.latent", steps=5),
        "add": entry("toy.add", b=2),
        "maybe": entry("toy.maybe"),
    },
    inputs={
        "steps": "sample.steps",
        "sampler": "sample.sampler",
        "checkpoint": "load.checkpoint",
        "summand": "add.a",
        "maybe": "maybe.value",
    },
    outputs={"latent": "sample.latent"},
)


def function(**documents: dict[str, JSON]) -> Function:
    (found,) = read_functions(Shelf(**documents), catalog())
    return found


def properties() -> dict[str, JSON]:
    found = function_schema(function(picture=PICTURE), catalog())["properties"]
    assert isinstance(found, dict)
    return found


def test_every_input_is_a_property() -> None:
    assert list(properties()) == ["steps", "sampler", "checkpoint", "summand", "maybe"]


def test_a_number_keeps_the_range_of_its_widget_and_the_value_of_the_document() -> None:
    assert properties()["steps"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 5}


def test_choices_are_listed_as_they_are_now() -> None:
    found = properties()["sampler"]

    assert isinstance(found, dict)
    assert found["enum"] == ["euler", "heun", "dpmpp_2m"]


def test_model_files_are_listed_as_they_are_now() -> None:
    found = properties()["checkpoint"]

    assert isinstance(found, dict)
    assert found["enum"] == ["small", "large", "odd", "fast", "strict"]


def test_choices_that_cannot_be_listed_take_any_word() -> None:
    doubtful = tree({"odd": entry("toy.doubtful")}, inputs={"word": "odd.word"}, outputs={"text": "odd.text"})

    found = function_schema(function(doubtful=doubtful), catalog())["properties"]

    assert found == {"word": {"type": "string", "x-choices": "toy-broken", "default": "any"}}


def test_what_has_no_default_is_required() -> None:
    assert function_schema(function(picture=PICTURE), catalog())["required"] == ["summand"]


def test_an_optional_input_takes_null() -> None:
    found = properties()["maybe"]

    assert isinstance(found, dict)
    assert found["anyOf"] == [{"type": "integer"}, {"type": "null"}]


def test_unknown_inputs_are_refused_by_the_schema() -> None:
    assert function_schema(function(picture=PICTURE), catalog())["additionalProperties"] is False


def test_a_workflow_that_needs_a_link_cannot_be_called() -> None:
    needy = tree({"reverse": entry("toy.decode")}, inputs={"latent": "reverse.latent"})

    assert not function(needy=needy).is_callable
    assert function(picture=PICTURE).is_callable


def test_a_workflow_without_a_signature_hurts_no_other() -> None:
    lost = tree({}, inputs={"nowhere": "missing.value"})

    found = read_functions(Shelf(lost=lost, picture=PICTURE), catalog())

    assert [entry.name for entry in found] == ["picture"]
