"""Values of the document are checked against their input and brought into canonical form."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pytest
from weft.errors import JSON, PluginError
from weft.graph.literals import (
    Literal,
    Refusal,
    canonical,
    file_hint,
    item_refusal,
    missing_hint,
    missing_models,
    read_literal,
)
from weft.graph.offers import Offers
from weft.node import choices, listing, node
from weft.paths import Paths
from weft.registry import Registry
from weft.schema import InputSchema
from weft.sockets import parse_type
from weft.widgets import Choice, ImageFile, Items, ModelFile, Slider


@choices("literal-colours")
def _colours() -> tuple[str, ...]:
    return ("red", "green", "blue")


@node("literal.all")
def _all(
    count: Annotated[int, Slider(1, 10)],
    *,
    share: float,
    name: str,
    on: bool,
    data: JSON,
    counts: list[int],
    shares: list[float],
    matrix: list[list[float]],
    colour: Annotated[str, Choice("literal-colours")],
    colours: list[Annotated[str, Choice("literal-colours")]],
    either: int | str,
    maybe: float | None = None,
    lost: Annotated[str, Choice("literal-lost")] = "x",
) -> int:
    return count


@listing("image")
def _pictures(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    return {"cat.png": {}, "dog.png": {}}


@node("literal.looks")
def _looks(picture: Annotated[str, ImageFile()]) -> str:
    return picture


@listing("checkpoint")
def _weights(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    return {"new.safetensors": {}}


@node("literal.weighs")
def _weighs(weights: Annotated[str, ModelFile("checkpoint")]) -> str:
    return weights


def _registry() -> Registry:
    registry = Registry()
    registry.add(_all, _colours)
    return registry


def schema(name: str) -> InputSchema:
    found = _registry().definition("literal.all").schema.input(name)
    assert found is not None
    return found


def read(name: str, value: JSON) -> Literal | Refusal:
    return read_literal(schema(name), value, Offers(_registry()))


@pytest.mark.parametrize(
    ("name", "value", "canonical_form"),
    [
        ("count", 3, "3"),
        ("share", 2, "2.0"),
        ("share", 0.5, "0.5"),
        ("name", "word", "'word'"),
        ("on", True, "True"),
        ("counts", [1, 2], "[1, 2]"),
        ("counts", [], "[]"),
        ("shares", [1, 2.5], "[1.0, 2.5]"),
        ("matrix", [[1], [2, 3.5]], "[[1.0], [2.0, 3.5]]"),
        ("colour", "red", "'red'"),
        ("colours", ["red", "blue"], "['red', 'blue']"),
        ("data", {"a": [1]}, "{'a': [1]}"),
        ("data", [1, 2], "[1, 2]"),
        ("either", 3, "3"),
        ("either", "three", "'three'"),
        ("maybe", None, "None"),
        ("maybe", 1, "1.0"),
    ],
)
def test_a_value_that_fits_is_given_in_canonical_form(name: str, value: JSON, canonical_form: str) -> None:
    found = read(name, value)

    assert isinstance(found, Literal)
    assert (repr(found.value), found.maps) == (canonical_form, False)


@pytest.mark.parametrize(
    ("name", "value", "canonical_form"),
    [("counts", 4, "[4]"), ("shares", 4, "[4.0]"), ("colours", "red", "['red']")],
)
def test_one_item_for_a_list_is_wrapped(name: str, value: JSON, canonical_form: str) -> None:
    found = read(name, value)

    assert isinstance(found, Literal)
    assert (repr(found.value), found.maps) == (canonical_form, False)


@pytest.mark.parametrize(
    ("name", "value", "canonical_form"),
    [
        ("count", [1, 2], "[1, 2]"),
        ("share", [1, 2], "[1.0, 2.0]"),
        ("colour", ["red"], "['red']"),
        ("name", [], "[]"),
    ],
)
def test_a_list_for_one_item_maps(name: str, value: JSON, canonical_form: str) -> None:
    found = read(name, value)

    assert isinstance(found, Literal)
    assert (repr(found.value), found.maps) == (canonical_form, True)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("count", 11, "must lie between 1 and 10"),
        ("count", True, "must be a whole number"),
        ("count", "3", "must be a whole number"),
        ("count", [1, 11], "has at index 1 an item that is 11"),
        ("count", None, "is null"),
        ("share", "x", "must be a number"),
        ("name", 3, "must be text"),
        ("counts", [1, "x"], "index 1"),
        ("counts", "x", "must be a whole number"),
        ("matrix", [1, 2], "index 0"),
        ("colour", "rde", '"red"'),
        ("colours", ["red", "bleu"], '"blue"'),
        ("colours", "gren", '"green"'),
        ("either", 1.5, "must be"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_reason(name: str, value: JSON, reason: str) -> None:
    found = read(name, value)

    assert isinstance(found, Refusal)
    assert reason in found.reason


def test_an_item_of_a_list_is_checked_by_the_items_widget() -> None:
    offers = Offers(_registry())

    assert item_refusal(schema("counts"), 3, offers) is None
    assert item_refusal(schema("counts"), "x", offers) is not None
    assert item_refusal(schema("colours"), "rde", offers) is not None
    assert item_refusal(schema("count"), 11, offers) is not None


def test_an_input_that_names_a_file_says_where_such_files_lie() -> None:
    assert "./models or models in the data folder; WEFT_MODELS_DIRS" in file_hint(ModelFile("checkpoint"))
    assert "the folder unet or dit of a models folder" in file_hint(ModelFile("net", ("unet", "dit")))
    assert "./input or WEFT_INPUT_DIR" in file_hint(ImageFile())
    assert file_hint(Items(ModelFile("lora"))) == file_hint(ModelFile("lora"))
    assert file_hint(Slider(1, 2)) == file_hint(None) == ""


@listing("empty")
def _nothing(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    return {}


def test_an_input_that_names_a_file_and_was_given_none_says_what_there_is_or_where_to_put_it() -> None:
    registry = Registry()
    registry.add(_weights, _nothing)
    offers = Offers(registry)

    assert missing_hint(ModelFile("checkpoint"), offers) == "Choose a file, such as new.safetensors."
    assert "no such file yet: put one into the folder loras of a models folder" in missing_hint(
        Items(ModelFile("empty", ("loras",))), offers
    )
    assert "the input folder" in missing_hint(ImageFile("empty"), offers)
    assert missing_hint(Slider(1, 2), offers) == missing_hint(None, offers) == ""


def test_choices_that_nobody_offers_are_an_error() -> None:
    with pytest.raises(PluginError):
        read("lost", "x")


@pytest.mark.parametrize(
    ("type", "value", "canonical_form"),
    [
        ("float", 1, "1.0"),
        ("float", True, "True"),
        ("int", 1, "1"),
        ("float | null", 2, "2.0"),
        ("float | string", 2, "2"),
        ("list[float]", [1, None], "[1.0, None]"),
        ("list[float]", 1, "1"),
        ("json", {"a": 1}, "{'a': 1}"),
    ],
)
def test_only_whole_numbers_of_float_sockets_change(type: str, value: JSON, canonical_form: str) -> None:
    assert repr(canonical(parse_type(type), value)) == canonical_form


def test_a_picture_may_be_an_asset_that_is_there(tmp_path: Path) -> None:
    registry = Registry(Paths.below(tmp_path))
    registry.add(_looks, _pictures)
    picture = registry.definition("literal.looks").schema.input("picture")
    path = registry.paths.asset("ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"picture")
    assert picture is not None

    held, lost = (read_literal(picture, f"asset:{pair * 32}", Offers(registry)) for pair in ("ab", "cd"))

    assert held == Literal(f"asset:{'ab' * 32}")
    assert isinstance(lost, Refusal)
    assert lost.reason.endswith("but no such picture was uploaded")


def test_a_text_that_names_an_asset_names_one_that_is_there(tmp_path: Path) -> None:
    # It may go over a link to a node that loads the picture of that name.
    registry = Registry(Paths.below(tmp_path))
    registry.add(_all, _colours)
    path = registry.paths.asset("ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"picture")
    name = registry.definition("literal.all").schema.input("name")
    assert name is not None
    there, missing = f"asset:{'ab' * 32}", f"asset:{'cd' * 32}"

    texts: list[JSON] = [there, missing, f"{there}\n{missing}", "asset: a word", [there, missing]]

    refused = [isinstance(read_literal(name, text, Offers(registry)), Refusal) for text in texts]

    assert refused == [False, True, True, False, True]


@pytest.mark.parametrize("name", ["asset:", "asset:../cat.png", "asset:/etc/passwd", f"asset:{'AB' * 32}"])
def test_what_only_looks_like_an_asset_is_refused(name: str) -> None:
    registry = Registry()
    registry.add(_looks, _pictures)
    picture = registry.definition("literal.looks").schema.input("picture")
    assert picture is not None

    assert isinstance(read_literal(picture, name, Offers(registry)), Refusal)


@pytest.mark.parametrize("name", ["old.ckpt", "sub/OLD.PT"])
def test_a_pickle_is_refused_as_what_it_is(name: str) -> None:
    registry = Registry()
    registry.add(_weighs, _weights)
    weights = registry.definition("literal.weighs").schema.input("weights")
    assert weights is not None

    found = read_literal(weights, name, Offers(registry))

    assert isinstance(found, Refusal)
    assert "a pickle: opening it would run whatever code it contains" in found.reason
    assert "as .safetensors" in file_hint(weights.widget, name)


def test_a_repository_that_is_not_there_is_answered_with_how_to_fetch_it() -> None:
    assert "`hf download owner/model-1.0`" in file_hint(ModelFile("checkpoint"), "owner/model-1.0")
    for name in ("xl/base.safetensors", "sub/model.gguf", "model", "a/b/c", 5):
        assert "models folder" in file_hint(ModelFile("checkpoint"), name)


def test_model_files_that_are_not_there_are_named() -> None:
    registry = Registry()
    registry.add(_weights)
    offers = Offers(registry)
    (there, *_) = offers.listing("checkpoint")
    one, several = ModelFile("checkpoint"), Items(ModelFile("checkpoint"))

    assert missing_models(one, "gone", offers) == ["gone"]
    assert missing_models(one, there, offers) == []
    assert missing_models(several, [there, "gone", "far"], offers) == ["gone", "far"]
    assert missing_models(one, 5, offers) == []
    assert missing_models(ImageFile(), "gone.png", offers) == []
