"""The registry knows every node type, choice, listing and value type, and never lets one replace another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from weft.errors import JSON, CacheError, MigrationFailedError
from weft.graph_errors import NodeTypeUnknownError, NodeVersionError
from weft.node import choices, listing, node
from weft.packs import collect, collect_functions
from weft.paths import Paths
from weft.plugin_errors import NameClashError, ProviderFailedError, ProviderUnknownError
from weft.registry import Catalog, Registry
from weft.values import Image, Mask, value


@value("toy_vehicle")
@dataclass(frozen=True)
class Vehicle:
    """Something that moves."""


@value("toy_car")
@dataclass(frozen=True)
class Car(Vehicle):
    """A vehicle with four wheels."""


@node("toy.drive")
def _drive(car: Car, metres: int = 5) -> Vehicle:
    return car


@node("toy.drive")
def _drive_differently(car: Car) -> Vehicle:
    return car


def _metres_from_feet(inputs: dict[str, JSON]) -> dict[str, JSON]:
    feet = inputs.pop("feet")
    assert isinstance(feet, int)
    return {**inputs, "metres": feet // 3}


def _renamed(inputs: dict[str, JSON]) -> dict[str, JSON]:
    return {("vehicle" if name == "car" else name): found for name, found in inputs.items()}


@node("toy.ride", 3, migrations={1: _metres_from_feet, 2: _renamed})
def _ride(vehicle: Vehicle, metres: int = 5) -> Vehicle:
    return vehicle


@choices("toy_colours")
def _colours() -> Sequence[str]:
    return ("green", "red")


@choices("toy_broken")
def _broken_choices() -> Sequence[str]:
    raise LookupError("no colours today")


@choices("toy_knowing")
def _knowing_choices() -> Sequence[str]:
    raise CacheError("The cache is gone.", hint="Make a new one.")


@listing("toy_garages")
def _garages(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    return {entry.name: {"size": str(len(entry.name))} for entry in sorted(paths.input_dir.iterdir())}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with the toys of this module."""
    registry = Registry(Paths.below(tmp_path))
    registry.add(_drive, _ride, _colours, _broken_choices, _knowing_choices, _garages)
    return registry


def everything(registry: Registry) -> list[Any]:
    """All that can be asked of a registry, to be compared."""
    return [registry.types(), registry.schemas(), registry.value_types(), dict(registry.supertypes)]


def test_a_registry_is_a_catalog(registry: Registry) -> None:
    catalog: Catalog = registry

    assert catalog.types() == ("toy.drive", "toy.ride")


def test_node_types_are_found_by_name(registry: Registry) -> None:
    definition = registry.definition("toy.drive")

    assert definition.function is _drive
    assert registry.schema("toy.drive") == definition.schema
    assert [schema.type for schema in registry.schemas()] == ["toy.drive", "toy.ride"]


def test_a_missing_node_type_is_met_with_a_suggestion(registry: Registry) -> None:
    with pytest.raises(NodeTypeUnknownError) as caught:
        registry.definition("toy.driv")

    assert 'Did you mean "toy.drive"' in caught.value.hint
    assert registry.schema("toy.driv") is None


def test_the_values_of_the_sdk_are_always_there() -> None:
    assert Registry().value_types() == {"image": Image, "mask": Mask}
    assert Registry().supertypes == {"image": (), "mask": ()}


def test_value_types_named_by_signatures_are_known_with_what_is_above_them(registry: Registry) -> None:
    assert registry.value_types()["toy_car"] is Car
    assert registry.supertypes["toy_car"] == ("toy_vehicle",)
    assert registry.supertypes["toy_vehicle"] == ()


def test_two_nodes_of_one_name_are_a_clash_that_names_both_and_changes_nothing(registry: Registry) -> None:
    before = everything(registry)

    with pytest.raises(NameClashError) as caught:
        registry.add(_drive_differently, pack="rival")

    assert "_drive (" in caught.value.message
    assert "of the pack local" in caught.value.message
    assert "_drive_differently (" in caught.value.message
    assert "of the pack rival" in caught.value.message
    assert everything(registry) == before


def test_two_value_types_of_one_name_are_a_clash(registry: Registry) -> None:
    first, second = ModuleType("first"), ModuleType("second")
    for module in (first, second):
        marked: type = value("toy_thing")(
            dataclass(frozen=True)(type("Thing", (), {"__module__": module.__name__}))
        )
        module.Thing = marked  # type: ignore[attr-defined]
    registry.add_contents(collect("first", "first", [first]))

    with pytest.raises(NameClashError, match="toy_thing"):
        registry.add_contents(collect("second", "second", [second]))


