"""Saved workflows as the API reads and writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import ConfigDict, RootModel

from weft.web.check_wire import SignatureView
from weft.web.problems import ProblemEntry
from weft.web.wire_base import JSONValue, Wire

if TYPE_CHECKING:
    from weft.jobs.files.library import SavedWorkflow
    from weft.jobs.records import Revision


class WorkflowDocument(RootModel[dict[str, JSONValue]]):
    """A workflow document, as it is saved and submitted: `weft`, `inputs`, `outputs`, `nodes` and so on."""

    model_config = ConfigDict(frozen=True, strict=True)


class WorkflowEntry(Wire):
    """A saved workflow, or a template.

    Attributes:
        name: Its name.
        title: What its document is titled.
        description: What its document says it is for.
        template: Whether it is a template, which is only read; saving under its name makes a copy.
        revision: Counts the times it was saved; 0 for a template.
        modified_at: When it was saved; null for a template.
        signature: Its inputs and outputs; null where they lead nowhere, or no worker has said yet which nodes
            there are.
        problems: Why the document cannot be read; what else is wrong with it, a check says.
        url: Where its document is fetched from.
    """

    name: str
    title: str
    description: str
    template: bool
    revision: int
    modified_at: datetime | None
    signature: SignatureView | None
    problems: tuple[ProblemEntry, ...]
    url: str


class WorkflowList(Wire):
    """The saved workflows and the templates, by name.

    Attributes:
        workflows: All of them.
    """

    workflows: tuple[WorkflowEntry, ...]


class WorkflowSaved(Wire):
    """A workflow that was just saved.

    Attributes:
        name: Its name.
        revision: Counts the times it was saved.
        modified_at: When it was saved.
        signature: Its inputs and outputs; null where they lead nowhere, or no worker has said yet which nodes
            there are.
        problems: What is wrong with it; it was saved nevertheless.
    """

    name: str
    revision: int
    modified_at: datetime
    signature: SignatureView | None
    problems: tuple[ProblemEntry, ...]


class RevisionView(Wire):
    """A workflow as it once was.

    Attributes:
        revision: Its number.
        saved_at: When it was saved.
        deleted: Whether the workflow was deleted then; such a revision has no document.
        url: Where its document is fetched from.
    """

    revision: int
    saved_at: datetime
    deleted: bool
    url: str


class RevisionList(Wire):
    """The revisions of a workflow, the latest first.

    Attributes:
        revisions: Those that are kept; a template has none.
    """

    revisions: tuple[RevisionView, ...]


def workflow_url(name: str) -> str:
    """Give the address of a saved workflow."""
    return f"/api/workflows/{quote(name, safe='')}"


def saved_view(
    saved: SavedWorkflow, signature: SignatureView | None, problems: tuple[ProblemEntry, ...]
) -> WorkflowSaved:
    """Write a workflow that was just saved."""
    return WorkflowSaved(
        name=saved.name,
        revision=saved.revision,
        modified_at=datetime.fromtimestamp(saved.saved_at or 0.0, UTC),
        signature=signature,
        problems=problems,
    )


def revision_list(name: str, revisions: tuple[Revision, ...]) -> RevisionList:
    """Write the revisions of a workflow."""
    url = workflow_url(name)
    return RevisionList(
        revisions=tuple(
            RevisionView(
                revision=entry.revision,
                saved_at=datetime.fromtimestamp(entry.saved_at, UTC),
                deleted=entry.is_deleted,
                url=f"{url}/revisions/{entry.revision}",
            )
            for entry in revisions
        )
    )
