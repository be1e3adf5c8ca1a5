"""Fingerprints: a hash per node that is equal exactly where the same work is asked for.

A fingerprint covers the node's type, version and code, its values in canonical form, the fingerprints of
what feeds it, how it maps over lists, and state outside that the node declared. Ids, titles, the order of
nodes and the editor's view never count, nor do workflow boundaries, since those are gone by then.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b

from weft.errors import JSON
from weft.graph.structure import Constant, Graph, GraphNode, Part, Source, Spread
from weft.schema import NodeSchema

DIGEST_BYTES = 20
"""160 bits: that two different nodes ever meet by chance is out of the question."""

# The same text as `canonical_json` gives, without its look for keys that are no strings: the values of a
# graph come from a document and have none. Making an encoder for each node would cost more than hashing.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


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
    number = {axis: index for index, axis in enumerate(node.out_axes)}
    mapped = (f"{name}:{[number[axis] for axis in node.axes[name]]}" for name in sorted(node.axes))
    return f"loops {' '.join(mapped)}"
