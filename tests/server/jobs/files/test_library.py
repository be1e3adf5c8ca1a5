"""Everyone's workflows are their own, templates are only read, and names never become paths."""

import json
from pathlib import Path
from typing import Any

import pytest
from server.jobs.hub.test_hub import TRAVERSALS
from weft.errors import JSON, ProblemsError
from weft.graph.signature import Signature
from weft.graph.workflows import NoWorkflows
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.faults import RevisionConflictError, RevisionUnknownError
from weft.jobs.files.file_faults import WorkflowNameError, WorkflowShippedError
from weft.jobs.files.library import WorkflowLibrary, check_workflow_name, usable_by
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import LOCAL_OWNER
from weft.registry import Catalog, Registry


def titled(title: str) -> dict[str, JSON]:
    return {"weft": 1, "title": title, "nodes": {}}


@pytest.fixture
def library(ledger: Ledger, tmp_path: Path) -> WorkflowLibrary:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "template.json").write_text(json.dumps(titled("template")))
    (folder / "broken.json").write_text("{")
    return WorkflowLibrary(ledger, [tmp_path / "missing", folder])


def test_it_is_a_source_of_the_local_owners_workflows(library: WorkflowLibrary) -> None:
    library.save(LOCAL_OWNER, "mine", titled("mine"))
    library.save("ann", "anns", titled("ann's"))

    assert library.names() == ("broken", "mine", "template")
    assert library.load("mine").title == "mine"
    assert library.of("ann").names() == ("anns", "broken", "template")
    assert library.of("ann").load("anns").title == "ann's"
    with pytest.raises(WorkflowUnknownError, match="anns"):
        library.load("anns")


def test_what_an_owner_can_use_is_told_by_the_library_alone(library: WorkflowLibrary) -> None:
    library.save("ann", "anns", titled("ann's"))
    none = NoWorkflows()

    assert "anns" in usable_by("ann", library).names()
    assert "anns" not in usable_by("bob", library).names()
    assert usable_by("ann", none) is none


def test_a_saved_workflow_hides_the_template_until_it_is_deleted(library: WorkflowLibrary) -> None:
    library.save("ann", "template", titled("copy"))
    hidden = library.of("ann").load("template").title
    others = library.of("bob").load("template").title
    library.delete("ann", "template")

    assert (hidden, others) == ("copy", "template")
    assert library.of("ann").load("template").title == "template"


def test_templates_are_told_from_saved_workflows(library: WorkflowLibrary) -> None:
    saved, _ = library.save("ann", "mine", titled("mine"))
    template = library.find("ann", "template")

    assert (saved.is_template, saved.revision, saved.tag) == (False, 1, "1")
    assert (template.is_template, template.revision, template.saved_at) == (True, 0, None)
    assert template.tag.startswith("template-")


def test_the_tag_of_a_template_changes_with_its_file(library: WorkflowLibrary, tmp_path: Path) -> None:
    before = library.find("ann", "template").tag
    (tmp_path / "templates" / "template.json").write_text(json.dumps(titled("changed")))

    assert library.find("ann", "template").tag != before


def test_all_are_listed_by_name_broken_templates_too(library: WorkflowLibrary) -> None:
    library.save("ann", "apple", titled("apple"))

    entries = library.entries("ann")

    assert [(entry.name, entry.is_template) for entry in entries] == [
        ("apple", False),
        ("broken", True),
        ("template", True),
    ]
    assert entries[1].tag == ""


def test_what_is_listed_has_the_document_that_is_read_by_its_name(library: WorkflowLibrary) -> None:
    library.save("me", "mine", {"weft": 1, "title": "My own"})
    listed = [entry for entry in library.entries("me") if entry.tag]

    assert {entry.is_template for entry in listed} == {True, False}
    for entry in listed:
        assert library.document("me", entry) == library.read("me", entry.name)[1]


