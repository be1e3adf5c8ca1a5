"""The catalogue as a worker publishes it: what its packs offer, as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from weft.errors import JSON, WeftError
from weft.plugins import Loaded
from weft.values import value_type
from weft.workers.catalog import FORMAT

T = TypeVar("T")


def catalog_of(loaded: Loaded) -> dict[str, JSON]:
    """Describe all that packs offer, for `StoredCatalog`; asks every provider, so it may read many files.

    Args:
        loaded: The packs.
    """
    registry = loaded.registry
    choices, listings = registry.providers()
    marked = (value_type(cls) for _, cls in sorted(registry.value_types().items()))
    return {
        "format": FORMAT,
        "nodes": [schema.to_json() for schema in registry.schemas()],
        "choices": _offers(choices, registry.choices, list),
        "listings": _offers(listings, registry.listing, _files),
        "values": [found.to_json() for found in marked if found is not None],
        "packs": [report.to_json() for report in loaded.reports],
    }


def _offers(names: Iterable[str], ask: Callable[[str], T], write: Callable[[T], JSON]) -> JSON:
    """Ask each provider; one that fails is told with its problem, since the check must say the same."""
    found: dict[str, JSON] = {}
    for name in names:
        try:
            found[name] = {"offers": write(ask(name))}
        except WeftError as error:
            found[name] = {"problem": error.problem().to_json()}
    return found


def _files(listing: Mapping[str, Mapping[str, str]]) -> JSON:
    return {name: dict(traits) for name, traits in listing.items()}
