"""A pack of toy nodes that rest, paint, crash, hang and fill memory, and the workflows made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PACK = '''"""Toy nodes that do to a worker what nodes may do.

Those that need torch import it themselves, since that takes seconds.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
from weft.sdk import Image, Run, node


NOISE = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)


@node("number.add", lane="inline", output="sum")
def add(a: int, b: int = 1) -> int:
    """Add two numbers.

    Args:
        a: A number.
        b: Another.
    """
    return a + b


@node("work.rest", lane="io", output="value", pure=False)
def rest(run: Run, value: int, pause_s: float = 0.0, preview_px: int = 8) -> int:
    """Rest, saying all the while how far it is and what it sees, and stop when asked to.

    Args:
        run: The run.
        value: Passed on.
        pause_s: How long.
        preview_px: Pixels of an edge of what it sees, 512 at most.
    """
    end = time.monotonic() + pause_s
    while (left := end - time.monotonic()) > 0:
        run.check_cancelled()
        run.progress(int((pause_s - left) / pause_s * 100), 100)
        run.preview(NOISE[:preview_px, :preview_px])
        time.sleep(min(left, 0.01))
    return value


@node("work.note", lane="io", output="value")
def note(value: int, file: str) -> int:
    """Pass a number on, and write into a file that this was done.

    Args:
        value: The number.
        file: The file.
    """
    with Path(file).open("a") as target:
        target.write(f"{value}\\n")
    return value


@node("picture.paint")
def paint(value: int, size: int = 8, is_spoilt: bool = False) -> Image:
    """Paint noise.

    Args:
        value: Its seed.
        size: Pixels of an edge.
        is_spoilt: Whether one of its numbers is none.
    """
    import torch

    pixels = torch.rand(1, size, size, 3, generator=torch.Generator().manual_seed(value))
    if is_spoilt:
        pixels[0, 0, 0, 0] = float("nan")
    return Image(pixels)


@node("fault.die", lane="io", output="value", pure=False)
def die(value: int) -> int:
    """End the whole process.

    Args:
        value: What would be passed on.
    """
    sys.stderr.write("the toy ends the process\\n")
    sys.stderr.flush()
    os._exit(7)


@node("fault.hang", lane="io", output="value", pure=False)
def hang(value: int) -> int:
    """Hang, whatever anybody asks.

    Args:
        value: What would be passed on.
    """
    while True:
        time.sleep(0.05)


@node("memory.hold", output="bytes")
def hold(mebibytes: int) -> int:
    """Take memory for a moment.

    Args:
        mebibytes: How much.
    """
    import torch

    return len(torch.full((mebibytes * 2**20,), 1, dtype=torch.uint8))
'''


def chain(*steps: tuple[str, dict[str, Any]], paints: bool = False) -> dict[str, Any]:
    """A workflow that adds one to its input `value` and passes that through the steps.

    Args:
        steps: Type and values of each node that follows.
        paints: Whether it makes a picture of the number, too, for which its worker must import torch.
    """
    nodes: dict[str, Any] = {"add": {"type": "toys:number.add"}}
    source = "add.sum"
    for place, (kind, inputs) in enumerate(steps):
        nodes[f"step-{place}"] = {"type": f"toys:{kind}", "inputs": {"value": {"from": source}, **inputs}}
        source = f"step-{place}.value"
    outputs = {"sum": {"from": source}}
    if paints:
        nodes["paint"] = {"type": "toys:picture.paint", "inputs": {"value": {"from": source}}}
        outputs["picture"] = {"from": "paint.image"}
    return {"weft": 1, "inputs": {"value": {"to": ["add.a"]}}, "outputs": outputs, "nodes": nodes}


def resting(*, paints: bool = False) -> dict[str, Any]:
    """The workflows `rest` and `paint`: inputs say how long they take, and how large their previews are."""
    workflow = chain(("work.rest", {}), paints=paints)
    for name in ("pause_s", "preview_px"):
        workflow["inputs"][name] = {"to": [f"step-0.{name}"]}
    return workflow


WORKFLOWS: dict[str, dict[str, Any]] = {
    "rest": resting(),
    "paint": resting(paints=True),
    "die": chain(("fault.die", {})),
    "hang": chain(("fault.hang", {})),
}
"""The saved workflows, by their names."""


def job(name: str, value: int, **inputs: Any) -> dict[str, Any]:
    """A request for a saved workflow."""
    return {"name": name, "inputs": {"value": value, **inputs}}


def lay_out(folder: Path) -> None:
    """Write the pack and the workflows into the folder that a server is started in."""
    (folder / "custom_nodes").mkdir(parents=True)
    (folder / "custom_nodes" / "toys.py").write_text(PACK)
    (folder / "workflows").mkdir()
    for name, workflow in WORKFLOWS.items():
        (folder / "workflows" / f"{name}.json").write_text(json.dumps(workflow))
