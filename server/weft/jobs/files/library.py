"""Saved workflows: everyone's own, in the ledger with all their revisions, and templates that are only read.

A template is a JSON file in one of the workflow folders, such as those that come with weft. Who saves under
its name makes a copy of their own, which hides the template until it is deleted. A name is looked up and
never made into a path.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from weft.errors import JSON, ProblemsError
from weft.graph.document import WORKFLOW_PREFIX, Document, parse_document
from weft.graph.signature import Signature, signature
from weft.graph.workflows import FolderWorkflows, WorkflowSource
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.faults import RevisionUnknownError
from weft.jobs.files.file_faults import WorkflowNameError, WorkflowShippedError
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import LOCAL_OWNER, Revision
from weft.registry import Catalog
from weft.values import canonical_json

_NAME = re.compile(r"[^\W_](?:[\w .-]{0,98}[^\W_])?")


@dataclass(frozen=True, slots=True)
class SavedWorkflow:
    """A workflow of the library, without its document.

    Attributes:
        name: Its name.
        revision: Counts the times it was saved; 0 for a template.
        tag: Changes whenever it does, and tells a template from a copy of it.
        saved_at: Unix time; None for a template.
    """

    name: str
    revision: int
    tag: str
    saved_at: float | None

    @property
    def is_template(self) -> bool:
        """Whether it is a file that is only read."""
        return self.revision == 0


class WorkflowLibrary:
    """The saved workflows of all owners. Any thread may call it; it is the source of the local owner's.

    Args:
        ledger: Holds the owners' workflows.
        folders: Hold the templates, the first match first.
    """

    def __init__(self, ledger: Ledger, folders: Iterable[Path]) -> None:
        self._ledger = ledger
        self._templates = FolderWorkflows(folders)
        # A folder gives the very same document while its file stays as it is.
        self._described_before: dict[str, tuple[Document, SavedWorkflow]] = {}
        self._signed_before: dict[str, tuple[Document, Catalog, Signature]] = {}

    def names(self) -> tuple[str, ...]:
        """List the names that the local owner can use, sorted."""
        return self.names_of(LOCAL_OWNER)

    def load(self, name: str) -> Document:
        """Read a workflow of the local owner, or a template.

        Raises:
            WorkflowUnknownError: There is none of that name.
            ProblemsError: The template is malformed.
        """
        return self.read(LOCAL_OWNER, name)[1]

    def of(self, owner: str) -> WorkflowSource:
        """Give the workflows that an owner can use, as the check and the runs of jobs want them."""
        return _OwnedWorkflows(self, owner)

    def names_of(self, owner: str) -> tuple[str, ...]:
        """List the names that an owner can use, sorted."""
        own = {revision.name for revision in self._ledger.workflows(owner)}
        return tuple(sorted({*own, *self._templates.names()}))

    def entries(self, owner: str) -> tuple[SavedWorkflow, ...]:
        """List the workflows that an owner can use, by name.

        Templates that cannot be read are listed too, with an empty tag.
        """
        own = {revision.name: _saved(revision) for revision in self._ledger.workflows(owner)}
        shipped = {name: self._template(name) for name in self._templates.names() if name not in own}
        return tuple(entry for _, entry in sorted({**shipped, **own}.items()))

    def find(self, owner: str, name: str) -> SavedWorkflow:
        """Give what is known of a workflow.

        Raises:
            WorkflowUnknownError: There is none of that name.
        """
        own = self._own(owner, name)
        if own is not None:
            return _saved(own[0])
        if name not in self._templates.names():
            raise self._unknown(owner, name)
        return self._template(name)

    def read(self, owner: str, name: str) -> tuple[SavedWorkflow, Document]:
        """Give a workflow with its document.

        Raises:
            WorkflowUnknownError: There is none of that name.
            ProblemsError: The template is malformed.
        """
        own = self._own(owner, name)
        if own is not None:
            return _saved(own[0]), parse_document(own[1])
        try:
            document = self._templates.load(name)
        except WorkflowUnknownError:
            raise self._unknown(owner, name) from None
        return self._described(name, document), document

    def document(self, owner: str, listed: SavedWorkflow) -> Document:
        """Read the document of one of `entries`, without asking again whose it is.

        Raises:
            WorkflowUnknownError: It was deleted meanwhile.
            ProblemsError: The template is malformed.
        """
        if listed.is_template:
            return self._templates.load(listed.name)
        return parse_document(self._ledger.workflow(owner, listed.name)[1])

    def signature(self, owner: str, listed: SavedWorkflow, document: Document, catalog: Catalog) -> Signature:
        """Give the signature of one of `entries`, of a template the same as before while nothing has changed.

        Args:
            owner: Whose workflows it may use.
            listed: The entry.
            document: Its document.
            catalog: The installed node types; a catalogue that changes is another one.

        Raises:
            ProblemsError: As for `weft.graph.signature.signature`.
        """
        before = self._signed_before.get(listed.name)
        if listed.is_template and before is not None and before[0] is document and before[1] is catalog:
            return before[2]
        found = signature(document, catalog, self.of(owner))
        # What uses saved workflows has another signature when one of them does.
        uses_others = any(node.type.startswith(WORKFLOW_PREFIX) for node in document.nodes.values())
        if listed.is_template and not uses_others:
            self._signed_before[listed.name] = document, catalog, found
        return found

    def save(
        self, owner: str, name: str, document: Mapping[str, JSON], *, expected_revision: int | None = None
    ) -> tuple[SavedWorkflow, Document]:
        """Save a workflow as the owner's own, also one that cannot run yet.

        Args:
            owner: Whose.
            name: 1 to 100 letters, digits, spaces and ``- _ .``, with a letter or digit at both ends.
            document: The workflow; older formats are brought up to date.
            expected_revision: The revision that was read before; 0 where the owner had none. None saves in
                any case.

        Returns:
            What was saved.

        Raises:
            WorkflowNameError: The name cannot be one.
            ProblemsError: The document is malformed; nothing was saved.
            RevisionConflictError: Somebody else saved in between.
        """
        check_workflow_name(name)
        parsed = parse_document(document)
        saved = self._ledger.save_workflow(owner, name, parsed.to_json(), expected_revision=expected_revision)
        return _saved(saved), parsed

    def delete(self, owner: str, name: str, *, expected_revision: int | None = None) -> None:
        """Delete a workflow of an owner; a template that it hid is seen again. Its revisions stay.

        Raises:
            WorkflowUnknownError: There is none of that name.
            WorkflowShippedError: It is a template.
            RevisionConflictError: Somebody else saved in between.
        """
        try:
            self._ledger.delete_workflow(owner, name, expected_revision=expected_revision)
        except WorkflowUnknownError:
            if name in self._templates.names():
                raise WorkflowShippedError(name=name) from None
            raise self._unknown(owner, name) from None

    def revisions(self, owner: str, name: str) -> tuple[Revision, ...]:
        """List the revisions of an owner's workflow, the latest first; a template has none.

        Raises:
            WorkflowUnknownError: There is none of that name, and never was.
        """
        try:
            return tuple(self._ledger.revisions(owner, name))
        except WorkflowUnknownError:
            if name in self._templates.names():
                return ()
            raise self._unknown(owner, name) from None

    def revision(self, owner: str, name: str, number: int) -> tuple[SavedWorkflow, Document]:
        """Give a workflow as it was at a revision.

        Raises:
            WorkflowUnknownError: There is none of that name.
            RevisionUnknownError: It has no such revision, or that is the one at which it was deleted.
        """
        try:
            found, document = self._ledger.workflow(owner, name, number)
        except WorkflowUnknownError:
            if name in self._templates.names():
                raise RevisionUnknownError(name=name, revision=number) from None
            raise self._unknown(owner, name) from None
        return _saved(found), parse_document(document)

    def _own(self, owner: str, name: str) -> tuple[Revision, dict[str, JSON]] | None:
        try:
            return self._ledger.workflow(owner, name)
        except WorkflowUnknownError:
            return None

    def _template(self, name: str) -> SavedWorkflow:
        try:
            return self._described(name, self._templates.load(name))
        except ProblemsError:
            return SavedWorkflow(name, 0, "", None)

    def _described(self, name: str, template: Document) -> SavedWorkflow:
        before = self._described_before.get(name)
        if before is not None and before[0] is template:
            return before[1]
        described = _as_template(name, template)
        self._described_before[name] = template, described
        return described

    def _unknown(self, owner: str, name: str) -> WorkflowUnknownError:
        return WorkflowUnknownError(name=name[:120], known=self.names_of(owner))


class _OwnedWorkflows:
    """The workflows that one owner can use."""

    def __init__(self, library: WorkflowLibrary, owner: str) -> None:
        self._library = library
        self._owner = owner

    def names(self) -> tuple[str, ...]:
        return self._library.names_of(self._owner)

    def load(self, name: str) -> Document:
        return self._library.read(self._owner, name)[1]


def usable_by(owner: str, workflows: WorkflowSource) -> WorkflowSource:
    """Give what an owner can use of a source of workflows; all of one that knows no owners."""
    return workflows.of(owner) if isinstance(workflows, WorkflowLibrary) else workflows


def check_workflow_name(name: str) -> None:
    """Refuse what cannot be the name of a saved workflow.

    Raises:
        WorkflowNameError: It holds other signs than letters, digits, spaces and ``- _ .``, is too long, or
            could be taken for a path.
    """
    if not _NAME.fullmatch(name) or ".." in name or not unicodedata.is_normalized("NFC", name):
        raise WorkflowNameError(name=name)


def _saved(revision: Revision) -> SavedWorkflow:
    return SavedWorkflow(revision.name, revision.revision, str(revision.revision), revision.saved_at)


def _as_template(name: str, document: Document) -> SavedWorkflow:
    digest = hashlib.sha256(canonical_json(document.to_json()).encode()).hexdigest()
    return SavedWorkflow(name, 0, f"template-{digest[:16]}", None)
