"""The saved workflows that one check looks at, each read and brought up to date once."""

from dataclasses import dataclass

from weft.errors import Problem, ProblemsError, WeftError
from weft.graph.document import Document
from weft.graph.node_versions import migrate_nodes
from weft.graph.workflows import WorkflowSource
from weft.registry import Catalog


@dataclass(frozen=True, slots=True)
class Volume:
    """One saved workflow as it was found.

    Attributes:
        document: The document with its nodes in their installed versions; None if it cannot be used.
        problems: What is wrong with it; node ids are those of the document itself.
    """

    document: Document | None
    problems: tuple[Problem, ...]


class Library:
    """Saved workflows by name, read on first use and then kept.

    Args:
        catalog: The installed node types.
        workflows: Where the documents come from.
    """

    def __init__(self, catalog: Catalog, workflows: WorkflowSource) -> None:
        self.catalog = catalog
        self._workflows = workflows
        self._volumes: dict[str, Volume] = {}

    def volume(self, name: str) -> Volume:
        """Give a saved workflow, or say why it cannot be used; never raises for a bad document."""
        if name not in self._volumes:
            self._volumes[name] = self._read(name)
        return self._volumes[name]

    def document(self, name: str) -> Document | None:
        """Give the document of a saved workflow; None if it cannot be used."""
        return self.volume(name).document

    def _read(self, name: str) -> Volume:
        try:
            document = self._workflows.load(name)
        except ProblemsError as error:
            return Volume(None, error.problems)
        except WeftError as error:
            return Volume(None, (error.problem(),))
        migrated = migrate_nodes(document, self.catalog)
        return Volume(migrated.document, migrated.problems)
