"""Fingerprints: a hash per node that is equal exactly where the same work is asked for.

A fingerprint covers the node's type, version and code, its values in canonical form, the fingerprints of
what feeds it, how it maps over lists, and state outside that the node declared. Ids, titles, the order of
nodes and the editor's view never count, nor do workflow boundaries, since those are gone by then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from weft.errors import JSON
from weft.graph.structure import Constant, Graph, GraphNode, Part, Source, Spread
from weft.schema import NodeSchema

DIGEST_BYTES = 20
"""160 bits: that two different nodes ever meet by chance is out of the question."""

# The same text as `canonical_json` gives, without its look for keys that are no strings: the values of a
# graph come from a document and have none. Making an encoder for each node would cost more than hashing.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """What one input adds to a fingerprint.

    Attributes:
        kind: Whether it is a value of the document or comes from other nodes.
        digest: Equal exactly where the ingredient is.
    """

    kind: Literal["value", "link"]
    digest: str


@dataclass(frozen=True, slots=True)
class Components:
    """What one fingerprint is made of, so that two can be told apart by what differs.

    Attributes:
        type: Node type.
        version: Its version.
        code: Digest of its code.
        outside: Outside state that it declared; None where it declares none.
        loops: How it maps over lists.
        inputs: What each input adds, by name.
    """

    type: str
    version: int
    code: str
    outside: str | None
    loops: str
    inputs: Mapping[str, Ingredient]


def fingerprints(graph: Graph, outside: Mapping[str, str], *, nonce: str) -> dict[str, str]:
    """Compute the fingerprints of all nodes of a graph.

    Args:
        graph: The graph.
        outside: State outside the graph that counts, by node id, such as a file's content hash.
        nonce: Something new for every run. It enters impure nodes together with their id, and so all that
            hangs on them: none of those is ever found again.

    Returns:
        For each node id 40 hexadecimal digits.
    """
    encode = _ENCODER.encode
    started: dict[str, blake2b] = {}
    prints: dict[str, str] = {}
    for name in graph.order:
        node = graph.nodes[name]
        digest = started.get(node.type)
        if digest is None:
            digest = started[node.type] = _started(node.schema)
        digest = digest.copy()
        # One line per ingredient; neither names nor JSON text hold a line break.
        lines = [encode(node.values)]
        lines.extend([f"{link}={_link_text(node.links[link], prints)}" for link in sorted(node.links)])
        if node.axes:
            lines.append(_loops_text(node))
        if name in outside:
            lines.append(f"outside {encode(outside[name])}")
        if not node.schema.pure:
            lines.append(f"nonce {encode([nonce, name])}")
        digest.update("\n".join(lines).encode())
        prints[name] = digest.hexdigest()
    return prints


def components(graph: Graph, id: str, prints: Mapping[str, str], outside: Mapping[str, str]) -> Components:
    """Take a fingerprint apart.

    Args:
        graph: The graph.
        id: One of its nodes.
        prints: The fingerprints of what feeds the node, at least.
        outside: The outside state that was given to `fingerprints`.

    Returns:
        What the node's fingerprint is made of.
    """
    node = graph.nodes[id]
    inputs = {
        name: Ingredient("value", _short(_ENCODER.encode(value))) for name, value in node.values.items()
    }
    for name, link in node.links.items():
        inputs[name] = Ingredient("link", _short(_link_text(link, prints)))
    return Components(
        type=node.type,
        version=node.version,
        code=node.schema.code_digest,
        outside=outside.get(id),
        loops=_loops_text(node),
        inputs=inputs,
    )


def _started(schema: NodeSchema) -> blake2b:
    digest = blake2b(digest_size=DIGEST_BYTES)
    head: list[JSON] = [schema.type, schema.version, schema.code_digest]
    digest.update(f"{_ENCODER.encode(head)}\n".encode())
    return digest


def _link_text(link: Source | tuple[Part, ...], prints: Mapping[str, str]) -> str:
    if isinstance(link, Source):
        return f"{prints[link.node]}.{link.output}"
    return f"[{','.join(_part_text(part, prints) for part in link)}]"


def _part_text(part: Part, prints: Mapping[str, str]) -> str:
    if isinstance(part, Constant):
        return f"={_ENCODER.encode(part.value)}"
    source = part.source if isinstance(part, Spread) else part
    return f"{'*' if isinstance(part, Spread) else ''}{prints[source.node]}.{source.output}"


def _loops_text(node: GraphNode) -> str:
    """Write which inputs advance together, with the axes by number: their names hold ids."""
    if not node.axes:
        return ""
    number = {axis: index for index, axis in enumerate(node.out_axes)}
    mapped = (f"{name}:{[number[axis] for axis in node.axes[name]]}" for name in sorted(node.axes))
    return f"loops {' '.join(mapped)}"


def _short(text: str) -> str:
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()
