"""The workflows that a server saved, for commands beside it: they only read, and wait for nobody.

The ledger itself belongs to one process at a time. Here the same file is read as it stands, without its lock
and without what it takes to write it, which a command line would be kept waiting for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from weft.graph.document import Document, parse_document
from weft.graph.workflows import WorkflowSource
from weft.jobs.faults import DatabaseDamagedError
from weft.jobs.records import DATABASE_NAME, LOCAL_OWNER

_PRESENT = """
    FROM workflows AS saved WHERE owner = ? AND NOT is_deleted AND revision =
    (SELECT max(revision) FROM workflows WHERE owner = saved.owner AND name = saved.name)
"""
_NAMES = f"SELECT name {_PRESENT}"
_DOCUMENT = f"SELECT document {_PRESENT} AND name = ?"


class SavedWorkflows:
    """The local owner's workflows in a data folder, before those of another source; a `WorkflowSource`.

    Args:
        folder: The data folder, in which a server has worked or works just now.
        templates: Where all others come from.
    """

    def __init__(self, folder: Path, templates: WorkflowSource) -> None:
        self._path = folder / DATABASE_NAME
        self._templates = templates

    def names(self) -> tuple[str, ...]:
        """List the names of all workflows, sorted.

        Raises:
            DatabaseDamagedError: The database cannot be read.
        """
        return tuple(sorted({*self._found(_NAMES, LOCAL_OWNER), *self._templates.names()}))

    def load(self, name: str) -> Document:
        """Read a workflow.

        Raises:
            WorkflowUnknownError: There is none of that name.
            ProblemsError: It is malformed.
            DatabaseDamagedError: The database cannot be read.
        """
        own = self._found(_DOCUMENT, LOCAL_OWNER, name)
        return parse_document(own[0]) if own else self._templates.load(name)

    def _found(self, query: str, *values: str) -> list[str]:
        with self._opened() as connection:
            # A server that starts for the first time may not have got further than the file.
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                return []
            return [text for (text,) in connection.execute(query, values)]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
            ) as connection:
                yield connection
        except sqlite3.Error as error:
            raise DatabaseDamagedError(path=str(self._path), fault=str(error)) from error


def named_workflows(folder: Path, templates: WorkflowSource) -> WorkflowSource:
    """Give all workflows that have a name on this machine.

    Args:
        folder: The data folder.
        templates: Those that are files.
    """
    return SavedWorkflows(folder, templates) if (folder / DATABASE_NAME).is_file() else templates
