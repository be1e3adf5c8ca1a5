"""Reading the format of ComfyUI's API: nodes by id, values and links by name."""

from collections.abc import Mapping

from weft.errors import JSON
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import ForeignGraph, ForeignNode, Source, plain_name, refuse_too_many


def is_prompt(tree: Mapping[str, JSON]) -> bool:
    """Tell whether a JSON object is meant to be a workflow in the format of the API."""
    return any(isinstance(entry, Mapping) and "class_type" in entry for entry in tree.values())


def read_prompt(tree: Mapping[str, JSON]) -> ForeignGraph:
    """Read a workflow in the format of the API.

    Args:
        tree: Nodes by id, each with its ``class_type`` and ``inputs``.

    Returns:
        The workflow. Nodes have no places.

    Raises:
        ForeignUnreadableError: A part is not what it has to be.
    """
    refuse_too_many(len(tree))
    return ForeignGraph({key: _node(key, entry, tree) for key, entry in tree.items()})


def _node(key: str, entry: JSON, tree: Mapping[str, JSON]) -> ForeignNode:
    if not (isinstance(entry, Mapping) and isinstance(entry.get("class_type"), str)):
        raise ForeignUnreadableError(fault=f"node {key} has no class_type")
    inputs = entry.get("inputs", {})
    if not isinstance(inputs, Mapping):
        raise ForeignUnreadableError(fault=f"the inputs of node {key} are no object")
    links: dict[str, Source] = {}
    values: dict[str, JSON] = {}
    lost: list[str] = []
    for written, value in inputs.items():
        name, source = plain_name(written), _source(value)
        if source is None:
            values[name] = _plain(value)
        elif source.node in tree:
            links[name] = source
        else:
            lost.append(name)
    meta = entry.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return ForeignNode(
        id=key,
        type=str(entry["class_type"]),
        title=title if isinstance(title, str) else "",
        links=links,
        values=values,
        lost=tuple(lost),
    )


def _source(value: JSON) -> Source | None:
    """Read a link, which is written as a list of an id and a slot."""
    if not (isinstance(value, list) and len(value) == 2):
        return None
    node, slot = value
    is_slot = isinstance(slot, int) and not isinstance(slot, bool) and slot >= 0
    return Source(node, slot) if isinstance(node, str) and is_slot and isinstance(slot, int) else None


def _plain(value: JSON) -> JSON:
    """Unwrap a list, which would otherwise be taken for a link."""
    return value["__value__"] if isinstance(value, dict) and value.keys() == {"__value__"} else value
