"""Saved workflows and their revisions. Saving never replaces anything: it adds a revision."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from weft.errors import JSON
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.faults import RevisionConflictError, RevisionUnknownError
from weft.jobs.ledger.changes import Change, LedgerPart
from weft.jobs.ledger.schema import workflows
from weft.jobs.records import NewEvent, Revision

MOST_REVISIONS = 100
"""So many revisions of a workflow stay; the oldest go."""

_COLUMNS = tuple(column for column in workflows.columns if column.name != "document")


class WorkflowTable(LedgerPart):
    """What the ledger knows of saved workflows."""

    def save_workflow(
        self, owner: str, name: str, document: Mapping[str, JSON], *, expected_revision: int | None = None
    ) -> Revision:
        """Save a workflow as a new revision.

        Args:
            owner: Whom it belongs to.
            name: Its name.
            document: The workflow.
            expected_revision: The revision that was read before; 0 where there was none. None saves in any
                case.

        Returns:
            The new revision, or the present one where that is the same already.

        Raises:
            RevisionConflictError: Somebody else saved in between.
        """
        with self._changing() as change:
            latest = _latest(change.connection, owner, name)
            _expect(name, latest, expected_revision)
            if (
                latest is not None
                and not latest.is_deleted
                and _document(change.connection, latest) == document
            ):
                return latest
            return _add(change, _after(change, owner, name, latest), document)

    def delete_workflow(self, owner: str, name: str, *, expected_revision: int | None = None) -> Revision:
        """Delete a workflow; its revisions can still be read, and saving it again goes on from them.

        Args:
            owner: Whom it belongs to.
            name: Its name.
            expected_revision: The revision that was read before; None deletes in any case.

        Returns:
            The revision that says so.

        Raises:
            WorkflowUnknownError: There is no such workflow.
            RevisionConflictError: Somebody else saved in between.
        """
        with self._changing() as change:
            latest = _latest(change.connection, owner, name)
            if latest is None or latest.is_deleted:
                raise WorkflowUnknownError(name=name, known=_names(change.connection, owner))
            _expect(name, latest, expected_revision)
            return _add(change, _after(change, owner, name, latest, is_deleted=True), {})

    def workflow(
        self, owner: str, name: str, revision: int | None = None
    ) -> tuple[Revision, dict[str, JSON]]:
        """Give a saved workflow: the revision, and its document.

        Args:
            owner: Whom it belongs to.
            name: Its name.
            revision: Which revision; None for the latest.

        Raises:
            WorkflowUnknownError: There is no such workflow.
            RevisionUnknownError: It has no such revision, or was deleted with that one.
        """
        with self._database.read() as connection:
            found = _latest(connection, owner, name) if revision is None else None
            if revision is not None:
                revisions = _revisions(connection, owner, name)
                found = next((r for r in revisions if r.revision == revision and not r.is_deleted), None)
                if revisions and found is None:
                    raise RevisionUnknownError(name=name, revision=revision)
            if found is None or found.is_deleted:
                raise WorkflowUnknownError(name=name, known=_names(connection, owner))
            return found, _document(connection, found)

    def workflows(self, owner: str) -> list[Revision]:
        """Give the latest revisions of an owner's workflows, by name.

        Args:
            owner: Whom they belong to.
        """
        with self._database.read() as connection:
            return _present(connection, owner)

    def revisions(self, owner: str, name: str) -> list[Revision]:
        """Give the revisions of a workflow, the latest first, also where it was deleted.

        Args:
            owner: Whom it belongs to.
            name: Its name.

        Raises:
            WorkflowUnknownError: There never was such a workflow.
        """
        with self._database.read() as connection:
            found = _revisions(connection, owner, name)
            if not found:
                raise WorkflowUnknownError(name=name, known=_names(connection, owner))
            return found


def _expect(name: str, latest: Revision | None, expected: int | None) -> None:
    found = 0 if latest is None or latest.is_deleted else latest.revision
    if expected is not None and expected != found:
        raise RevisionConflictError(name=name, expected=expected, found=found)


def _after(
    change: Change, owner: str, name: str, latest: Revision | None, *, is_deleted: bool = False
) -> Revision:
    number = 1 if latest is None else latest.revision + 1
    return Revision(owner, name, number, saved_at=change.now, is_deleted=is_deleted)


def _add(change: Change, revision: Revision, document: Mapping[str, JSON]) -> Revision:
    fields = {name: getattr(revision, name) for name in Revision.__slots__}
    change.connection.execute(insert(workflows).values(document=dict(document), **fields))
    oldest = revision.revision - MOST_REVISIONS
    change.connection.execute(
        delete(workflows).where(
            workflows.c.owner == revision.owner,
            workflows.c.name == revision.name,
            workflows.c.revision <= oldest,
        )
    )
    told: dict[str, JSON] = {"name": revision.name, "revision": revision.revision}
    if revision.is_deleted:
        told["is_deleted"] = True
    change.tell(NewEvent("workflow", told, owner=revision.owner))
    return revision


def _latest(connection: Connection, owner: str, name: str) -> Revision | None:
    return next(iter(_revisions(connection, owner, name, limit=1)), None)


def _revisions(connection: Connection, owner: str, name: str, limit: int | None = None) -> list[Revision]:
    here = (workflows.c.owner == owner, workflows.c.name == name)
    query = select(*_COLUMNS).where(*here).order_by(workflows.c.revision.desc()).limit(limit)
    return [Revision(**row) for row in connection.execute(query).mappings()]


def _present(connection: Connection, owner: str) -> list[Revision]:
    query = select(*_COLUMNS).where(workflows.c.owner == owner)
    rows = connection.execute(query.order_by(workflows.c.name, workflows.c.revision)).mappings()
    latest = {row["name"]: Revision(**row) for row in rows}
    return [revision for revision in latest.values() if not revision.is_deleted]


def _names(connection: Connection, owner: str) -> list[str]:
    return [revision.name for revision in _present(connection, owner)]


def _document(connection: Connection, revision: Revision) -> dict[str, JSON]:
    query = select(workflows.c.document).where(
        workflows.c.owner == revision.owner,
        workflows.c.name == revision.name,
        workflows.c.revision == revision.revision,
    )
    document: dict[str, JSON] = connection.execute(query).scalar_one()
    return document
