"""What a pack offers is found in its modules, with its origins, and nothing that it merely imports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import pytest
from weft.node import choices, listing, node
from weft.packs import collect, collect_functions, origin_of
from weft.paths import Paths
from weft.plugin_errors import NameClashError
from weft.values import Image, value


@value("toy_seed")
@dataclass(frozen=True)
class ToySeed:
    """A seed of a plant."""


@node("toy.grow")
def _grow(seed: ToySeed, picture: Image | None = None) -> ToySeed:
    return seed


@node("toy.grow")
def _grow_again(seed: ToySeed) -> ToySeed:
    return seed


@choices("toy_colours")
def colours() -> Sequence[str]:
    """Offer colours."""
    return ["green"]


@listing("toy_plants")
def plants(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """List plants."""
    return {"oak": {"kind": "tree"}}


def module_of(name: str, *entries: object, owner: str = "") -> ModuleType:
    """Make a module that holds some entries, all of which say they were defined in it or in the owner."""
    module = ModuleType(name)
    for index, entry in enumerate(entries):
        setattr(module, f"entry_{index}", entry)
    return module


def test_nodes_choices_listings_and_values_of_a_module_are_found() -> None:
    contents = collect("toys", __name__, [module_of(__name__, _grow, colours, plants, ToySeed, 5, "text")])

    assert list(contents.nodes) == ["toy.grow"]
    assert list(contents.choices) == ["toy_colours"]
    assert list(contents.listings) == ["toy_plants"]
    assert contents.values == {"toy_seed": ToySeed}


def test_nodes_know_their_pack_and_the_digest_of_their_code() -> None:
    contents = collect("toys", __name__, [module_of(__name__, _grow)])

    schema = contents.nodes["toy.grow"].schema
    assert schema.pack == "toys"
    assert len(schema.code_digest) == 32


def test_a_prefix_stands_before_the_names_of_node_types_only() -> None:
    contents = collect("toys", __name__, [module_of(__name__, _grow, colours)], prefix="toys:")

    assert list(contents.nodes) == ["toys:toy.grow"]
    assert contents.nodes["toys:toy.grow"].schema.type == "toys:toy.grow"
    assert list(contents.choices) == ["toy_colours"]


def test_the_decorated_function_itself_is_not_changed_by_collecting() -> None:
    collect("toys", __name__, [module_of(__name__, _grow)], prefix="toys:")

    assert _grow.__weft_node__.schema.type == "toy.grow"  # type: ignore[attr-defined]


def test_what_was_imported_from_outside_of_the_pack_is_not_its_own() -> None:
    contents = collect("toys", "otherpack", [module_of("otherpack.nodes", _grow, colours, ToySeed)])

    assert list(contents.names()) == []


def test_classes_that_signatures_name_are_borrowed() -> None:
    contents = collect("toys", __name__, [module_of(__name__, _grow)])

    assert contents.values == {}
    assert contents.borrowed == {"toy_seed": ToySeed, "image": Image}


def test_the_same_node_found_in_two_modules_of_a_pack_is_one() -> None:
    modules = [module_of(__name__, _grow, ToySeed), module_of(__name__, _grow, ToySeed)]

    contents = collect("toys", __name__, modules)

    assert list(contents.nodes) == ["toy.grow"]


def test_two_nodes_of_one_name_in_a_pack_are_a_clash_that_names_both() -> None:
    with pytest.raises(NameClashError) as caught:
        collect("toys", __name__, [module_of(__name__, _grow, _grow_again)])

    assert "_grow (" in caught.value.message
    assert "_grow_again (" in caught.value.message
    assert '"toy.grow"' in caught.value.message


def test_functions_can_be_gathered_one_by_one() -> None:
    contents = collect_functions("local", [_grow, colours, plants])

    assert sorted(name for _, name, _ in contents.names()) == ["toy.grow", "toy_colours", "toy_plants"]
    assert len(contents.nodes["toy.grow"].schema.code_digest) == 32


def test_gathered_functions_of_one_name_are_a_clash() -> None:
    with pytest.raises(NameClashError):
        collect_functions("local", [_grow, _grow_again])


def test_an_origin_says_the_function_the_file_and_the_line() -> None:
    origin = origin_of(_grow)

    assert origin.startswith("_grow (")
    assert __file__ in origin
    assert f"line {_grow.__code__.co_firstlineno}" in origin
