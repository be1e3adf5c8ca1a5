"""A node type made ready to run: what has to be known once per type and not once per node."""

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from weft.engine.promises import Test, promise_of
from weft.errors import NodeError
from weft.node import NodeDefinition
from weft.schema import Lane
from weft.sockets import ListOf, Named, SocketType, without_null

FLOAT = Named("float")


class ResultShapeError(NodeError):
    """A node returned something else than its annotation promises."""

    code = "result-shape"

    def __init__(self, *, type: str, returned: str, expects: str, output: str = "") -> None:
        where = f' for its output "{output}"' if output else ""
        super().__init__(
            f'"{type}" declares {expects}{where}, but returned {returned}.',
            hint="Report it to the author of the node.",
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a node type is run.

    Attributes:
        definition: The type.
        function: Its function.
        lane: Where it runs.
        is_async: Whether it is a coroutine or an asynchronous generator.
        streams: Whether it yields the items of its output.
        is_quick: Whether it is run at once on the event loop, without a task.
        outputs: The names of its outputs.
        promises: What tells whether a value is what an output promises, one per output.
        whole: The outputs that promise a float, for which a whole number is turned into one.
        floats: The inputs that take a float, to which a linked whole number is turned into one.
        lazy: The inputs that are evaluated when awaited.
    """

    definition: NodeDefinition
    function: Callable[..., object]
    lane: Lane
    is_async: bool
    streams: bool
    is_quick: bool
    outputs: tuple[str, ...]
    promises: tuple[Test, ...]
    whole: tuple[str, ...]
    floats: tuple[str, ...]
    lazy: frozenset[str]

    @classmethod
    def of(cls, definition: NodeDefinition) -> "Recipe":
        """Make a node type ready to run.

        Args:
            definition: The type.
        """
        schema = definition.schema
        return cls(
            definition=definition,
            function=definition.function,
            lane=schema.lane,
            is_async=schema.is_async,
            streams=schema.streams,
            is_quick=schema.lane == "inline" and not schema.is_async and not schema.streams,
            outputs=tuple(output.name for output in schema.outputs),
            promises=tuple(promise_of(output.type) for output in schema.outputs),
            whole=tuple(output.name for output in schema.outputs if _takes_float(output.type)),
            floats=tuple(
                entry.name for entry in schema.inputs if _takes_float(entry.type) and not entry.lazy
            ),
            lazy=frozenset(entry.name for entry in schema.inputs if entry.lazy),
        )

    def unpack(self, result: object) -> Mapping[str, object]:
        """Name the outputs in what the function returned.

        Args:
            result: What it returned; the list of all items where it streams.

        Returns:
            The values by output name.

        Raises:
            ResultShapeError: It returned something else than its annotation promises.
        """
        named = self._named(result)
        for name, test in zip(named, self.promises, strict=True):
            if not test(named[name]):
                output = self.definition.schema.output(name)
                raise ResultShapeError(
                    type=self.definition.schema.type,
                    returned=_shown(named[name]),
                    expects=str(output.type if output is not None else ""),
                    output=name,
                )
        for name in self.whole:
            named[name] = as_floats(named[name])
        return named

    def _named(self, result: object) -> dict[str, object]:
        names = self.outputs
        if len(names) == 1 and getattr(result, "_fields", None) != names:
            return {names[0]: result}
        if not names and result is None:
            return {}
        if isinstance(result, tuple) and getattr(result, "_fields", None) == names:
            return dict(zip(names, result, strict=True))
        raise ResultShapeError(
            type=self.definition.schema.type,
            returned=_shown(result),
            expects=", ".join(names) or "nothing",
        )


def _shown(value: object) -> str:
    """Show a value with its class, short; what is neither a number, a text nor a list by its class alone."""
    if value is None:
        return "None"
    kind = type(value).__name__
    return (
        f"{kind} {reprlib.repr(value)}" if isinstance(value, bool | int | float | str | list) else f"a {kind}"
    )


def as_floats(value: object) -> object:
    """Return a value for a float input: whole numbers become floats, also inside a list.

    Args:
        value: What a link brought.
    """
    if type(value) is int:
        return float(value)
    if type(value) is list:
        return [as_floats(item) for item in value]
    return value


def _takes_float(socket: SocketType) -> bool:
    plain = without_null(socket)
    return FLOAT in {plain, plain.item if isinstance(plain, ListOf) else plain}
