"""The registry: all node types, choices, listings and value types of the packs that are loaded."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from weft import values
from weft.errors import JSON, MigrationFailedError, WeftError
from weft.graph_errors import NodeTypeUnknownError, NodeVersionError
from weft.node import NodeDefinition, NodeSchema
from weft.packs import PackContents, collect, collect_functions
from weft.paths import Paths
from weft.plugin_errors import NameClashError, ProviderFailedError, ProviderUnknownError
from weft.sockets import Supertypes
from weft.values import value_type

T = TypeVar("T")

CORE = "sdk"
"""Name of the pack that the value types of the SDK itself belong to."""


class Catalog(Protocol):
    """What the check of a workflow needs to know of the node types there are."""

    def schema(self, type: str) -> NodeSchema | None:
        """Give a node type's schema; None where there is no such type."""

    def types(self) -> tuple[str, ...]:
        """Give the names of all node types, sorted."""

    def choices(self, provider: str) -> tuple[str, ...]:
        """Give the words a `Choice` widget offers.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed.
        """

    def listing(self, kind: str) -> Mapping[str, Mapping[str, str]]:
        """Give the names a `ModelFile` or `ImageFile` widget offers, with the traits of each.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed.
        """

    def has_asset(self, name: str) -> bool:
        """Tell whether an `ImageFile` widget may take this asset, named as ``asset:<sha256>``."""

    def migrate(self, type: str, from_version: int, inputs: Mapping[str, JSON]) -> dict[str, JSON]:
        """Give the inputs of a node saved by an older version as the present version wants them.

        Raises:
            NodeTypeUnknownError: There is no such type.
            NodeVersionError: The version is newer than the installed one.
            MigrationFailedError: A migration raised an exception.
        """

    @property
    def supertypes(self) -> Supertypes:
        """All value types above each value type."""