def test_the_signature_of_a_template_is_found_anew_when_anything_changes_that_it_depends_on(
    library: WorkflowLibrary, tmp_path: Path
) -> None:
    def sign(name: str, catalog: Catalog) -> Signature:
        listed = library.find("ann", name)
        return library.signature("ann", listed, library.document("ann", listed), catalog)

    using = {"weft": 1, "nodes": {"inner": {"type": "workflow:template"}}}
    (tmp_path / "templates" / "using.json").write_text(json.dumps(using))
    library.save("ann", "mine", titled("mine"))
    catalog = Registry()
    before = sign("template", catalog)

    assert sign("template", catalog) is before
    assert sign("template", Registry()) is not before
    for other in ("using", "mine"):
        assert sign(other, catalog) is not sign(other, catalog)
    before = sign("template", catalog)
    (tmp_path / "templates" / "template.json").write_text(json.dumps(titled("changed")))
    assert sign("template", catalog) is not before


def test_a_broken_template_says_what_is_wrong_when_it_is_read(library: WorkflowLibrary) -> None:
    with pytest.raises(ProblemsError):
        library.read("ann", "broken")


def test_templates_cannot_be_deleted(library: WorkflowLibrary) -> None:
    with pytest.raises(WorkflowShippedError):
        library.delete("ann", "template")


def test_revisions_are_kept_and_found_again(library: WorkflowLibrary) -> None:
    library.save("ann", "mine", titled("one"))
    library.save("ann", "mine", titled("two"))
    library.delete("ann", "mine")

    assert [revision.revision for revision in library.revisions("ann", "mine")] == [3, 2, 1]
    assert library.revision("ann", "mine", 1)[1].title == "one"
    for number in (3, 4):
        with pytest.raises(RevisionUnknownError):
            library.revision("ann", "mine", number)
    with pytest.raises(WorkflowUnknownError):
        library.read("ann", "mine")


def test_a_template_has_no_revisions(library: WorkflowLibrary) -> None:
    assert library.revisions("ann", "template") == ()
    with pytest.raises(RevisionUnknownError):
        library.revision("ann", "template", 1)


def test_what_does_not_exist_is_unknown_with_a_guess_at_what_was_meant(library: WorkflowLibrary) -> None:
    for ask in (
        lambda: library.find("ann", "templat"),
        lambda: library.read("ann", "templat"),
        lambda: library.delete("ann", "templat"),
        lambda: library.revisions("ann", "templat"),
        lambda: library.revision("ann", "templat", 1),
    ):
        with pytest.raises(WorkflowUnknownError) as unknown:
            ask()
        assert "template" in unknown.value.hint


def test_saving_over_another_revision_than_was_read_is_refused(library: WorkflowLibrary) -> None:
    library.save("ann", "mine", titled("one"), expected_revision=0)

    with pytest.raises(RevisionConflictError):
        library.save("ann", "mine", titled("two"), expected_revision=0)
    with pytest.raises(RevisionConflictError):
        library.delete("ann", "mine", expected_revision=7)

    assert library.read("ann", "mine")[1].title == "one"


@pytest.mark.parametrize("document", [{}, {"weft": 99}, {"weft": 1, "nodes": 1}, {"weft": 1, "other": 1}])
def test_what_is_no_document_is_not_saved(library: WorkflowLibrary, document: dict[str, Any]) -> None:
    with pytest.raises(ProblemsError):
        library.save("ann", "mine", document)

    assert "mine" not in library.of("ann").names()


@pytest.mark.parametrize("name", ["a", "7", "A b-c_d.e", "über", "日本語", "x" * 100])
def test_usual_names_can_be_names(name: str) -> None:
    check_workflow_name(name)


@pytest.mark.parametrize(
    "name",
    [*(t for t in TRAVERSALS if t != "a./b"), " a", "a ", "x" * 101, "a\u0301", "-", "_", "a:b", "<a>"],
)
def test_what_could_be_a_path_cannot_be_a_name(library: WorkflowLibrary, name: str) -> None:
    with pytest.raises(WorkflowNameError):
        library.save("ann", name, titled("x"))
    with pytest.raises(WorkflowUnknownError):
        library.read("ann", name)
