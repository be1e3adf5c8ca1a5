"""Old document formats are brought up to date step by step, by pure functions."""

import copy
from collections.abc import Mapping

import pytest
from weft.errors import JSON
from weft.graph.migrations import DOCUMENT_MIGRATIONS, NEWEST_DOCUMENT_VERSION, migrate_document
from weft.graph_errors import DocumentVersionError


def _to_2(data: Mapping[str, JSON]) -> Mapping[str, JSON]:
    return {**data, "weft": 2, "steps": ["to 2"]}


def _to_3(data: Mapping[str, JSON]) -> Mapping[str, JSON]:
    steps = data["steps"]
    assert isinstance(steps, list)
    return {**data, "weft": 3, "steps": [*steps, "to 3"]}


STEPS = {1: _to_2, 2: _to_3}


def test_a_document_goes_through_every_version_between() -> None:
    migrated = migrate_document({"weft": 1, "title": "t"}, migrations=STEPS, newest=3)

    assert migrated == {"weft": 3, "title": "t", "steps": ["to 2", "to 3"]}


def test_a_document_of_the_newest_version_is_given_back_as_it_is() -> None:
    data: dict[str, JSON] = {"weft": 3}

    assert migrate_document(data, migrations=STEPS, newest=3) is data


def test_migrating_changes_nothing_that_was_given() -> None:
    data: dict[str, JSON] = {"weft": 1, "nodes": {"a": {"type": "x"}}, "workflows": {"w": {"weft": 1}}}
    before = copy.deepcopy(data)

    migrate_document(data, migrations=STEPS, newest=3)

    assert data == before


def test_carried_workflows_are_migrated_too() -> None:
    migrated = migrate_document(
        {"weft": 3, "workflows": {"w": {"weft": 2, "steps": []}}}, migrations=STEPS, newest=3
    )

    assert migrated["workflows"] == {"w": {"weft": 3, "steps": ["to 3"]}}


def test_a_newer_document_is_refused() -> None:
    with pytest.raises(DocumentVersionError):
        migrate_document({"weft": 4}, migrations=STEPS, newest=3)


def test_a_newer_carried_workflow_is_refused() -> None:
    with pytest.raises(DocumentVersionError):
        migrate_document({"weft": 3, "workflows": {"w": {"weft": 4}}}, migrations=STEPS, newest=3)


@pytest.mark.parametrize("weft", [None, "1", True, 1.0])
def test_what_has_no_version_is_left_to_the_validation(weft: JSON) -> None:
    data: dict[str, JSON] = {"weft": weft}

    assert migrate_document(data) is data


def test_there_is_a_step_from_every_old_version() -> None:
    assert sorted(DOCUMENT_MIGRATIONS) == list(range(1, NEWEST_DOCUMENT_VERSION))