class Registry:
    """All that the loaded packs offer; a `Catalog`.

    Adding either succeeds or leaves the registry as it was. To replace a pack, `replace_pack` gives a new
    registry, so that runs under way keep theirs.

    Args:
        paths: Folders that listings look into; by default all below the current folder.
    """

    def __init__(self, paths: Paths | None = None) -> None:
        self.paths = paths if paths is not None else Paths.below(Path())
        self._parts: list[PackContents] = []
        self._nodes: dict[str, NodeDefinition] = {}
        self._origins: dict[tuple[str, str], str] = {}
        self._values: dict[str, type] = {}
        self._supertypes: dict[str, tuple[str, ...]] = {}
        self._types: tuple[str, ...] = ()
        self.add_contents(collect(CORE, values.__name__, [values]))

    def add(self, *functions: Callable[..., object], pack: str = "local") -> None:
        """Add decorated functions one by one, as tests and consoles want it.

        Raises:
            NameClashError: A name is taken; the registry is as it was.
        """
        self.add_contents(collect_functions(pack, functions))

    def add_contents(self, contents: PackContents) -> None:
        """Add what a pack offers.

        Raises:
            NameClashError: A name is taken by something else; the registry is as it was.
        """
        for kind, name, entry in contents.names():
            known = self._origins.get((kind, name))
            if known is not None and self._find(kind, name) is not entry:
                raise NameClashError(
                    kind=kind,
                    name=name,
                    first=known,
                    second=f"{contents.origins[kind, name]} of the pack {contents.name}",
                )
        for kind, name, _ in contents.names():
            origin = f"{contents.origins[kind, name]} of the pack {contents.name}"
            self._origins.setdefault((kind, name), origin)
        self._parts.append(contents)
        self._nodes.update(contents.nodes)
        self._types = tuple(sorted(self._nodes))
        self._index_values()

    def _find(self, kind: str, name: str) -> object:
        found = (entry for part in self._parts for k, n, entry in part.names() if (k, n) == (kind, name))
        return next(found, None)

    def _index_values(self) -> None:
        # A class that a pack defines goes before one that a signature borrows, for example from a pack
        # that has been reloaded since.
        merged: dict[str, type] = {}
        for part in self._parts:
            merged.update(part.values)
        for part in self._parts:
            for name, cls in part.borrowed.items():
                merged.setdefault(name, cls)
        self._values = merged
        marked = ((name, value_type(cls)) for name, cls in merged.items())
        self._supertypes = {name: found.supertypes for name, found in marked if found is not None}

    def replace_pack(self, contents: PackContents) -> Registry:
        """Give a new registry in which these contents stand for all that the pack offered before.

        Raises:
            NameClashError: A name is taken by another pack.
        """
        fresh = self.without_pack(contents.name)
        fresh.add_contents(contents)
        return fresh

    def without_pack(self, pack: str) -> Registry:
        """Give a new registry without a pack."""
        fresh = Registry(self.paths)
        for part in self._parts:
            if part.name not in (CORE, pack):
                fresh.add_contents(part)
        return fresh

    @property
    def supertypes(self) -> Supertypes:
        """All value types above each value type."""
        return self._supertypes

    def value_types(self) -> Mapping[str, type]:
        """Give the class of each value type; its `__weft_value__` says the rest."""
        return dict(self._values)

    def types(self) -> tuple[str, ...]:
        """Give the names of all node types, sorted."""
        return self._types

    def schemas(self) -> tuple[NodeSchema, ...]:
        """Give the schemas of all node types, sorted by name."""
        return tuple(self._nodes[name].schema for name in self._types)

    def schema(self, type: str) -> NodeSchema | None:
        """Give a node type's schema; None where there is no such type."""
        found = self._nodes.get(type)
        return None if found is None else found.schema

    def definition(self, type: str) -> NodeDefinition:
        """Give a node type with its function.

        Raises:
            NodeTypeUnknownError: There is no such type.
        """
        found = self._nodes.get(type)
        if found is None:
            raise NodeTypeUnknownError(type=type, known=self._types)
        return found

    def providers(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the names of all choices and of all listings that packs offer, each sorted."""
        choices = {name for part in self._parts for name in part.choices}
        listings = {name for part in self._parts for name in part.listings}
        return tuple(sorted(choices)), tuple(sorted(listings))

    def choices(self, provider: str) -> tuple[str, ...]:
        """Give the words a `Choice` widget offers.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed.
        """
        known = {name: found for part in self._parts for name, found in part.choices.items()}
        if provider not in known:
            raise ProviderUnknownError(kind="choices", name=provider, known=known)
        function = known[provider].function
        return tuple(str(word) for word in _called("choices", provider, function))

    def listing(self, kind: str) -> Mapping[str, Mapping[str, str]]:
        """Give the names a `ModelFile` or `ImageFile` widget offers, with the traits of each.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed.
        """
        known = {name: found for part in self._parts for name, found in part.listings.items()}
        if kind not in known:
            raise ProviderUnknownError(kind="listing", name=kind, known=known)
        function = known[kind].function
        found = _called("listing", kind, lambda: function(self.paths))
        return {name: dict(traits) for name, traits in found.items()}

    def has_asset(self, name: str) -> bool:
        """Tell whether an `ImageFile` widget may take this asset, named as ``asset:<sha256>``."""
        return self.paths.holds_asset(name)

    def migrate(self, type: str, from_version: int, inputs: Mapping[str, JSON]) -> dict[str, JSON]:
        """Give the inputs of a node saved by an older version as the present version wants them.

        Args:
            type: Name of the node type.
            from_version: The version that saved them, from 1.
            inputs: The inputs, links included; they are not changed.

        Raises:
            NodeTypeUnknownError: There is no such type.
            NodeVersionError: The version is newer than the installed one, or below 1.
            MigrationFailedError: A migration raised an exception or gave no dict.
        """
        definition = self.definition(type)
        newest = definition.schema.version
        if not 1 <= from_version <= newest:
            raise NodeVersionError(type=type, found=from_version, newest=newest)
        found = copy.deepcopy(dict(inputs))
        for version in range(from_version, newest):
            try:
                found = dict(definition.migrations[version](found))
            except Exception as error:
                # A migration is foreign code and meets whatever old documents hold.
                raise MigrationFailedError(type=type, version=version, cause=error) from error
        return found


def _called(kind: str, name: str, function: Callable[[], T]) -> T:
    try:
        return function()
    except WeftError:
        raise
    except Exception as error:
        # A provider is foreign code.
        raise ProviderFailedError(kind=kind, name=name, cause=error) from error
