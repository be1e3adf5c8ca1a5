"""Toy nodes, and short ways to write the documents that join them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal, NamedTuple, TypeVar

from weft.errors import JSON
from weft.graph.check import Report, check
from weft.graph.document import Document, parse_document
from weft.graph.structure import Graph
from weft.graph.workflows import NoWorkflows, WorkflowSource
from weft.graph_errors import WorkflowUnknownError
from weft.node import choices, listing, node
from weft.paths import Paths
from weft.registry import Registry
from weft.schema import Advice, Listed
from weft.values import value
from weft.widgets import Choice, ModelFile, Seed, Slider, Text

T = TypeVar("T")


@value("toy_model")
@dataclass(frozen=True, slots=True)
class Model:
    """A model."""

    name: str


@value("toy_latent")
@dataclass(frozen=True, slots=True)
class Latent:
    """A latent."""

    size: int


@value("toy_noisy")
@dataclass(frozen=True, slots=True)
class NoisyLatent(Latent):
    """A latent with noise in it."""


@node("toy.number", output="value")
def _number(value: int = 0) -> int:
    return value


@node("toy.real", output="value")
def _real(value: float = 0.0) -> float:
    return value


@node("toy.text", output="text")
def _text(text: str = "") -> str:
    return text


@node("toy.phrase", output="text")
def _phrase(
    text: Annotated[str, Text(brackets="()[]", literal_where="syntax=off")] = "",
    syntax: Literal["on", "off"] = "on",
) -> str:
    return text


@node("toy.add", output="value")
def _add(a: int, b: int = 1) -> int:
    return a + b


@node("toy.scale", output="value")
def _scale(value: float, factor: Annotated[float, Slider(0, 10)] = 1.0) -> float:
    return value * factor


@node("toy.sum", output="value")
def _sum(items: list[int]) -> int:
    return sum(items)


@node("toy.range", output="items")
def _range(count: Annotated[int, Slider(0, 100)] = 3) -> list[int]:
    return list(range(count))


@node("toy.reverse", output="items")
def _reverse(items: list[int]) -> list[int]:
    return items[::-1]


@node("toy.words", output="words")
def _words(text: str) -> list[str]:
    return text.split()


@node("toy.join", output="text")
def _join(words: list[str], separator: str = " ") -> str:
    return separator.join(words)


@node("toy.repeat", output="text")
def _repeat(text: str, times: int = 2, case: Literal["upper", "lower"] = "lower") -> str:
    return text * times


@node("toy.spell", output="text")
def _spell(value: int) -> str:
    return str(value)


@node("toy.switch", output="value")
def _switch(yes: T, no: T, flag: bool = True) -> T:
    return yes if flag else no


@node("toy.first", output="value")
def _first(items: list[T]) -> T:
    return items[0]


class Halves(NamedTuple):
    """Two parts of a number."""

    half: int
    rest: int


@node("toy.halve")
def _halve(value: int) -> Halves:
    return Halves(value // 2, value - value // 2)


@node("toy.dice", output="value", pure=False)
def _dice(sides: int = 6) -> int:
    return sides


@node("toy.save", sink=True)
def _save(value: int, name: str = "number") -> None:
    return None


@node("toy.maybe", output="value")
def _maybe(value: int | None = None, other: int | None = 5) -> int:
    return value or 0


@node(
    "toy.power",
    version=3,
    output="value",
    migrations={
        1: lambda inputs: {("base" if name == "number" else name): value for name, value in inputs.items()},
        2: lambda inputs: {**inputs, "exponent": inputs.get("exponent", 2)},
    },
)
def _power(base: int, exponent: int = 3) -> int:
    return int(base**exponent)


@choices("toy-samplers")
def _samplers() -> tuple[str, ...]:
    return ("euler", "heun", "dpmpp_2m")


@choices("toy-broken")
def _broken() -> tuple[str, ...]:
    raise RuntimeError("no choices today")


@listing("toy-checkpoint")
def _checkpoints(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    return {
        "small": {"family": "sd15"},
        "large": {"family": "sdxl"},
        "odd": {},
        "fast": {"speed": "fast"},
        "strict": {"pace": "quick, brisk", "start": "needed", "calm": "true"},
    }


@listing("toy-lora")
def _loras(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    return {"ink": {"family": "sd15"}, "oil": {"family": "sdxl"}}


@node(
    "toy.load",
    output="model",
    gives={"model": {n: Listed("checkpoint", n) for n in ("family", "speed", "pace", "start", "calm")}},
)
def _load(checkpoint: Annotated[str, ModelFile("toy-checkpoint")]) -> Model:
    return Model(checkpoint)


@node("toy.patch", output="model", accepts={"model": {"family": Listed("lora", "family")}})
def _patch(model: Model, lora: Annotated[str, ModelFile("toy-lora")]) -> Model:
    return model


@node("toy.empty", output="latent", gives={"latent": {"family": "sd15"}})
def _empty(size: int = 8) -> Latent:
    return Latent(size)


@node("toy.noise", output="latent")
def _noise(size: int = 8) -> NoisyLatent:
    return NoisyLatent(size)


@node(
    "toy.resize",
    output="latent",
    accepts={"latent": {"family": "$F"}},
    gives={"latent": {"family": "$F"}},
)
def _resize(latent: Latent, factor: float = 2.0) -> Latent:
    return latent


@node(
    "toy.sample",
    output="latent",
    accepts={"model": {"family": "$F"}, "latent": {"family": "$F"}},
    gives={"latent": {"family": "$F"}},
)
def _sample(
    model: Model,
    latent: Latent,
    seed: Seed = 0,
    steps: Annotated[int, Slider(1, 200)] = 20,
    sampler: Annotated[str, Choice("toy-samplers")] = "euler",
) -> Latent:
    return latent


FEW_STEPS = Advice(4, "model", "speed", "fast", "was made for few steps", "Take 4.")


@node(
    "toy.hasten",
    output="value",
    accepts={"model": {"speed": "$S"}},
    advises={
        "steps": (FEW_STEPS,),
        "strength": (Advice(0.5, "model", "speed", "fast", "is strong", "Take less.", beside="extra"),),
        "label": (Advice(3, "model", "speed", "fast", "has little room", "Say less."),),
    },
)
def _hasten(
    model: Model, extra: int | None = None, *, steps: int = 20, strength: float = 1.0, label: str = ""
) -> int:
    return steps


@node(
    "toy.march",
    output="value",
    accepts={
        "start": {"start": "$start", "family": "sd15"},
        "model": {"pace": "$pace", "start": "$start", "calm": "$calm"},
        "pace": {"pace": "$pace"},
        "calm": {"calm": "$calm"},
    },
    hints={"pace": "Take another pace.", "speed": "Is not asked for."},
)
def _march(
    start: Latent | None,
    model: Model,
    pace: Literal["slow", "brisk", "quick"] = "quick",
    calm: bool = True,
) -> int:
    return 1


@node(
    "toy.pair",
    output="model",
    accepts={"a": {"family": "$A", "pace": "$pace"}, "b": {"family": "$B"}},
    gives={"model": {"family": "$A + $B", "pace": "$pace"}},
)
def _pair(a: Model, b: Model) -> Model:
    return a


@node("toy.decode", output="text", accepts={"latent": {"family": "sdxl"}})
def _decode(latent: Latent) -> str:
    return str(latent.size)


@node("toy.doubtful", output="text")
def _doubtful(word: Annotated[str, Choice("toy-broken")] = "any") -> str:
    return word


@cache
def catalog() -> Registry:
    """Give a registry of all toys; nothing adds to it."""
    registry = Registry()
    found: list[Callable[..., object]] = [
        item for item in globals().values() if hasattr(item, "__weft_node__")
    ]
    registry.add(*found, _samplers, _broken, _checkpoints, _loras)
    return registry


class Shelf:
    """Saved workflows in memory."""

    def __init__(self, **documents: Mapping[str, JSON]) -> None:
        self._documents = documents

    def names(self) -> tuple[str, ...]:
        """List the names."""
        return tuple(sorted(self._documents))

    def load(self, name: str) -> Document:
        """Read one workflow."""
        if name not in self._documents:
            raise WorkflowUnknownError(name=name, known=self._documents)
        return parse_document(self._documents[name])


def link(source: str) -> JSON:
    """Write a link."""
    return {"from": source}


def entry(type: str, version: int = 1, **inputs: JSON) -> dict[str, JSON]:
    """Write a node; a text that begins with ``@`` is a link."""
    return {"type": type, "version": version, "inputs": {name: _linked(v) for name, v in inputs.items()}}


def _linked(value: JSON) -> JSON:
    if isinstance(value, str) and value.startswith("@"):
        return link(value[1:])
    return [_linked(item) for item in value] if isinstance(value, list) else value


def tree(
    nodes: Mapping[str, JSON],
    *,
    inputs: Mapping[str, str | list[str]] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> dict[str, JSON]:
    """Write a document as JSON; ports are given by the sockets they lead to."""
    ports = {name: [to] if isinstance(to, str) else to for name, to in (inputs or {}).items()}
    return {
        "weft": 1,
        "inputs": {name: {"to": list[JSON](to)} for name, to in ports.items()},
        "outputs": {name: {"from": source} for name, source in (outputs or {}).items()},
        "nodes": dict(nodes),
    }


def document(
    nodes: Mapping[str, JSON],
    *,
    inputs: Mapping[str, str | list[str]] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> Document:
    """Write a document."""
    return parse_document(tree(nodes, inputs=inputs, outputs=outputs))


def report_of(
    nodes: Mapping[str, JSON],
    *,
    inputs: Mapping[str, str | list[str]] | None = None,
    outputs: Mapping[str, str] | None = None,
    workflows: WorkflowSource | None = None,
) -> Report:
    """Check a document."""
    written = document(nodes, inputs=inputs, outputs=outputs)
    return check(written, catalog(), workflows or NoWorkflows())


def graph_of(
    nodes: Mapping[str, JSON],
    *,
    inputs: Mapping[str, str | list[str]] | None = None,
    outputs: Mapping[str, str] | None = None,
    workflows: WorkflowSource | None = None,
) -> Graph:
    """Build a document that has no errors."""
    report = report_of(nodes, inputs=inputs, outputs=outputs, workflows=workflows)
    assert report.graph is not None, report.problems
    return report.graph


def found(report: Report) -> list[tuple[str, str | None, str | None]]:
    """List what a check found: code, node and input of each problem."""
    return [(problem.code, problem.node, problem.input) for problem in report.problems]
