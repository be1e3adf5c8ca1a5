"""A pack of toy nodes and a workflow of them: everything the command line shows, without a model."""

import json
from pathlib import Path

from weft.errors import JSON

PACK = '''"""Toy nodes."""

import time
from typing import Annotated

import torch
from weft.sdk import Image, Run, Seed, Slider, node


@node("picture.prepare")
def prepare(name: str = "paper") -> str:
    """Prepare something slow.

    Args:
        name: What to prepare.
    """
    return name


@node("picture.draw", lane="device")
def draw(
    run: Run,
    text: str,
    on: str,
    seed: Seed = 0,
    *,
    steps: Annotated[int, Slider(1, 1000)] = 2,
    pause_s: float = 0.0,
    fault: str = "",
) -> Image:
    """Draw noise that depends on the text.

    Args:
        run: The run.
        text: What to show.
        on: What to draw on.
        seed: Seed of the noise.
        steps: Number of steps.
        pause_s: Seconds per step.
        fault: What to do wrong: nothing, raise or nan.
    """
    for step in range(steps):
        time.sleep(pause_s)
        run.progress(step + 1, steps)
    print("a node prints")
    if fault == "raise":
        raise ValueError("the pen broke")
    run.note_file("pen.safetensors", "abc123")
    generator = torch.Generator().manual_seed(seed + sum(map(ord, text + on)))
    pixels = torch.rand(1, 8, 8, 3, generator=generator)
    return Image(pixels * float("nan") if fault == "nan" else pixels)


@node("picture.measure", output="width")
def measure(image: Image) -> int:
    """Measure the width of a picture.

    Args:
        image: The picture.

    Returns:
        Its width in pixels.

    Raises:
        ValueError: Never.
    """
    return int(image.pixels_BHWC.shape[2])
'''

DOCUMENT: dict[str, JSON] = {
    "weft": 1,
    "title": "Draw something",
    "inputs": {
        "prompt": {"to": ["draw.text"]},
        "seed": {"to": ["draw.seed"]},
        "steps": {"to": ["draw.steps"]},
        "pause-s": {"to": ["draw.pause_s"]},
        "fault": {"to": ["draw.fault"]},
    },
    "outputs": {"image": {"from": "draw.image"}, "width": {"from": "measure.width"}},
    "nodes": {
        "prepare": {"type": "toys:picture.prepare"},
        "draw": {
            "type": "toys:picture.draw",
            "inputs": {"text": "a circle", "on": {"from": "prepare.value"}, "seed": 3},
        },
        "measure": {"type": "toys:picture.measure", "inputs": {"image": {"from": "draw.image"}}},
    },
}

FIVE_FAULTS: dict[str, JSON] = {
    "weft": 1,
    "nodes": {
        "unknown": {"type": "toys:picture.drew"},
        "missing": {"type": "toys:picture.measure"},
        "range": {"type": "toys:picture.draw", "inputs": {"text": "x", "on": "y", "steps": 5000}},
        "type": {
            "type": "toys:picture.draw",
            "inputs": {"text": {"from": "range.image"}, "on": "paper"},
        },
        "first": {"type": "text.join", "inputs": {"texts": [{"from": "second.text"}]}},
        "second": {"type": "text.join", "inputs": {"texts": [{"from": "first.text"}]}},
    },
}


def lay_out(folder: Path) -> None:
    """Write the pack and the workflow into a folder, as a user would have them.

    Args:
        folder: The folder that weft is started in.
    """
    (folder / "custom_nodes").mkdir()
    (folder / "custom_nodes" / "toys.py").write_text(PACK)
    (folder / "draw.json").write_text(json.dumps(DOCUMENT))
    (folder / "faults.json").write_text(json.dumps(FIVE_FAULTS))
