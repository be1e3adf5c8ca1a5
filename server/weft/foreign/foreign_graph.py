"""A workflow of ComfyUI as it was read: nodes with names for what they hold, whatever format it was in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from weft.errors import JSON
from weft.foreign.faults import ForeignUnreadableError

MOST_NODES = 2000
"""Ten times what the largest published workflows have."""

Point: TypeAlias = tuple[float, float]
Mode: TypeAlias = Literal["bypass", "off"]
State: TypeAlias = Literal["same", "different", "unknown"]


@dataclass(frozen=True, slots=True)
class Source:
    """An output of a node.

    Attributes:
        node: Id of the node.
        slot: Place of the output among the node's outputs, from 0.
    """

    node: str
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignNode:
    """One node.

    Attributes:
        id: Its id, unique in the whole workflow; "57:8" is node 8 of the sub-graph that stands at node 57.
        type: The name of its type.
        title: What its user calls it.
        links: What feeds its inputs, by the name of the input.
        values: Values of its inputs and widgets by name.
        nameless: Values of which only the place is known.
        controls: How a value changes from run to run, by the name of the value.
        mode: Whether it is bypassed or off.
        at: Its place, where the file says one.
        input_types: Types of its linked inputs by name, where the file says them.
        outputs: Name and type of each output, where the file says them.
        routes: Points that the wire to an input passes, by the name of the input.
        lost: Inputs that something fed which is not in the file.
    """

    id: str
    type: str
    title: str = ""
    links: Mapping[str, Source] = field(default_factory=dict)
    values: Mapping[str, JSON] = field(default_factory=dict)
    nameless: tuple[JSON, ...] = ()
    controls: Mapping[str, str] = field(default_factory=dict)
    mode: Mode | None = None
    at: Point | None = None
    input_types: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[tuple[str, str], ...] = ()
    routes: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one node.

    Attributes:
        node: Its id in the other program.
        type: Its type there.
        title: Its title there.
        state: ``same`` where it does what it did, ``different`` where the notes say what changed, and
            ``unknown`` where no node here does that, so that it is kept as it is and does not run.
        made: Ids of the nodes that stand for it here; none where it dissolved into others.
        notes: Sentences that say what is different.
    """

    node: str
    type: str
    title: str
    state: State
    made: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A frame or a note.

    Attributes:
        id: Its id in the document.
        at: Its place.
        size: Its width and height.
        text: Its title or text.
    """

    id: str
    at: Point
    size: Point
    text: str


@dataclass(frozen=True, slots=True)
class ForeignGraph:
    """A whole workflow.

    Attributes:
        nodes: The nodes by id.
        dissolved: What became of nodes that are only drawn: notes, corners of wires, values that are shared.
        frames: Groups of nodes.
        notes: Notes.
    """

    nodes: Mapping[str, ForeignNode]
    dissolved: tuple[Taken, ...] = ()
    frames: tuple[Drawn, ...] = ()
    notes: tuple[Drawn, ...] = ()


def plain_name(name: str) -> str:
    """Give the name of an input without points, which rules read as a way along a wire."""
    return name.replace(".", "_")


def refuse_too_many(count: int) -> None:
    """Refuse a workflow that nobody drew.

    Raises:
        ForeignUnreadableError: There are more than `MOST_NODES` nodes.
    """
    if count > MOST_NODES:
        raise ForeignUnreadableError(fault=f"it has more than {MOST_NODES:,} nodes")
