"""A pack of toy nodes in a folder, and workers in processes of their own that have no other pack."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from weft.errors import JSON
from weft.settings import Settings
from weft.workers.pool import Message, WorkerEvent, WorkerPool
from weft.workers.protocol import (
    FromWorker,
    JobFinished,
    NodeFinish,
    NodesChanged,
    Preview,
    RunJob,
)

M = TypeVar("M", bound=FromWorker)
E = TypeVar("E", bound=WorkerEvent)

PATIENCE_S = 60.0
"""A process may need long to start on a busy machine."""

PACK = '''"""Toy nodes; those that need torch import it themselves, since that takes seconds."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from weft.sdk import (
    Choice, Image, Mask, ModelFile, NodeError, Paths, Run, Seed, Slider, choices, listing, node, value,
)


@value("toy_block")
@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Bytes that take room."""

    bytes_N: object


@choices("inks")
def inks() -> tuple[str, ...]:
    return ("red", "blue")


@choices("broken-inks")
def broken_inks() -> tuple[str, ...]:
    raise RuntimeError("no ink today")


@listing("paper")
def papers(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    found = (path for folder in paths.models for path in sorted(folder.glob("*.paper")))
    return {path.stem: {"family": "paper"} for path in found}


@node("picture.draw", lane="device")
def _draw(
    run: Run,
    seed: Seed = 0,
    *,
    width: Annotated[int, Slider(1, 2000)] = 12,
    count: int = 1,
    ink: Annotated[str, Choice("inks")] = "red",
    steps: int = 1,
    pause_s: float = 0.0,
    show: bool = False,
) -> Image:
    import torch

    for step in range(steps):
        time.sleep(pause_s)
        run.progress(step + 1, steps)
        if show:
            run.preview((torch.rand(8, width, 3) * 255).byte().numpy())
    run.note_file("pen.safetensors", "abc123")
    generator = torch.Generator().manual_seed(seed)
    return Image(torch.rand(count, 8, width, 3, generator=generator))


@node("picture.trace")
def _trace(image: Image) -> Mask:
    return Mask(image.pixels_BHWC.mean(dim=3))


@node("picture.print_on", output="text")
def _print_on(paper: Annotated[str, ModelFile("paper")]) -> str:
    return paper


@node("picture.dry", output="text")
def _dry(ink: Annotated[str, Choice("broken-inks")] = "red") -> str:
    return ink


def _from_version_1(inputs: dict[str, object]) -> dict[str, object]:
    return {("a" if name == "x" else name): value for name, value in inputs.items()}


@node("number.add", output="sum", version=2, migrations={1: _from_version_1})
def _add(a: int = 0, b: int = 0) -> int:
    return a + b


@node("number.count", output="items")
def _count(run: Run, upto: int = 3) -> Iterator[int]:
    yield from range(upto)


@node("number.wide", output="value")
def _wide(megabytes: int = 1) -> str:
    return "x" * (megabytes * 2**20)


@node("fault.raise", output="text")
def _raise(message: str = "the pen broke") -> str:
    raise NodeError(message, hint="Take another pen.")


@node("fault.stuck", output="text", pure=False)
def _stuck(seconds: float = 1000.0, holds_the_interpreter_once: str = "") -> str:
    """Sleep; where a file is named, sleep as soon as it exists and let no other thread run."""
    if holds_the_interpreter_once:
        while not os.path.exists(holds_the_interpreter_once):
            time.sleep(0.05)
        ctypes.PyDLL(None).sleep(int(seconds))
    time.sleep(seconds)
    return "awake"


@node("fault.die", output="text", pure=False)
def _die(code: int = 7) -> str:
    sys.stderr.write("the pen exploded\\n")
    sys.stderr.flush()
    os._exit(code)


@node("fault.spawn", output="pid", pure=False)
def _spawn() -> int:
    return subprocess.Popen(["sleep", "1000"]).pid


@node("fault.talk", output="heard", pure=False)
def _talk() -> str:
    print("a node prints")
    os.write(1, b"a library writes\\n")
    return sys.stdin.read()


@node("memory.hold", output="block", lane="cpu")
def _hold(mebibytes: int, name: str = "") -> Block:
    import torch

    return Block(torch.full((mebibytes * 2**20,), 1, dtype=torch.uint8))


@node("memory.measure", output="size")
def _measure(block: Block) -> int:
    return len(block.bytes_N)
'''


def settings_below(folder: Path, **further: object) -> Settings:
    """Settings of which everything lies in one folder, with the toy pack laid out in it."""
    packs = folder / "custom_nodes"
    packs.mkdir(exist_ok=True)
    (packs / "toys.py").write_text(PACK)
    places = {
        "data_dir": folder / "data",
        "input_dir": folder / "input",
        "output_dir": folder / "output",
        "models_dirs": (folder / "models",),
        "custom_nodes_dirs": (packs,),
        "workflows_dirs": (folder / "workflows",),
        "device": "cpu",
    }
    return Settings(**{**places, **further})  # type: ignore[arg-type]


def document(outputs: Sequence[str] = (), **nodes: dict[str, JSON]) -> dict[str, JSON]:
    """Write a workflow; the outputs are sockets and are called as their nodes are."""
    named: dict[str, JSON] = {source.partition(".")[0]: {"from": source} for source in outputs}
    return {"weft": 1, "title": "Toy", "outputs": named, "nodes": dict(nodes)}


def toy(type: str, version: int = 1, **inputs: JSON) -> dict[str, JSON]:
    """Write a node of the toy pack; a text that begins with ``@`` is a link."""
    linked: dict[str, JSON] = {
        name: {"from": value[1:]} if isinstance(value, str) and value.startswith("@") else value
        for name, value in inputs.items()
    }
    return {"type": f"toys:{type}", "version": version, "inputs": linked}


@dataclass
class Workers:
    """A pool of workers, and all that it told."""

    settings: Settings
    events: list[WorkerEvent] = field(default_factory=list)
    pool: WorkerPool = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.pool = WorkerPool(self.settings, listener=self.hear, installed=False)

    def hear(self, event: WorkerEvent) -> None:
        """Hear of an event."""
        self.events.append(event)
        self._news.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something that events tell of is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def ready(self) -> None:
        """Wait until all workers are ready."""
        await self.until(lambda: all(view.state == "ready" for view in self.pool.workers))

    def said(self, kind: type[M], job: str = "") -> list[M]:
        """All messages of a kind, about one job where one is named."""
        told = (event.message for event in self.events if isinstance(event, Message))
        return [m for m in told if isinstance(m, kind) and job in {"", getattr(m, "job", "")}]

    def happened(self, kind: type[E]) -> list[E]:
        """All events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def start(self, job: str, workflow: dict[str, JSON], **further: object) -> None:
        """Give a job to the first worker."""
        spool = str(self.settings.data_dir / "spool" / job)
        self.pool.run("worker-1", RunJob(job, 1, workflow, spool, **further))  # type: ignore[arg-type]

    async def finished(self, job: str) -> JobFinished:
        """Wait for the end of a job."""
        await self.until(lambda: bool(self.said(JobFinished, job)))
        return self.said(JobFinished, job)[-1]

    async def run(self, job: str, workflow: dict[str, JSON], **further: object) -> JobFinished:
        """Run a job to its end."""
        self.start(job, workflow, **further)
        return await self.finished(job)

    def ends(self, job: str) -> dict[str, NodeFinish]:
        """How the nodes of a job ended."""
        changes = self.said(NodesChanged, job)
        return {finish.node: finish for change in changes for finish in change.finished}

    def previews(self, job: str) -> list[tuple[Preview, bytes]]:
        """The previews of a job with their pictures."""
        told = (event for event in self.events if isinstance(event, Message))
        return [(e.message, e.tail) for e in told if isinstance(e.message, Preview) and e.message.job == job]


@asynccontextmanager
async def workers_in(settings: Settings) -> AsyncIterator[Workers]:
    """A pool that is started and closed; its workers are ready."""
    workers = Workers(settings)
    await workers.pool.start()
    try:
        await workers.ready()
        yield workers
    finally:
        await workers.pool.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not taken note of does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so that nobody tells."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def gone(pid: int) -> None:
    """Wait until a process has ended."""
    await until(lambda: not is_alive(pid))
