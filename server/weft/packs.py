"""What one pack offers: node types, choices, listings and value types, found in its modules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TypeVar

from weft.digests import CodeDigests
from weft.node import ChoicesProvider, ListingProvider, NodeDefinition
from weft.plugin_errors import NameClashError
from weft.values import value_type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PackContents:
    """What one pack offers.

    Attributes:
        name: Name of the pack.
        nodes: Its node types.
        choices: Its providers of choices.
        listings: Its providers of listings.
        values: The value classes it defines.
        borrowed: The value classes that its signatures name and others define.
        origins: Where each of these names comes from, by kind and name.
    """

    name: str
    nodes: dict[str, NodeDefinition] = field(default_factory=dict)
    choices: dict[str, ChoicesProvider] = field(default_factory=dict)
    listings: dict[str, ListingProvider] = field(default_factory=dict)
    values: dict[str, type] = field(default_factory=dict)
    borrowed: dict[str, type] = field(default_factory=dict)
    origins: dict[tuple[str, str], str] = field(default_factory=dict)

    def names(self) -> Iterator[tuple[str, str, object]]:
        """Give the kind, the name and the content of everything that can clash."""
        kinds: tuple[tuple[str, Mapping[str, object]], ...] = (
            ("node type", self.nodes),
            ("choices", self.choices),
            ("listing", self.listings),
            ("value type", self.values),
        )
        for kind, found in kinds:
            for name, content in found.items():
                yield kind, name, content

    def take(self, found: object, *, prefix: str = "", digest: str = "") -> None:
        """Add a decorated function or class; anything else is passed over.

        The same thing may come twice, as when one module imports it from another.

        Args:
            found: The function or class.
            prefix: Put before the name of a node type.
            digest: Digest of the code it stands in.

        Raises:
            NameClashError: Another thing of this pack has that name.
        """
        definition = getattr(found, "__weft_node__", None)
        if isinstance(definition, NodeDefinition):
            self._take_node(definition, prefix=prefix, digest=digest)
        offered = getattr(found, "__weft_choices__", None)
        if isinstance(offered, ChoicesProvider):
            self._put("choices", self.choices, offered.name, offered, origin_of(offered.function))
        listed = getattr(found, "__weft_listing__", None)
        if isinstance(listed, ListingProvider):
            self._put("listing", self.listings, listed.name, listed, origin_of(listed.function))
        marked = value_type(found) if isinstance(found, type) else None
        if marked is not None and isinstance(found, type):
            self._put(
                "value type", self.values, marked.name, found, f"{found.__module__}.{found.__qualname__}"
            )

    def _take_node(self, definition: NodeDefinition, *, prefix: str, digest: str) -> None:
        name = prefix + definition.schema.type
        known = self.nodes.get(name)
        if known is not None and known.function is definition.function:
            return
        schema = replace(definition.schema, type=name, pack=self.name, code_digest=digest)
        full = replace(definition, schema=schema)
        self._put("node type", self.nodes, name, full, origin_of(definition.function))
        for cls in definition.values:
            found = value_type(cls)
            if found is not None:
                self.borrowed.setdefault(found.name, cls)

    def _put(self, kind: str, into: dict[str, T], name: str, entry: T, origin: str) -> None:
        if into.setdefault(name, entry) is not entry:
            raise NameClashError(kind=kind, name=name, first=self.origins[kind, name], second=origin)
        self.origins[kind, name] = origin


def collect(pack: str, root: str, modules: Iterable[ModuleType], *, prefix: str = "") -> PackContents:
    """Find all that the modules of a pack offer.

    Args:
        pack: Name of the pack.
        root: Name of its package or only module; what is imported from elsewhere is not its own.
        modules: The modules to look through.
        prefix: Put before the names of its node types, such as ``mypack:``.

    Returns:
        What it offers, with the digests of its code.

    Raises:
        NameClashError: Two things in the pack have the same name.
    """
    contents = PackContents(pack)
    digests = CodeDigests(root)
    for module in modules:
        own = [found for found in vars(module).values() if _is_own(found, root)]
        digest = digests.digest(module) if any(hasattr(found, "__weft_node__") for found in own) else ""
        for found in own:
            contents.take(found, prefix=prefix, digest=digest)
    return contents


def collect_functions(pack: str, functions: Iterable[Callable[..., object]]) -> PackContents:
    """Gather single decorated functions as a pack, as tests and consoles want it.

    Raises:
        NameClashError: Two of them have the same name.
    """
    contents = PackContents(pack)
    digests: dict[str, str] = {}
    for function in functions:
        name = function.__module__
        if name not in digests:
            digests[name] = CodeDigests(name).digest(sys.modules.get(name) or ModuleType(name))
        contents.take(function, digest=digests[name])
    return contents


def _is_own(found: object, root: str) -> bool:
    name = getattr(found, "__module__", None)
    return isinstance(name, str) and (name == root or name.startswith(f"{root}."))


def origin_of(function: Callable[..., object]) -> str:
    """Say where a function stands, for messages."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", repr(function))
    return name if code is None else f"{name} ({code.co_filename}, line {code.co_firstlineno})"
