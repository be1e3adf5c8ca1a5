"""What the packs of the workers offer, kept as plain JSON: a catalogue that needs neither packs nor torch."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from weft.errors import JSON, WeftError
from weft.graph_errors import NodeTypeUnknownError, NodeVersionError
from weft.paths import ASSET_PREFIX, Paths
from weft.pictures import write_atomically
from weft.plugin_errors import ProviderFailedError, ProviderUnknownError
from weft.schema import NodeSchema
from weft.sockets import Supertypes
from weft.workers.faults import CatalogUnreadableError, MigrationNeedsWorkerError

FORMAT = 1
"""Number of the form that `StoredCatalog` reads; one of another form is not used."""


class StoredCatalog:
    """A `Catalog` that was published by a worker; it never changes.

    The check of a workflow says the same with it as with the worker's own registry, but for nodes of an older
    version, since migrations are code.

    Args:
        data: The catalogue, as `weft.workers.publishing` makes it: `format`, `nodes` (schemas), `choices` and
            `listings` (what each provider offers, or its problem), `values` (the value types) and `packs`.
        paths: The folders of the server; assets that a workflow names are looked for there.

    Raises:
        ValueError: The catalogue has another form, so it is of another version of weft.

    Attributes:
        data: The same.
        nodes: The schema of each node type, as JSON, by type.
        value_types: The value types, as JSON: name, colour, documentation and supertypes.
        packs: How the loading of each pack went, as JSON.
    """

    def __init__(self, data: Mapping[str, Any], paths: Paths) -> None:
        if data["format"] != FORMAT:
            raise ValueError(f"its form {data['format']} is not {FORMAT}")
        self.data = data
        self._paths = paths
        self._may_use: Callable[[str], bool] | None = None
        self.nodes: Mapping[str, dict[str, JSON]] = {node["type"]: node for node in data["nodes"]}
        self.value_types: Sequence[Mapping[str, JSON]] = tuple(data["values"])
        self.packs: Sequence[Mapping[str, JSON]] = tuple(data["packs"])
        self._types = tuple(sorted(self.nodes))
        self._schemas: dict[str, NodeSchema] = {}
        self._supertypes = {value["name"]: tuple(value["supertypes"]) for value in data["values"]}

    @classmethod
    def load(cls, path: Path, paths: Paths) -> StoredCatalog | None:
        """Read a catalogue that was saved.

        Args:
            path: The file.
            paths: The folders of the server.

        Returns:
            The catalogue; None where there is no such file.

        Raises:
            CatalogUnreadableError: The file is damaged, or of another version of weft.
        """
        try:
            found = cls(json.loads(path.read_bytes()), paths)
            # Schemas are read on first use; one that cannot be read must be noticed now.
            found.schemas()
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, WeftError) as error:
            raise CatalogUnreadableError(path=str(path), fault=f"{type(error).__name__}: {error}") from error
        return found

    def with_assets(self, may_use: Callable[[str], bool]) -> StoredCatalog:
        """Give the same catalogue for somebody who may not use every asset that is there.

        Args:
            may_use: Tells by its digest whether one may be used.
        """
        narrowed = copy.copy(self)
        narrowed._may_use = may_use  # noqa: SLF001 — it is of this class
        return narrowed

    def save(self, path: Path) -> None:
        """Write the catalogue, so that `load` gives it again.

        Args:
            path: The file; its folder is made where it is missing.

        Raises:
            FileError: It cannot be written.
        """
        write_atomically(path, json.dumps(self.data, separators=(",", ":")).encode("ascii"))

    @property
    def supertypes(self) -> Supertypes:
        """All value types above each value type."""
        return self._supertypes

    def types(self) -> tuple[str, ...]:
        """Give the names of all node types, sorted."""
        return self._types

    def schemas(self) -> tuple[NodeSchema, ...]:
        """Give the schemas of all node types, sorted by name."""
        return tuple(schema for schema in map(self.schema, self._types) if schema is not None)

    def schema(self, type: str) -> NodeSchema | None:
        """Give a node type's schema; None where there is no such type."""
        known = self._schemas.get(type)
        if known is None and type in self.nodes:
            known = self._schemas[type] = NodeSchema.from_json(self.nodes[type])
        return known

    def choices(self, provider: str) -> tuple[str, ...]:
        """Give the words a `Choice` widget offers.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed when the catalogue was published.
        """
        words: Sequence[str] = _offered("choices", provider, self.data["choices"])["offers"]
        return tuple(words)

    def listing(self, kind: str) -> Mapping[str, Mapping[str, str]]:
        """Give the names a `ModelFile` or `ImageFile` widget offers, with the traits of each.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed when the catalogue was published.
        """
        files: Mapping[str, Mapping[str, str]] = _offered("listing", kind, self.data["listings"])["offers"]
        return files

    def has_asset(self, name: str) -> bool:
        """Tell whether an `ImageFile` widget may take this asset, named as ``asset:<sha256>``."""
        if not self._paths.holds_asset(name):
            return False
        return self._may_use is None or self._may_use(name.removeprefix(ASSET_PREFIX))

    def migrate(self, type: str, from_version: int, inputs: Mapping[str, JSON]) -> dict[str, JSON]:
        """Give the inputs of a node of the present version; only a worker can migrate older ones.

        Raises:
            NodeTypeUnknownError: There is no such type.
            NodeVersionError: The version is newer than the installed one, or below 1.
            MigrationNeedsWorkerError: The version is older; ask a worker with `AskMigration`.
        """
        schema = self.schema(type)
        if schema is None:
            raise NodeTypeUnknownError(type=type, known=self._types)
        if not 1 <= from_version <= schema.version:
            raise NodeVersionError(type=type, found=from_version, newest=schema.version)
        if from_version < schema.version:
            raise MigrationNeedsWorkerError(type=type, found=from_version, newest=schema.version)
        return copy.deepcopy(dict(inputs))


def _offered(kind: str, name: str, known: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    if name not in known:
        raise ProviderUnknownError(kind=kind, name=name, known=known)
    if "problem" in known[name]:
        raise _told_again(known[name]["problem"])
    return known[name]


def _told_again(problem: Mapping[str, Any]) -> ProviderFailedError:
    """Give the error that a provider raised in the worker, with its own words."""
    error = ProviderFailedError.__new__(ProviderFailedError, problem["message"])
    facts = {name: problem[name] for name in ("code", "message", "hint", "details")}
    vars(error).update(facts)
    return error
