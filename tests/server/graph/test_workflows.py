"""Saved workflows are found by name in folders, and a document can carry those it uses."""

import json
from pathlib import Path

import pytest
from server.graph.toys import Shelf, document, entry, tree
from weft.errors import JSON, ProblemsError
from weft.graph.workflows import CarriedWorkflows, FolderWorkflows, NoWorkflows, carry
from weft.graph_errors import WorkflowUnknownError


def save(folder: Path, name: str, value: int) -> None:
    folder.mkdir(exist_ok=True)
    data = tree({"n": entry("toy.number", value=value)})
    (folder / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")


def test_the_files_of_all_folders_are_listed_by_name(tmp_path: Path) -> None:
    save(tmp_path / "mine", "portrait", 1)
    save(tmp_path / "shipped", "grid", 2)
    (tmp_path / "shipped" / "readme.txt").write_text("no workflow")

    assert FolderWorkflows([tmp_path / "mine", tmp_path / "shipped"]).names() == ("grid", "portrait")


def test_a_folder_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    assert FolderWorkflows([tmp_path / "gone"]).names() == ()


def test_a_workflow_is_read_by_its_name(tmp_path: Path) -> None:
    save(tmp_path, "portrait", 3)

    assert FolderWorkflows([tmp_path]).load("portrait").nodes["n"].inputs == {"value": 3}


def test_the_first_folder_wins(tmp_path: Path) -> None:
    save(tmp_path / "mine", "portrait", 1)
    save(tmp_path / "shipped", "portrait", 2)

    found = FolderWorkflows([tmp_path / "mine", tmp_path / "shipped"]).load("portrait")

    assert found.nodes["n"].inputs == {"value": 1}


def test_a_file_saved_later_is_found(tmp_path: Path) -> None:
    workflows = FolderWorkflows([tmp_path])
    save(tmp_path, "portrait", 1)

    assert workflows.names() == ("portrait",)


def test_a_file_is_parsed_again_once_it_holds_something_else(tmp_path: Path) -> None:
    workflows = FolderWorkflows([tmp_path])
    save(tmp_path, "portrait", 1)
    first, again = workflows.load("portrait"), workflows.load("portrait")
    save(tmp_path, "portrait", 2)

    assert again is first
    assert workflows.load("portrait").nodes["n"].inputs == {"value": 2}


def test_an_unknown_name_gets_the_one_that_was_meant(tmp_path: Path) -> None:
    save(tmp_path, "portrait", 1)

    with pytest.raises(WorkflowUnknownError) as caught:
        FolderWorkflows([tmp_path]).load("potrait")

    assert '"portrait"' in caught.value.hint


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "sub/portrait", "", "."])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    save(tmp_path, "secret", 1)
    save(tmp_path / "sub", "portrait", 1)

    with pytest.raises(WorkflowUnknownError):
        FolderWorkflows([tmp_path / "sub"]).load(name)


def test_a_malformed_file_raises_its_problems(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"weft": 1, "nodes": [')

    with pytest.raises(ProblemsError) as caught:
        FolderWorkflows([tmp_path]).load("bad")

    assert [problem.code for problem in caught.value.problems] == ["json-unreadable"]


def test_a_file_that_cannot_be_read_raises_a_problem(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()

    with pytest.raises(ProblemsError) as caught:
        FolderWorkflows([tmp_path]).load("folder")

    assert [problem.code for problem in caught.value.problems] == ["json-unreadable"]


def test_no_workflows_know_no_name() -> None:
    assert NoWorkflows().names() == ()
    with pytest.raises(WorkflowUnknownError):
        NoWorkflows().load("portrait")


INNER = tree({"n": entry("toy.number")})
OUTER = tree({"i": entry("workflow:inner")})
SHELF = Shelf(inner=INNER, outer=OUTER, other=INNER)


def test_a_document_is_made_to_carry_all_it_uses() -> None:
    carried = carry(document({"o": entry("workflow:outer"), "n": entry("toy.number")}), SHELF)

    assert set(carried.workflows) == {"outer", "inner"}
    assert carried.nodes == document({"o": entry("workflow:outer"), "n": entry("toy.number")}).nodes


def test_a_document_that_uses_none_carries_none() -> None:
    assert carry(document({"n": entry("toy.number")}), SHELF).workflows == {}


def test_what_a_document_carries_stays_when_the_saved_one_changes() -> None:
    carried = carry(document({"i": entry("workflow:inner")}), SHELF)
    changed = Shelf(inner=tree({"n": entry("toy.number", value=5)}))

    again = carry(carried, changed)

    assert again == carried
    assert CarriedWorkflows(carried, changed).load("inner") == carried.workflows["inner"]


def test_what_a_saved_workflow_carries_is_found_after_it_was_read() -> None:
    saved: dict[str, JSON] = {**OUTER, "workflows": {"inner": tree({"n": entry("toy.number", value=8)})}}
    written = document({"o": entry("workflow:outer")})

    carried = carry(written, Shelf(outer=saved))

    assert carried.workflows["inner"].nodes["n"].inputs == {"value": 8}
    assert carried.workflows["outer"].workflows == {}
    with pytest.raises(WorkflowUnknownError):
        CarriedWorkflows(written, Shelf(outer=saved)).load("inner")


def test_a_saved_workflow_comes_before_what_another_carries() -> None:
    saved: dict[str, JSON] = {**OUTER, "workflows": {"inner": tree({"n": entry("toy.number", value=8)})}}

    carried = carry(document({"o": entry("workflow:outer")}), Shelf(outer=saved, inner=INNER))

    assert carried.workflows["inner"].nodes["n"].inputs == {}


def test_what_is_carried_but_not_used_is_dropped() -> None:
    carried = carry(document({"i": entry("workflow:inner")}), SHELF)

    assert carry(carried.model_copy(update={"nodes": {}}), SHELF).workflows == {}


def test_a_workflow_that_is_off_is_not_carried() -> None:
    off = {"i": {**entry("workflow:inner"), "mode": "off"}}

    assert carry(document(dict(off)), SHELF).workflows == {}


def test_a_missing_workflow_cannot_be_carried() -> None:
    with pytest.raises(WorkflowUnknownError):
        carry(document({"g": entry("workflow:gone")}), SHELF)


def test_carried_and_saved_names_are_listed_together() -> None:
    carried = carry(document({"i": entry("workflow:inner")}), SHELF)

    assert CarriedWorkflows(carried, Shelf(saved=INNER)).names() == ("inner", "saved")
    assert CarriedWorkflows(carried, Shelf(saved=INNER)).load("saved").nodes
