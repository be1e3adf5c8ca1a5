"""Toy nodes that keep a log, and short ways to build a graph of them and run it."""

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self, TypeAlias, TypeVar

import torch
from weft.context import FingerprintScope, Lazy, Run, ServiceScope
from weft.engine.cache import ResultCache
from weft.engine.cancel import CancelToken
from weft.engine.engine import Engine
from weft.engine.events import Event
from weft.engine.results import RunResult
from weft.errors import JSON, NodeError
from weft.graph.build import build
from weft.graph.document import parse_document
from weft.graph.structure import Graph
from weft.graph.workflows import NoWorkflows
from weft.node import node
from weft.paths import Paths
from weft.registry import Registry
from weft.values import value
from weft.widgets import Seed, Text

T = TypeVar("T")
MEGABYTE = 2**20
PATIENCE_S = 20.0


@value("toy_grid")
@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A value with a tensor in it."""

    cells_N: torch.Tensor


@value("toy_secret")
@dataclass(frozen=True, slots=True, eq=False)
class Secret:
    """A value that cannot be written to disk."""

    word: object


def shortage(needed_bytes: int) -> torch.OutOfMemoryError:
    """What torch raises where so many bytes are asked for and 7 are left."""
    return torch.OutOfMemoryError(
        f"Tried to allocate {needed_bytes} bytes. The device has 9 bytes, of which 7 bytes is free."
    )


class Pair(NamedTuple):
    """Two outputs."""

    low: int
    high: int


class Tally:
    """A service that counts how often it was made and closed, and frees what it is told to hold."""

    def __init__(self) -> None:
        self.held = 0
        self.closed = 0
        self.released: list[int] = []

    @classmethod
    def create(cls, scope: ServiceScope) -> "Tally":
        return cls()

    def held_bytes(self) -> int:
        return self.held

    def release(self, needed_bytes: int) -> int:
        self.released.append(needed_bytes)
        freed, self.held = self.held, 0
        return freed

    def close(self) -> None:
        self.closed += 1


@dataclass
class State:
    """What the toy nodes write to and look at.

    Attributes:
        calls: Which node functions were called, in order, such as `add 1 2`.
        clock: What the impure node returns.
        shortages: How often the hungry node still runs out of memory.
        gate: What the waiting nodes wait for.
        started: Set when a waiting node has begun.
        shifted: The tensors that the shifting node made, as long as somebody holds them.
        saved: The provenance that the sink was given.
        together: What the meeting nodes wait at.
    """

    calls: list[str] = field(default_factory=list)
    clock: int = 0
    shortages: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    started: threading.Event = field(default_factory=threading.Event)
    shifted: list[weakref.ref[torch.Tensor]] = field(default_factory=list)
    saved: list[dict[str, JSON]] = field(default_factory=list)
    together: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=PATIENCE_S))

    def alive(self) -> int:
        """How many of the tensors that the shifting node made somebody still holds."""
        return sum(tensor() is not None for tensor in self.shifted)

    def runs_short(self) -> bool:
        """Whether memory runs short now; once less the next time."""
        self.shortages -= 1
        return self.shortages >= 0

    def count(self, word: str) -> int:
        """How many calls begin with a word."""
        return sum(call.split()[0] == word for call in self.calls)


class ToyError(NodeError):
    """A failure with a code of its own."""

    code = "toy-broke"


class Current:
    """The state that the toy nodes use at this moment: that of the youngest bench.

    The nodes themselves are made once for all tests, since making them reads their source.
    """

    def __init__(self) -> None:
        self.state = State()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.state, name)


@cache
def toys() -> tuple[Current, Registry]:
    """All toy nodes, and where they look for their state."""
    current = Current()
    registry = Registry()
    registry.add(*(toy for toys in (_numbers, _lists, _troubles, _waiting, _values) for toy in toys(current)))
    return current, registry


def _numbers(state: Current) -> list[Callable[..., object]]:
    @node("toy.number", lane="inline", output="value")
    def _number(value: int = 0) -> int:
        state.calls.append(f"number {value}")
        return value

    @node("toy.add", output="value")
    def _add(a: int, b: int = 1) -> int:
        state.calls.append(f"add {a} {b}")
        return a + b

    @node("toy.plus", lane="inline", output="value")
    def _plus(a: int, b: int = 1) -> int:
        state.calls.append(f"plus {a} {b}")
        return a + b

    @node("toy.half", output="value")
    def _half(a: int) -> int:
        state.calls.append(f"half {a}")
        return a // 2

    @node("toy.scale", output="value")
    def _scale(a: float, factor: float = 2.0) -> float:
        state.calls.append(f"scale {a!r} {factor!r}")
        return a * factor

    @node("toy.split")
    def _split(a: int) -> Pair:
        state.calls.append(f"split {a}")
        return Pair(a // 2, a - a // 2)

    @node("toy.clock", pure=False, output="value")
    def _clock() -> int:
        state.calls.append("clock")
        return int(state.clock)

    @node("toy.roll", output="value")
    def _roll(seed: Seed = 0, sides: int = 6) -> int:
        state.calls.append(f"roll {seed} {sides}")
        return seed % sides

    @node("toy.switch", output="value")
    async def _switch(condition: bool, when_true: Lazy[int], when_false: Lazy[int]) -> int:
        state.calls.append(f"switch {condition}")
        return await (when_true if condition else when_false)

    @node("toy.lazy_sum", output="value")
    async def _lazy_sum(items: Lazy[list[int]]) -> int:
        return sum(await items)

    return [_number, _add, _plus, _half, _scale, _split, _clock, _roll, _switch, _lazy_sum]


def _lists(state: Current) -> list[Callable[..., object]]:
    @node("toy.range", output="items")
    def _range(count: int = 3) -> list[int]:
        state.calls.append(f"range {count}")
        return list(range(count))

    @node("toy.words", lane="inline", output="items")
    def _words(text: Annotated[str, Text()] = "a b") -> list[str]:
        return text.split()

    @node("toy.shout", output="text")
    def _shout(text: str) -> str:
        state.calls.append(f"shout {text}")
        return text.upper()

    @node("toy.glue", output="text")
    def _glue(left: str, right: str) -> str:
        state.calls.append(f"glue {left} {right}")
        return left + right

    @node("toy.sum", output="value")
    def _sum(items: list[int]) -> int:
        state.calls.append(f"sum {items}")
        return sum(items)

    @node("toy.listing", output="text")
    def _listing(items: list[str]) -> str:
        state.calls.append(f"listing {' '.join(items)}")
        return " ".join(items)

    @node("toy.count_up", output="items")
    def _count_up(count: int = 3) -> Iterator[int]:
        state.calls.append(f"count_up {count}")
        yield from range(count)

    @node("toy.drip", output="items")
    async def _drip(count: int = 3) -> AsyncIterator[int]:
        for index in range(count):
            await asyncio.sleep(0)
            yield index

    return [_range, _words, _shout, _glue, _sum, _listing, _count_up, _drip]


def _troubles(state: Current) -> list[Callable[..., object]]:
    @node("toy.fail", output="value")
    def _fail(a: int = 0) -> int:
        raise ValueError(f"no {a}")

    @node("toy.break", output="value")
    def _break(a: int = 0) -> int:
        raise ToyError("It broke.", hint="Mend it.")

    @node("toy.fail_inline", lane="inline", output="value")
    def _fail_inline(a: int = 0) -> int:
        raise KeyError("gone")

    @node("toy.fail_async", output="value")
    async def _fail_async(a: int = 0) -> int:
        raise ValueError("async no")

    @node("toy.exhausted", output="value")
    def _exhausted(a: int = 0) -> int:
        return next(iter(()))

    @node("toy.exit", output="value")
    def _exit(a: int = 0) -> int:
        raise SystemExit(3)

    @node("toy.exit_inline", lane="inline", output="value")
    def _exit_inline(a: int = 0) -> int:
        raise SystemExit(3)

    @node("toy.exit_async", output="value")
    async def _exit_async(a: int = 0) -> int:
        raise SystemExit(3)

    @node("toy.fail_at", output="value")
    def _fail_at(a: int, bad: int = 1) -> int:
        state.calls.append(f"fail_at {a}")
        if a == bad:
            raise ToyError(f"It broke at {a}.", hint="Mend it.")
        return a

    @node("toy.lie")
    def _lie(a: int = 0) -> Pair:
        return a  # type: ignore[return-value]

    @node("toy.nan")
    def _nan(size: int = 4) -> Grid:
        cells = torch.zeros(size)
        cells[-1] = float("nan")
        return Grid(cells)

    @node("toy.divide", lane="inline", output="value")
    def _divide(a: float = 1.0) -> float:
        return a * float("inf")

    @node("toy.spoil")
    def _spoil(grid: Grid) -> Grid:
        grid.cells_N.add_(1)
        return Grid(grid.cells_N.clone())

    @node("toy.spoil_inline", lane="inline", output="value")
    def _spoil_inline(grid: Grid) -> int:
        grid.cells_N.zero_()
        return 0

    @node("toy.spoil_async", output="value")
    async def _spoil_async(grid: Grid) -> int:
        grid.cells_N.zero_()
        return 0

    @node("toy.extend", output="value")
    def _extend(items: list[int]) -> int:
        items.append(99)
        return len(items)

    @node("toy.extend_inline", lane="inline", output="value")
    def _extend_inline(items: list[int]) -> int:
        items.append(99)
        return len(items)

    @node("toy.hungry", lane="device", output="value")
    def _hungry(run: Run, needed: int = MEGABYTE) -> int:
        state.calls.append(f"hungry {needed}")
        run.service(Tally)
        if state.runs_short():
            raise shortage(needed)
        if needed < 0:
            raise ValueError("less than nothing")
        return needed

    @node("toy.hungry_async", output="value")
    async def _hungry_async(needed: int = MEGABYTE) -> int:
        state.calls.append(f"hungry_async {needed}")
        if state.runs_short():
            raise shortage(needed)
        if needed < 0:
            raise ValueError("less than nothing")
        return needed

    return [
        _exit, _exit_inline, _exit_async, _fail, _break, _fail_inline, _fail_async, _exhausted, _fail_at,
        _lie, _nan, _divide, _spoil, _spoil_inline, _spoil_async, _extend, _extend_inline, _hungry,
        _hungry_async,
    ]  # fmt: skip


def _waiting(state: Current) -> list[Callable[..., object]]:
    @node("toy.block", output="value")
    def _block(run: Run, a: int = 0, steps: int = 1_000_000) -> int:
        state.calls.append(f"block {a}")
        state.started.set()
        for step in range(steps):
            run.progress(step + 1, steps)
            if state.gate.wait(0.002):
                break
        return a

    @node("toy.doze", output="value")
    async def _doze(run: Run, a: int = 0, steps: int = 1_000_000) -> int:
        state.calls.append(f"doze {a}")
        state.started.set()
        for step in range(steps):
            run.progress(step + 1, steps)
            if state.gate.is_set():
                break
            await asyncio.sleep(0.002)
        return a

    @node("toy.sleep", output="value")
    async def _sleep(a: int = 0) -> int:
        state.calls.append(f"sleep {a}")
        state.started.set()
        await asyncio.sleep(3_600)
        return a

    @node("toy.meet", output="value")
    def _meet(a: int = 0) -> int:
        state.together.wait()
        return a

    @node("toy.meet_device", lane="device", output="value")
    def _meet_device(a: int = 0) -> int:
        state.together.wait()
        return a

    @node("toy.thread", output="text")
    def _thread(a: int = 0) -> str:
        return threading.current_thread().name

    @node("toy.thread_device", lane="device", output="text")
    def _thread_device(a: int = 0) -> str:
        return threading.current_thread().name

    @node("toy.thread_io", lane="io", output="text")
    def _thread_io(a: int = 0) -> str:
        return threading.current_thread().name

    @node("toy.thread_inline", lane="inline", output="text")
    def _thread_inline(a: int = 0) -> str:
        return threading.current_thread().name

    return [
        _block, _doze, _sleep, _meet, _meet_device, _thread, _thread_device, _thread_io, _thread_inline,
    ]  # fmt: skip


def _file_state(scope: FingerprintScope, name: str) -> str:
    return scope.file_digest(scope.paths.input_dir / name)


def _values(state: Current) -> list[Callable[..., object]]:
    @node("toy.grid")
    def _grid(size: int = 4, fill: float = 0.0) -> Grid:
        state.calls.append(f"grid {size} {fill}")
        return Grid(torch.full((size,), fill))

    @node("toy.noise")
    def _noise(seed: Seed = 0, size: int = 64) -> Grid:
        state.calls.append(f"noise {seed}")
        return Grid(torch.randn(size, generator=torch.Generator().manual_seed(seed)))

    @node("toy.shift")
    def _shift(grid: Grid, by: float = 1.0) -> Grid:
        state.calls.append(f"shift {by}")
        cells_N = grid.cells_N + by
        state.shifted.append(weakref.ref(cells_N))
        return Grid(cells_N)

    @node("toy.shift_late")
    def _shift_late(grid: Grid, after: int) -> Grid:
        return Grid(grid.cells_N + after)

    @node("toy.clamp")
    def _clamp(grid: Grid) -> Grid:
        state.calls.append("clamp")
        return Grid(grid.cells_N.clamp(0, 1))

    @node("toy.total", output="value")
    def _total(grid: Grid) -> float:
        state.calls.append("total")
        return float(grid.cells_N.sum())

    @node("toy.pass", lane="inline", output="value")
    def _pass(value: T) -> T:
        return value

    @node("toy.secret")
    def _secret(word: str = "x") -> Secret:
        state.calls.append(f"secret {word}")
        return Secret(object())

    @node("toy.reveal", output="value")
    def _reveal(secret: Secret) -> int:
        state.calls.append("reveal")
        return 1

    @node("toy.read", fingerprint=_file_state, lane="io", output="text")
    def _read(run: Run, name: str = "a.txt") -> str:
        state.calls.append(f"read {name}")
        return (run.paths.input_dir / name).read_text()

    @node("toy.weights", output="value")
    def _weights(run: Run, name: str = "w") -> int:
        state.calls.append(f"weights {name}")
        run.note_file(f"{name}.safetensors", f"digest of {name}")
        return len(name)

    @node("toy.weights_inline", lane="inline", output="value")
    def _weights_inline(run: Run, name: str = "w") -> int:
        run.note_file(f"{name}.safetensors", f"digest of {name}")
        return len(name)

    @node("toy.save", sink=True, lane="io", output="value")
    def _save(run: Run, a: int) -> int:
        state.calls.append(f"save {a}")
        state.saved.append(run.provenance())
        return a

    return [
        _grid, _noise, _shift, _shift_late, _clamp, _total, _pass, _secret, _reveal, _read, _weights,
        _weights_inline, _save,
    ]  # fmt: skip


# Each is `(type, inputs)` or `(type, inputs, further entries)`.
Nodes: TypeAlias = Mapping[str, tuple[Any, ...]]


def link(source: str) -> JSON:
    """A link to `node.output`."""
    return {"from": source}


def make_document(nodes: Nodes, **outputs: str) -> dict[str, JSON]:
    """A document of toy nodes."""
    entries: dict[str, JSON] = {}
    for name, (kind, inputs, *rest) in nodes.items():
        further = dict(rest[0]) if rest else {}
        entries[name] = {"type": f"toy.{kind}", "inputs": dict(inputs), **further}
    return {
        "weft": 1,
        "nodes": entries,
        "outputs": {name: {"from": source} for name, source in outputs.items()},
    }


class Bench:
    """An engine with toy nodes in a folder of its own.

    Args:
        folder: Where everything lies; two benches in one folder are two processes as far as they can tell.
        disk: Bytes of the cache on disk; 0 keeps nothing there.
        ram: Bytes of the cache in memory.
        is_guarding: Whether the engine checks that no node changes what it is given.
    """

    def __init__(
        self, folder: Path, *, disk: int = 0, ram: int = 64 * MEGABYTE, is_guarding: bool = False
    ) -> None:
        current, self.registry = toys()
        self.state = current.state = State()
        self.folder = folder
        self.paths = Paths.below(folder)
        self.cache = ResultCache(
            device_budget=0, ram_budget=ram, disk_budget=disk, folder=folder / "cache" if disk else None
        )
        self.engine = Engine(
            self.registry,
            paths=self.paths,
            cache=self.cache,
            folder=folder / "lineages" if disk else None,
            is_guarding=is_guarding,
        )
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.state.gate.set()
        self.engine.close()

    @property
    def calls(self) -> list[str]:
        """Which node functions were called since the last look, in order."""
        calls = list(self.state.calls)
        self.state.calls.clear()
        return calls

    def graph(self, nodes: Nodes, **outputs: str) -> Graph:
        """Build a graph."""
        return build(parse_document(make_document(nodes, **outputs)), self.registry, NoWorkflows())

    async def run(
        self, nodes: Nodes, *, cancel: CancelToken | None = None, lineage: str = "", **outputs: str
    ) -> RunResult:
        """Build a graph and run it, keeping its events."""
        document = make_document(nodes, **outputs)
        graph = build(parse_document(document), self.registry, NoWorkflows())
        self.events = []
        return await self.engine.run(
            graph, observer=self.events.append, cancel=cancel, lineage=lineage, document=document
        )

    def leftovers(self) -> list[str]:
        """The unfinished files in the folder."""
        return [path.name for path in self.folder.rglob("*.tmp")]

    def seen(self, kind: type[Event]) -> list[Event]:
        """The events of one kind of the last run."""
        return [event for event in self.events if isinstance(event, kind)]


def states(result: RunResult) -> dict[str, str]:
    """How each node ended."""
    return {name: outcome.state for name, outcome in result.nodes.items()}


def codes(result: RunResult) -> dict[str, str]:
    """Why each node ran or not."""
    return {name: outcome.reason.code for name, outcome in result.nodes.items()}
