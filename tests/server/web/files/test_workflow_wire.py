"""Saved workflows are written with addresses that lead to them, whatever their names hold."""

from urllib.parse import unquote

import pytest
from weft.jobs.files.library import SavedWorkflow
from weft.jobs.records import Revision
from weft.web.files.workflow_wire import WorkflowDocument, revision_list, saved_view, workflow_url


@pytest.mark.parametrize("name", ["plain", "with space", "ü", "a.b", "日本"])
def test_an_address_leads_to_its_workflow_alone(name: str) -> None:
    url = workflow_url(name)

    assert url.isascii()
    assert unquote(url) == f"/api/workflows/{name}"


def test_no_name_can_leave_its_part_of_the_address() -> None:
    assert workflow_url("../a?b#c/d") == "/api/workflows/..%2Fa%3Fb%23c%2Fd"


def test_a_saved_workflow_says_its_revision() -> None:
    view = saved_view(SavedWorkflow("mine", 3, "3", 10.0), None, ())

    assert (view.name, view.revision, view.modified_at.timestamp()) == ("mine", 3, 10.0)


def test_revisions_are_listed_with_their_addresses() -> None:
    found = revision_list("my own", (Revision("ann", "my own", 2, 5.0, is_deleted=True),)).revisions

    assert [(view.revision, view.deleted, view.url) for view in found] == [
        (2, True, "/api/workflows/my%20own/revisions/2")
    ]


def test_a_document_is_written_as_it_is() -> None:
    assert WorkflowDocument({"weft": 1, "nodes": {}}).model_dump_json() == '{"weft":1,"nodes":{}}'