def test_two_providers_of_one_name_are_a_clash(registry: Registry) -> None:
    @choices("toy_colours")
    def _more_colours() -> Sequence[str]:
        return []

    with pytest.raises(NameClashError, match="toy_colours"):
        registry.add(_more_colours)


def test_node_types_of_a_pack_carry_its_prefix() -> None:
    module = ModuleType(__name__)
    module.drive = _drive  # type: ignore[attr-defined]
    registry = Registry()

    registry.add_contents(collect("garage", __name__, [module], prefix="garage:"))

    assert registry.types() == ("garage:toy.drive",)


def test_choices_are_given_as_they_are_offered(registry: Registry) -> None:
    assert registry.choices("toy_colours") == ("green", "red")


def test_a_listing_looks_into_the_registrys_folders(registry: Registry) -> None:
    registry.paths.input_dir.mkdir()
    (registry.paths.input_dir / "north").touch()

    assert registry.listing("toy_garages") == {"north": {"size": "5"}}


def test_all_providers_can_be_named(registry: Registry) -> None:
    assert registry.providers() == (("toy_broken", "toy_colours", "toy_knowing"), ("toy_garages",))


def test_missing_providers_are_met_with_a_suggestion(registry: Registry) -> None:
    with pytest.raises(ProviderUnknownError) as caught:
        registry.choices("toy_colors")
    assert '"toy_colours"' in caught.value.hint

    with pytest.raises(ProviderUnknownError):
        registry.listing("toy_colours")


def test_a_provider_that_fails_is_named(registry: Registry) -> None:
    with pytest.raises(ProviderFailedError, match=r"toy_broken.*no colours today"):
        registry.choices("toy_broken")

    with pytest.raises(ProviderFailedError, match="toy_garages"):
        registry.listing("toy_garages")


def test_an_error_that_a_provider_raises_on_purpose_is_passed_on(registry: Registry) -> None:
    with pytest.raises(CacheError, match="The cache is gone"):
        registry.choices("toy_knowing")


def test_inputs_of_an_old_version_are_migrated_step_by_step(registry: Registry) -> None:
    link: JSON = {"from": "garage.car"}

    assert registry.migrate("toy.ride", 1, {"car": link, "feet": 9}) == {"vehicle": link, "metres": 3}
    assert registry.migrate("toy.ride", 2, {"car": link, "metres": 4}) == {"vehicle": link, "metres": 4}
    assert registry.migrate("toy.ride", 3, {"vehicle": link}) == {"vehicle": link}


def test_migrating_leaves_the_given_inputs_alone(registry: Registry) -> None:
    inputs: dict[str, JSON] = {"car": {"from": "garage.car"}, "feet": 9}

    registry.migrate("toy.ride", 1, inputs)

    assert inputs == {"car": {"from": "garage.car"}, "feet": 9}


@pytest.mark.parametrize("version", [4, 0, -1])
def test_a_version_that_is_not_installed_is_refused(registry: Registry, version: int) -> None:
    with pytest.raises(NodeVersionError, match=f"version {version}"):
        registry.migrate("toy.ride", version, {})


def test_a_migration_that_fails_is_named_with_its_version(registry: Registry) -> None:
    with pytest.raises(MigrationFailedError, match=r'"toy\.ride" from version 1 failed: KeyError'):
        registry.migrate("toy.ride", 1, {"car": {}})


def test_migrating_an_unknown_type_is_refused(registry: Registry) -> None:
    with pytest.raises(NodeTypeUnknownError):
        registry.migrate("toy.fly", 1, {})


def test_replacing_a_pack_gives_a_new_registry_and_leaves_the_old_one(registry: Registry) -> None:
    before = everything(registry)

    fresh = registry.replace_pack(collect_functions("local", [_drive_differently]))

    assert fresh.types() == ("toy.drive",)
    assert fresh.definition("toy.drive").function is _drive_differently
    assert fresh.paths is registry.paths
    assert everything(registry) == before
    assert registry.definition("toy.drive").function is _drive


def test_replacing_a_pack_may_clash_with_another_and_then_changes_nothing(registry: Registry) -> None:
    before = everything(registry)

    with pytest.raises(NameClashError):
        registry.replace_pack(collect_functions("rival", [_drive_differently]))

    assert everything(registry) == before


def test_removing_a_pack_leaves_the_others(registry: Registry) -> None:
    fresh = registry.without_pack("local")

    assert fresh.types() == ()
    assert set(fresh.value_types()) == {"image", "mask"}
