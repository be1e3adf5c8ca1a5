"""Where saved workflows come from: any source of documents by name, or folders of JSON files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from weft.errors import ProblemsError
from weft.graph.document import Document, parse_document
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

    def names(self) -> tuple[str, ...]:
        """List the names of all files there are now, sorted."""
        return tuple(sorted(self._files()))

    def load(self, name: str) -> Document:
        """Read one workflow.

        Args:
            name: One of `names`. It is looked up, never made into a path, so it cannot lead elsewhere.

        Returns:
            Its document, in the newest format.

        Raises:
            WorkflowUnknownError: There is none of that name.
            ProblemsError: The file cannot be read, or what it holds is malformed.
        """
        files = self._files()
        if name not in files:
            raise WorkflowUnknownError(name=name, known=files)
        try:
            data = files[name].read_bytes()
        except OSError as error:
            unreadable = JSONUnreadableError(fault=(error.strerror or str(error)).lower())
            raise ProblemsError([unreadable.problem()]) from error
        return parse_document(data)

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in self._folders:
            # A folder that does not exist globs to nothing.
            for path in sorted(folder.glob("*.json")):
                found.setdefault(path.stem, path)
        return found
