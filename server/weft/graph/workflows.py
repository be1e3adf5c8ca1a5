"""Where saved workflows come from: any source of documents by name, or folders of JSON files."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from weft.errors import ProblemsError
from weft.graph.document import WORKFLOW_PREFIX, Document, parse_document
from weft.graph.faults import JSONUnreadableError
from weft.graph_errors import WorkflowUnknownError


class WorkflowSource(Protocol):
    """Saved workflows by name."""

    def names(self) -> tuple[str, ...]:
        """List the names there are, sorted."""
        ...

    def load(self, name: str) -> Document:
        """Read one workflow.

        Args:
            name: One of `names`.

        Returns:
            Its document.

        Raises:
            WorkflowUnknownError: There is none of that name.
            ProblemsError: The saved document is malformed.
        """
        ...


class NoWorkflows:
    """A source without any workflow."""

    def names(self) -> tuple[str, ...]:
        """List no names."""
        return ()

    def load(self, name: str) -> Document:
        """Refuse every name.

        Raises:
            WorkflowUnknownError: Always.
        """
        raise WorkflowUnknownError(name=name, known=())


class FolderWorkflows:
    """The JSON files of some folders; a workflow is called as its file is, without the suffix.

    Args:
        folders: Folders to look into, each time anew; one that does not exist holds nothing. Where two
            have a file of the same name, the first folder wins: put the user's own before the shipped.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        # What was read last, with what the file held: a document never changes, and parsing takes long.
        self._parsed: dict[Path, tuple[bytes, Document]] = {}

    def names(self) -> tuple[str, ...]:
        """List the names of all files there are now, sorted."""
        return tuple(sorted({name for folder in self._folders for name in _listed(folder)}))

    def load(self, name: str) -> Document:
        """Read one workflow.

        Args:
            name: One of `names`. It is looked up, never made into a path, so it cannot lead elsewhere.

        Returns:
            Its document, in the newest format; the very same as before where the file holds the same.

        Raises:
            WorkflowUnknownError: There is none of that name.
            ProblemsError: The file cannot be read, or what it holds is malformed.
        """
        path = next((path for folder in self._folders if (path := _file_in(folder, name))), None)
        if path is None:
            raise WorkflowUnknownError(name=name, known=self.names())
        try:
            data = path.read_bytes()
        except OSError as error:
            unreadable = JSONUnreadableError(fault=(error.strerror or str(error)).lower())
            raise ProblemsError([unreadable.problem()]) from error
        before = self._parsed.get(path)
        if before is not None and before[0] == data:
            return before[1]
        document = parse_document(data)
        self._parsed[path] = data, document
        return document


def _listed(folder: Path) -> list[str]:
    """Give the names of the JSON files of a folder, without their suffix; none where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [name.removesuffix(".json") for name in names if name.endswith(".json")]


def _file_in(folder: Path, name: str) -> Path | None:
    return folder / f"{name}.json" if name in _listed(folder) else None


class CarriedWorkflows:
    """The workflows that a document carries along, before those of another source.

    What a saved workflow carries along is found too, once that workflow was read, but last of all.

    Args:
        document: The document; its own `workflows` come first.
        saved: Where all others come from.
    """

    def __init__(self, document: Document, saved: WorkflowSource) -> None:
        self._carried = document.workflows
        self._saved = saved
        self._carried_by_saved: dict[str, Document] = {}

    def names(self) -> tuple[str, ...]:
        """List the names of carried and saved workflows, sorted."""
        return tuple(sorted({*self._carried, *self._saved.names()}))

    def load(self, name: str) -> Document:
        """Give a carried workflow, or read a saved one.

        Raises:
            WorkflowUnknownError: There is none of that name.
            ProblemsError: The saved document is malformed.
        """
        if name in self._carried:
            return self._carried[name]
        try:
            found = self._saved.load(name)
        except WorkflowUnknownError:
            if name not in self._carried_by_saved:
                raise
            return self._carried_by_saved[name]
        self._carried_by_saved = {**found.workflows, **self._carried_by_saved}
        return found


def carry(document: Document, saved: WorkflowSource) -> Document:
    """Make a document complete by itself, so that a picture that carries it can be made again.

    Args:
        document: A document that was checked.
        saved: The saved workflows that it may use.

    Returns:
        The same workflow, with every workflow that it uses, directly or through others, in `workflows`;
        nodes that are off use none.

    Raises:
        WorkflowUnknownError: It uses a workflow that does not exist.
        ProblemsError: It uses one that is malformed.
    """
    source = CarriedWorkflows(document, saved)
    found: dict[str, Document] = {}
    waiting = [document]
    while waiting:
        for entry in waiting.pop().nodes.values():
            name = entry.type.removeprefix(WORKFLOW_PREFIX)
            if entry.mode != "off" and entry.type.startswith(WORKFLOW_PREFIX) and name not in found:
                found[name] = source.load(name).model_copy(update={"workflows": {}})
                waiting.append(found[name])
    return document.model_copy(update={"workflows": found})
