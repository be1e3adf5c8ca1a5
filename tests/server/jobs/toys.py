"""A pack of toy nodes that do to a worker what nodes do: count, rest, paint, crash, hang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from weft.errors import JSON
from weft.graph.workflows import FolderWorkflows
from weft.jobs.dispatcher import CANCEL_S
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Event, Job
from weft.jobs.requests import Request
from weft.jobs.service import Jobs
from weft.settings import Settings

PATIENCE_S = 120.0
"""A worker takes seconds to start, and many on a busy machine."""

PACK = '''"""Toy nodes; the one that needs torch imports it itself, since that takes seconds."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from weft.sdk import Image, ModelFile, Run, listing, node


@listing("toy")
def toy_models(paths) -> Mapping[str, Mapping[str, str]]:
    """Name some models."""
    return {"large.safetensors": {}, "small.safetensors": {}}


@node("toy.add", lane="inline")
def add(a: int, b: int = 0) -> int:
    """Add two numbers.

    Args:
        a: A number.
        b: Another.
    """
    return a + b


def _renamed(inputs):
    return {("value" if name == "number" else name): value for name, value in inputs.items()}


@node("toy.double", version=2, migrations={1: _renamed})
def double(value: int) -> int:
    """Double a number.

    Args:
        value: The number.
    """
    return 2 * value


@node("toy.note", lane="io")
def note(value: int, file: str) -> int:
    """Pass a number on and write into a file that this was done.

    Args:
        value: The number.
        file: The file.
    """
    with Path(file).open("a") as target:
        target.write(f"{value}\\n")
    return value


@node("toy.rest", lane="io")
def rest(run: Run, value: int, pause_s: float = 0.0) -> int:
    """Wait, and stop at once when asked to.

    Args:
        run: The run.
        value: Passed on.
        pause_s: How long.
    """
    end = time.monotonic() + pause_s
    while time.monotonic() < end:
        run.progress(1, 2, message="resting")
        time.sleep(0.01)
    return value


@node("toy.wait", lane="io", pure=False)
def wait(run: Run, value: int, file: str) -> int:
    """Wait until a file is there.

    Args:
        run: The run.
        value: Passed on.
        file: The file.
    """
    while not Path(file).exists():
        run.check_cancelled()
        time.sleep(0.01)
    return value


@node("toy.hang", lane="io", pure=False)
def hang(value: int, file: str) -> int:
    """Wait until a file is there, whatever anybody asks; FILE.begun tells that it waits.

    Args:
        value: Passed on.
        file: The file.
    """
    Path(f"{file}.begun").touch()
    while not Path(file).exists():
        time.sleep(0.01)
    return value


@node("toy.crash", lane="io")
def crash(value: int, file: str = "") -> int:
    """End the whole process, unless a file is there.

    Args:
        value: Passed on.
        file: The file that prevents it.
    """
    if not file or not Path(file).exists():
        sys.stderr.write("the toy ends the process\\n")
        sys.stderr.flush()
        os._exit(7)
    return value


@node("toy.fail", lane="inline")
def fail(value: int) -> int:
    """Fail.

    Args:
        value: Named in the message.
    """
    raise ValueError(f"no good: {value}")


@node("toy.paint")
def paint(run: Run, shade: float = 0.5, size: int = 8, pause_s: float = 0.0) -> Image:
    """Paint a picture of one shade, showing it meanwhile.

    Args:
        run: The run.
        shade: The shade.
        size: Pixels of an edge.
        pause_s: How long it is shown.
    """
    import torch

    pixels = torch.full((1, size, size, 3), shade)
    run.preview((pixels[0] * 255).to(torch.uint8).numpy())
    run.progress(1, 1)
    time.sleep(pause_s)
    return Image(pixels)


@node("toy.use", lane="inline")
def use(value: int, model: Annotated[str, ModelFile("toy")] = "small.safetensors") -> int:
    """Use a model.

    Args:
        value: Passed on.
        model: The model.
    """
    return value
'''


def lay_out(folder: Path) -> None:
    """Put the pack where a server that is started in the folder finds it."""
    (folder / "custom_nodes").mkdir(parents=True, exist_ok=True)
    (folder / "custom_nodes" / "toys.py").write_text(PACK)


def settings_in(folder: Path, **changes: object) -> Settings:
    """The settings of a server that has everything in one folder."""
    kept: dict[str, object] = {
        "data_dir": folder / "data",
        "input_dir": folder / "input",
        "output_dir": folder / "output",
        "models_dirs": (folder / "models",),
        "custom_nodes_dirs": (folder / "custom_nodes",),
        "workflows_dirs": (folder / "workflows",),
        "device": "cpu",
    }
    return Settings(**{**kept, **changes})  # type: ignore[arg-type]


def make_jobs(folder: Path, *, cancel_s: float = CANCEL_S, **changes: object) -> Jobs:
    """The service of a folder, not started yet."""
    settings = settings_in(folder, **changes)
    ledger = Ledger.open(settings.data_dir)
    blobs = Blobs(settings.data_dir / "blobs")
    workflows = FolderWorkflows(settings.workflows_dirs)
    return Jobs(settings, ledger=ledger, blobs=blobs, workflows=workflows, installed=False, cancel_s=cancel_s)


@asynccontextmanager
async def serving(folder: Path, *, cancel_s: float = CANCEL_S, **changes: object) -> AsyncIterator[Jobs]:
    """The service of a folder while it runs."""
    jobs = make_jobs(folder, cancel_s=cancel_s, **changes)
    await jobs.start()
    try:
        yield jobs
    finally:
        await jobs.close()


Step: TypeAlias = tuple[str, Mapping[str, JSON]]
"""A node of a chain: its type, and inputs besides `value`."""


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        # What is waited for is a state of the world, which sets no event.
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def chain(*steps: Step, start: int = 1) -> dict[str, JSON]:
    """A workflow of toys one behind the other; its input is `value`, its output `result`."""
    nodes: dict[str, JSON] = {"first": {"type": "toys:toy.add", "version": 1, "inputs": {"a": start}}}
    before = "first"
    for index, (toy, inputs) in enumerate(steps):
        name = f"step{index}"
        entry: dict[str, JSON] = {"value": {"from": f"{before}.value"}, **inputs}
        nodes[name] = {"type": f"toys:toy.{toy}", "inputs": entry}
        before = name
    return {
        "weft": 1,
        "inputs": {"value": {"to": ["first.a"]}},
        "outputs": {"result": {"from": f"{before}.value"}},
        "nodes": nodes,
    }


def request(*steps: Step, value: int = 1, **fields: object) -> Request:
    """A request for a chain of toys."""
    return Request(document=chain(*steps), inputs={"value": value}, **fields)  # type: ignore[arg-type]


def result_of(job: Job) -> JSON:
    """The value of a job's only output; says what went wrong where there is none."""
    assert job.state == "succeeded", (job.state, [problem["message"] for problem in job.problems])
    (output,) = job.outputs
    return output.value


def states(events: list[Event], job: str) -> list[JSON]:
    """The states that a job was told to be in."""
    return [event.data["state"] for event in events if event.type == "job" and event.job == job]
