"""The inputs of a node: gathered from what feeds it, split into items, and told apart by content."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from weft.engine.codec import SCALAR_TYPES, NotStorableError, digest, key_of, tensors_of
from weft.engine.recipes import Recipe, as_floats
from weft.errors import GraphError
from weft.graph.structure import Constant, GraphNode, Part, Source, Spread
from weft.graph_errors import ListLengthError
from weft.values import canonical_json

# Hashing reads about a gigabyte a second; larger values are told apart by how they were made instead.
MOST_HASHED_BYTES = 64 * 2**20
# More runs of one node are a mistake: lists that combine each with each, where they were to go in step.
MOST_RUNS = 100_000
# An item of a mapped node is named by its position on each axis.
Position = Mapping[str, int]
NOWHERE: Position = MappingProxyType({})


class Producer(Protocol):
    """What feeds a node: something with a fingerprint that has finished."""

    @property
    def print(self) -> str:
        """Its fingerprint."""

    @property
    def node(self) -> GraphNode:
        """The node in the graph."""

    @property
    def outputs(self) -> Mapping[str, object] | None:
        """Its values by output name; nested lists where it was mapped."""

    @property
    def digests(self) -> dict[int, str]:
        """Digests of its values that are known, by the address of the value."""


class TooManyRunsError(GraphError):
    """The lists that a node maps over would make it run more often than anybody meant."""

    code = "too-many-runs"

    def __init__(self, *, lengths: Mapping[str, int], runs: int) -> None:
        named = " and ".join(f"{name} ({length:,} items)" for name, length in lengths.items())
        super().__init__(
            f"Mapping over {named} would run this node {runs:,} times; at most {MOST_RUNS:,} are allowed.",
            hint="Shorten the lists, or name them in `zip` to go through them in step.",
            details={"lengths": dict(lengths), "runs": runs, "limit": MOST_RUNS},
        )


class Inputs:
    """The inputs of one node.

    Args:
        node: The node.
        recipe: Its type.
        producers: What feeds it, by id; all but those behind lazy inputs have finished.
    """

    def __init__(self, node: GraphNode, recipe: Recipe, producers: Mapping[str, Producer]) -> None:
        self._node = node
        self._recipe = recipe
        self._producers = producers
        self._lazy = lazy_inputs(node, recipe)
        self._whole = gather(node, recipe, producers)

    def lengths(self) -> tuple[int, ...]:
        """Return how many items each axis has, outermost first.

        Raises:
            ListLengthError: Inputs that advance together have different lengths.
            TooManyRunsError: The node would run more often than anybody meant.
        """
        found: dict[str, dict[str, int]] = {axis: {} for axis in self._node.out_axes}
        for name, axes in self._node.axes.items():
            level: object = self._whole.get(name)
            for axis in axes:
                items = level if isinstance(level, list) else []
                found[axis][name] = len(items)
                level = items[0] if items else []
        for lengths in found.values():
            # An empty outer list says nothing about the lengths inside it; there is nothing to run either
            # way.
            if len(set(lengths.values())) > 1 and not self._is_empty():
                raise ListLengthError(lengths=lengths)
        counts = tuple(next(iter(lengths.values()), 0) for lengths in found.values())
        if math.prod(counts) > MOST_RUNS:
            known = {name: length for lengths in found.values() for name, length in lengths.items()}
            raise TooManyRunsError(lengths=known, runs=math.prod(counts))
        return counts

    def positions(self, lengths: Sequence[int]) -> Iterator[Position]:
        """Yield the position of every item, row-major.

        Args:
            lengths: How many items each axis has.
        """
        for index in itertools.product(*(range(length) for length in lengths)):
            yield dict(zip(self._node.out_axes, index, strict=True))

    def at(self, position: Position = NOWHERE) -> dict[str, object]:
        """Return the arguments of one call, without lazy inputs.

        Args:
            position: Which item; ignored by inputs that do not map.
        """
        return {name: fresh(value) for name, value in self._at(position).items()}

    def key(self, position: Position = NOWHERE, outside: str = "") -> str:
        """Return what a call's result is known by: equal where code, inputs and outside state are.

        Args:
            position: Which item.
            outside: State outside that counts.
        """
        schema = self._node.schema
        parts = ["result", schema.type, str(schema.version), schema.code_digest, outside]
        for name, value in self._at(position).items():
            parts += [name, self._digest(self._origins(name), value)]
        for name in sorted(self._lazy):
            parts += [name, self._lazy_digest(name)]
        return key_of(*parts)

    def is_cheap_to_compare(self) -> bool:
        """Whether no input holds a tensor whose numbers would have to be read to find its key."""
        return all(
            type(value) in SCALAR_TYPES or next(tensors_of(value), None) is None
            for value in self._whole.values()
        )

    def _at(self, position: Position) -> Mapping[str, object]:
        if not self._node.axes:
            return self._whole
        return {name: self._element(name, value, position) for name, value in self._whole.items()}

    def _is_empty(self) -> bool:
        return any(self._whole.get(name) == [] for name in self._node.axes)

    def _element(self, name: str, value: object, position: Position) -> object:
        for axis in self._node.axes.get(name, ()):
            value = items_of(value)[position[axis]]
        return value

    def _origins(self, name: str) -> tuple[Producer, ...]:
        link = self._node.links.get(name)
        if link is None:
            return ()
        if isinstance(link, Source):
            return (self._producers[link.node],)
        return tuple(self._producers[source.node] for source in map(_source_of, link) if source is not None)

    def _digest(self, origins: tuple[Producer, ...], value: object) -> str:
        """Return the digest of a value; lists by their items, so that each item is read once."""
        if type(value) in SCALAR_TYPES:
            return digest(value)
        if type(value) is list:
            return key_of("list", *(self._digest(origins, item) for item in items_of(value)))
        for origin in origins:
            known = origin.digests.get(id(value))
            if known is not None:
                return known
        found = _content_digest(value)
        for origin in origins:
            where = _place_of(value, origin.outputs)
            if where is not None:
                found = found or key_of("made by", origin.print, where)
                origin.digests[id(value)] = found
        return found or key_of("made for", *(origin.print for origin in origins), repr(type(value)))

    def _lazy_digest(self, name: str) -> str:
        """A lazy input is not looked at before it is asked for; what makes it counts, by its fingerprint."""
        prints = [origin.print for origin in self._origins(name)]
        return key_of("lazy", *prints, *_outputs_of(self._node.links[name]))


def gather(node: GraphNode, recipe: Recipe, producers: Mapping[str, Producer]) -> dict[str, object]:
    """Return the inputs of a node as a whole, mapped ones not yet split, without lazy ones.

    Args:
        node: The node.
        recipe: Its type.
        producers: What feeds it, by id; all finished.
    """
    found: dict[str, object] = dict(node.values)
    lazy = lazy_inputs(node, recipe) if recipe.lazy else recipe.lazy
    for name in node.links:
        if name not in lazy:
            found[name] = linked_value(node, name, producers)
    for name in recipe.floats:
        if type(found[name]) is not float:
            found[name] = as_floats(found[name])
    return found


def fresh(value: object) -> object:
    """Return a value whose lists and dictionaries are nobody else's; whatever they hold is the same.

    Args:
        value: Any value.
    """
    if type(value) is list:
        return [item if type(item) in SCALAR_TYPES else fresh(item) for item in value]
    if type(value) is dict:
        return {key: fresh(item) for key, item in value.items()}
    return value


def lazy_inputs(node: GraphNode, recipe: Recipe) -> frozenset[str]:
    """Return the inputs whose sources run only when the node asks for them.

    A list that the node maps over is not among them: how often the node runs has to be known before.

    Args:
        node: The node.
        recipe: Its type.
    """
    return frozenset(name for name in recipe.lazy if name in node.links and name not in node.axes)


def linked_value(node: GraphNode, name: str, producers: Mapping[str, Producer]) -> object:
    """Return what links bring to one input, as a whole.

    Args:
        node: The node.
        name: The input.
        producers: What feeds it, by id; finished.
    """
    link = node.links[name]
    if type(link) is Source:
        return (producers[link.node].outputs or {})[link.output]
    return join(link, producers)  # type: ignore[arg-type]


def join(parts: Sequence[Part], producers: Mapping[str, Producer]) -> list[object]:
    """Build one list from several places.

    Args:
        parts: Where its items come from, in order.
        producers: What feeds it, by id; all finished.
    """
    found: list[object] = []
    for part in parts:
        if isinstance(part, Constant):
            found.append(part.value)
            continue
        source = part.source if isinstance(part, Spread) else part
        producer = producers[source.node]
        value = (producer.outputs or {})[source.output]
        elements = flatten(value, len(producer.node.out_axes))
        for element in elements:
            if isinstance(part, Spread) and isinstance(element, list):
                found.extend(element)
            else:
                found.append(element)
    return found


def flatten(value: object, depth: int) -> list[object]:
    """Return the elements of nested lists, row-major.

    Args:
        value: Lists nested so deep; the value itself at depth 0.
        depth: How deep, at least 0.
    """
    level = [value]
    for _ in range(depth):
        level = [item for items in level for item in items_of(items)]
    return level


def items_of(value: object) -> list[object]:
    """Return a value that is known to be a list as one.

    Args:
        value: The list.

    Raises:
        TypeError: It is none; a node returned something else than it promised.
    """
    if not isinstance(value, list):
        raise TypeError(f"A list was promised, but there is a {type(value).__name__}.")
    return value


def nest(items: Sequence[object], lengths: Sequence[int]) -> object:
    """Fold row-major elements into nested lists; the inverse of `flatten`.

    Args:
        items: The elements.
        lengths: The length of each level, outermost first; none gives the only element itself.
    """
    if not lengths:
        return items[0]
    if len(lengths) == 1:
        return list(items)
    step = len(items) // lengths[0] if lengths[0] else 0
    return [nest(items[row * step : (row + 1) * step], lengths[1:]) for row in range(lengths[0])]


def _source_of(part: Part) -> Source | None:
    return part if isinstance(part, Source) else getattr(part, "source", None)


def _outputs_of(link: Source | tuple[Part, ...]) -> list[str]:
    """Name what a link takes without the ids of nodes, which count nowhere."""
    if isinstance(link, Source):
        return [link.output]
    found = []
    for part in link:
        if isinstance(part, Constant):
            found.append(canonical_json(part.value))
        else:
            found.append(part.output if isinstance(part, Source) else f"*{part.source.output}")
    return found


def _content_digest(value: object) -> str:
    """Return the digest of a value's content, or an empty text where it has none or reading it is dear."""
    if sum(tensor.nbytes for tensor in tensors_of(value)) > MOST_HASHED_BYTES:
        return ""
    try:
        return digest(value)
    except NotStorableError:
        return ""


def _place_of(value: object, outputs: Mapping[str, object] | None) -> str | None:
    """Say where among a node's outputs a value stands; None where it does not."""
    for name, whole in (outputs or {}).items():
        waiting: list[tuple[str, object]] = [(name, whole)]
        while waiting:
            place, item = waiting.pop()
            if item is value:
                return place
            if type(item) is list:
                waiting += [(f"{place}.{index}", part) for index, part in enumerate(items_of(item))]
    return None
