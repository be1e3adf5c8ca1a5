"""Nodes of older versions are migrated, links and ports and zip groups included."""

import pytest
from server.graph.toys import catalog, document, entry
from weft.errors import JSON
from weft.graph.document import Link, NodeEntry
from weft.graph.node_versions import Migrated, migrate_nodes
from weft.node import node
from weft.registry import Registry


def migrated(nodes: dict[str, JSON], *, inputs: dict[str, str | list[str]] | None = None) -> Migrated:
    return migrate_nodes(document(nodes, inputs=inputs), catalog())


@node("old.failing", version=2, migrations={1: lambda inputs: {"value": inputs["gone"]}})
def _failing(value: int = 0) -> int:
    return value


@node("old.careless", version=2, migrations={1: lambda inputs: {"value": {"from": "no link"}}})
def _careless(value: int = 0) -> int:
    return value


@node("old.computing", version=2, migrations={1: lambda inputs: {"percent": inputs["share"] * 100}})  # type: ignore[operator]
def _computing(percent: float = 0) -> float:
    return percent


def test_a_document_of_installed_versions_is_given_back_as_it_is() -> None:
    written = document({"n": entry("toy.number"), "p": entry("toy.power", 3, base=1)})

    assert migrate_nodes(written, catalog()).document is written


def test_a_node_goes_through_every_version_between() -> None:
    found = migrated({"p": entry("toy.power", 1, number=4)})

    assert found.document.nodes["p"] == NodeEntry(
        type="toy.power", version=3, inputs={"base": 4, "exponent": 2}
    )
    assert found.problems == ()


def test_a_node_starts_at_its_own_version() -> None:
    found = migrated({"p": entry("toy.power", 2, base=4, exponent=5)}).document

    assert found.nodes["p"].inputs == {"base": 4, "exponent": 5}


def test_links_survive_a_migration() -> None:
    found = migrated({"n": entry("toy.number"), "p": entry("toy.power", 1, number="@n.value")}).document

    assert found.nodes["p"].inputs["base"] == Link("n", "value")


def test_the_old_document_is_not_changed() -> None:
    written = document({"p": entry("toy.power", 1, number=4)})

    migrate_nodes(written, catalog())

    assert written.nodes["p"].inputs == {"number": 4}


@pytest.mark.parametrize("given", [{}, {"number": 4}])
def test_ports_follow_an_input_to_its_new_name(given: dict[str, JSON]) -> None:
    found = migrated({"p": entry("toy.power", 1, **given)}, inputs={"x": ["p.number", "p.exponent"]}).document

    assert found.inputs["x"].to == ["p.base", "p.exponent"]


def test_zip_groups_follow_an_input_to_its_new_name() -> None:
    found = migrated(
        {"p": {**entry("toy.power", 1, number=[1, 2]), "zip": [["number", "exponent"]]}}
    ).document

    assert found.nodes["p"].zip == [["base", "exponent"]]


def test_a_newer_node_is_a_problem_and_stays_as_it_is() -> None:
    found = migrated({"p": entry("toy.power", 4, base=1), "q": entry("toy.power", 1, number=1)})

    assert [(problem.code, problem.node) for problem in found.problems] == [("node-version", "p")]
    assert found.document.nodes["p"].version == 4
    assert found.document.nodes["q"].version == 3


def test_unknown_and_switched_off_nodes_stay_as_they_are() -> None:
    nodes: dict[str, JSON] = {"x": entry("toy.gone", 7), "p": {**entry("toy.power", 1), "mode": "off"}}
    written = document(nodes)

    assert migrate_nodes(written, catalog()).document is written


@pytest.mark.parametrize("type", ["old.failing", "old.careless"])
def test_a_migration_that_fails_is_a_problem_of_its_node(type: str) -> None:
    registry = Registry()
    registry.add(_failing, _careless)

    found = migrate_nodes(document({"a": entry(type)}), registry)

    assert [(problem.code, problem.node) for problem in found.problems] == [("migration-failed", "a")]


def test_a_port_stays_where_a_migration_cannot_say_what_becomes_of_it() -> None:
    registry = Registry()
    registry.add(_computing)

    found = migrate_nodes(
        document({"a": entry("old.computing", share=0.5)}, inputs={"x": "a.share"}), registry
    )

    assert found.document.nodes["a"].inputs == {"percent": 50.0}
    assert found.document.inputs["x"].to == ["a.share"]
