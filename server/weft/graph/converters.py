"""Which installed nodes give a type, for the hint where a link is missing or does not fit."""

from weft.registry import Catalog
from weft.schema import NodeSchema
from weft.sockets import SocketType, fits, variables_in

MOST_NAMED = 3
"""So many node types are named; the first ones need the fewest other inputs."""


class Converters:
    """Finds node types that give what is needed, each type or pair of types once.

    Args:
        catalog: The installed node types.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._found: dict[tuple[SocketType | None, SocketType], str] = {}

    def between(self, source: SocketType | None, target: SocketType) -> str:
        """Name the node types that take one type and give another.

        Args:
            source: What is there; None names those that need none of the other themselves.
            target: What is needed.

        Returns:
            Up to three node types joined by "or", those that ask for the fewest other things first; empty
            where there is none.
        """
        key = (source, target)
        if key not in self._found:
            schemas = (self._catalog.schema(name) for name in self._catalog.types())
            fitting = [found for found in schemas if found is not None and self._converts(found, *key)]
            fitting.sort(key=lambda schema: (sum(item.required for item in schema.inputs), schema.type))
            self._found[key] = " or ".join(schema.type for schema in fitting[:MOST_NAMED])
        return self._found[key]

    def _converts(self, schema: NodeSchema, source: SocketType | None, target: SocketType) -> bool:
        taken = [item.type for item in schema.inputs if item.required and not variables_in(item.type)]
        given = (item.type for item in schema.outputs if not variables_in(item.type))
        if source is None:
            suits = not any(fits(target, found, self._catalog.supertypes).ok for found in taken)
        else:
            suits = any(self._passes(source, found) for found in taken)
        return suits and any(self._passes(found, target) for found in given)

    def _passes(self, source: SocketType, target: SocketType) -> bool:
        return fits(source, target, self._catalog.supertypes).verdict not in ("no", "wrap", "map")
