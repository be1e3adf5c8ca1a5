"""Which lists a node maps over: the axes of its inputs, joined by zip groups and put in order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from weft.errors import suggest
from weft.graph.faults import ZipInvalidError

Axes = tuple[str, ...]
"""Axes by id, outermost first. An axis is named after the list it runs over: ``node.output``, or
``node:input`` for a list that stands in the document."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How one node runs over lists.

    Attributes:
        axes: For each input that maps, the axes that index its value.
        out_axes: All of them, each once, in the order of the inputs: the first is the outermost.
        faults: Zip groups that cannot advance together.
    """

    axes: Mapping[str, Axes]
    out_axes: Axes
    faults: tuple[ZipInvalidError, ...] = ()


def loop_of(axes: Mapping[str, Axes], groups: Sequence[Sequence[str]], inputs: Iterable[str]) -> Loop:
    """Join the axes of a node's inputs.

    Args:
        axes: The axes of the inputs that map, as their sources have them.
        groups: The node's zip groups. Those of its members that map advance together, on the axes of the
            first of them; members that do not map count for nothing.
        inputs: All inputs of the node, in the order of its schema.

    Returns:
        The axes after zipping; where a group is at fault, as if it were not there.
    """
    order = tuple(inputs)
    if not axes and not groups:
        return Loop(axes, ())
    renamed: dict[str, str] = {}
    faults: list[ZipInvalidError] = []
    for group in groups:
        unknown = [name for name in group if name not in order]
        faults.extend(_unknown_member(name, order) for name in unknown)
        mapped = [name for name in order if name in group and name in axes]
        if mapped and not unknown:
            faults.extend(_join(mapped, axes, renamed))
    joined = {
        name: tuple(_root(axis, renamed) for axis in axes[name]) if renamed else axes[name]
        for name in order
        if name in axes
    }
    distinct = dict.fromkeys(axis for members in joined.values() for axis in members)
    return Loop(joined, tuple(distinct), tuple(faults))


def _join(
    mapped: Sequence[str], axes: Mapping[str, Axes], renamed: dict[str, str]
) -> Iterable[ZipInvalidError]:
    first = mapped[0]
    for other in mapped[1:]:
        if len(axes[other]) != len(axes[first]):
            fault = f'"{first}" runs over {len(axes[first])} lists, but "{other}" over {len(axes[other])}'
            yield ZipInvalidError(fault=fault, hint="Zip inputs that run over equally many lists.")
            continue
        for kept, joined in zip(axes[first], axes[other], strict=True):
            kept_root, joined_root = _root(kept, renamed), _root(joined, renamed)
            if kept_root != joined_root:
                renamed[joined_root] = kept_root


def _root(axis: str, renamed: Mapping[str, str]) -> str:
    while axis in renamed:
        axis = renamed[axis]
    return axis


def _unknown_member(name: str, inputs: Sequence[str]) -> ZipInvalidError:
    fault = f'The zip group names the input "{name}", which the node does not have'
    return ZipInvalidError(fault=fault, hint=suggest(name, inputs) or "Remove it from the group.")
