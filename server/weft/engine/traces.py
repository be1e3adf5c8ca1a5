"""What a node looked like when it last ran: enough to say later what has changed since."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from weft.engine.codec import key_of
from weft.graph.structure import Constant, Graph, GraphNode, Source, Spread
from weft.values import JSON, canonical_json

LONGEST_LITERAL = 60


@dataclass(frozen=True, slots=True)
class Cost:
    """What a node took when it last ran.

    Attributes:
        seconds: How long it took; None where that is not known.
        held_bytes: Bytes of the tensors that its results held; None where that is not known.
    """

    seconds: float | None = None
    held_bytes: int | None = None


UNKNOWN_COST = Cost()


@dataclass(frozen=True, slots=True)
class Trace:
    """One node as it was.

    Attributes:
        fingerprint: Its fingerprint, which says all the rest in one word.
        type: Its node type.
        version: The version of that type.
        code: The digest of its code.
        outside: The state outside that counted, or an empty string.
        lists: How it mapped over lists.
        values: Its literal inputs: as JSON where short, otherwise a digest after `#`.
        links: Where its other inputs came from, such as `sample.latent`.
        feeds: The fingerprints of the nodes that fed each of those inputs.
        cost: What it took.
    """

    fingerprint: str
    type: str
    version: int
    code: str
    outside: str
    lists: str
    values: Mapping[str, str]
    links: Mapping[str, str]
    feeds: Mapping[str, tuple[str, ...]]
    cost: Cost = UNKNOWN_COST

    def to_json(self) -> dict[str, JSON]:
        """Return the trace as it is stored."""
        found = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        found |= dataclasses.asdict(found.pop("cost"))
        found["feeds"] = {name: list(prints) for name, prints in self.feeds.items()}
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> "Trace | None":
        """Read a trace; None where it was written by another version of weft.

        Args:
            data: What `to_json` returned.
        """
        match data:
            case {
                "fingerprint": str(fingerprint),
                "type": str(kind),
                "version": int(version),
                "code": str(code),
                "outside": str(outside),
                "lists": str(lists),
                "values": dict(values),
                "links": dict(links),
                "feeds": dict(feeds),
                "seconds": (int() | float() | None) as seconds,
            }:
                # What older versions of weft wrote says nothing of memory.
                held = data.get("held_bytes")
                prints = {
                    name: tuple(map(str, part)) for name, part in feeds.items() if isinstance(part, list)
                }
                return cls(
                    fingerprint,
                    kind,
                    version,
                    code,
                    outside,
                    lists,
                    {name: str(text) for name, text in values.items()},
                    {name: str(text) for name, text in links.items()},
                    prints,
                    Cost(seconds, held if isinstance(held, int) else None),
                )
        return None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A graph as it was submitted.

    Attributes:
        graph: The graph.
        prints: The fingerprint of each node.
        outside: The outside state of the nodes that have one.
    """

    graph: Graph
    prints: Mapping[str, str]
    outside: Mapping[str, str]

    def trace(self, node: str, cost: Cost = UNKNOWN_COST) -> Trace:
        """Return what is to be remembered of one node.

        Args:
            node: Its id.
            cost: What it took.
        """
        entry = self.graph.nodes[node]
        return Trace(
            fingerprint=self.prints[node],
            type=entry.type,
            version=entry.version,
            code=entry.schema.code_digest,
            outside=self.outside.get(node, ""),
            lists=_lists(entry),
            values={name: _literal(value) for name, value in entry.values.items()},
            links={name: _link_text(link) for name, link in entry.links.items()},
            feeds={name: self._feeds(link) for name, link in entry.links.items()},
            cost=cost,
        )

    def _feeds(self, link: "Source | tuple[Source | Spread | Constant, ...]") -> tuple[str, ...]:
        if isinstance(link, Source):
            return (self.prints[link.node],)
        sources = (part if isinstance(part, Source) else getattr(part, "source", None) for part in link)
        return tuple(self.prints[source.node] for source in sources if source is not None)


def _lists(entry: GraphNode) -> str:
    if not entry.axes:
        return ""
    return canonical_json({name: list(axes) for name, axes in entry.axes.items()})


def _literal(value: JSON) -> str:
    text = canonical_json(value)
    return text if len(text) <= LONGEST_LITERAL else "#" + key_of(text)


def _link_text(link: "Source | tuple[Source | Spread | Constant, ...]") -> str:
    if isinstance(link, Source):
        return str(link)
    return ", ".join(_part_text(part) for part in link)


def _part_text(part: "Source | Spread | Constant") -> str:
    if isinstance(part, Constant):
        return _literal(part.value)
    return str(part) if isinstance(part, Source) else f"all of {part.source}"
