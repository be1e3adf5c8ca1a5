"""A server whose toy workflows stand behind OpenAI's images dialect."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from live_server import LiveServer, lay_out, live_server

PACK = '''"""Toy nodes that paint posters, and import torch only then, since that takes seconds."""

from pathlib import Path
from typing import Annotated

from PIL import Image as Picture
from weft.sdk import Image, ImageFile, Run, Seed, Slider, node, listing


@node("poster.paint")
def paint(
    text: str,
    seed: Seed = 0,
    *,
    width: Annotated[int, Slider(8, 64)] = 16,
    height: Annotated[int, Slider(8, 64)] = 16,
) -> Image:
    """Paint a poster.

    Args:
        text: What it shows.
        seed: Seed of the noise; 13 brings no luck.
        width: Pixels.
        height: Pixels.
    """
    import torch

    if seed == 13:
        raise ValueError("there is no luck in it")
    generator = torch.Generator().manual_seed(seed + sum(map(ord, text)))
    return Image(torch.rand(1, height, width, 3, generator=generator))


@listing("image")
def pictures(paths) -> dict[str, dict[str, str]]:
    """Name no pictures."""
    return {}


@node("poster.title", output="text")
def title(text: str) -> str:
    """Hand a text on.

    Args:
        text: The text.
    """
    return text


@node("poster.load", lane="io")
def load(run: Run, image: Annotated[str, ImageFile()]) -> Image:
    """Load a picture.

    Args:
        run: The run.
        image: The asset.
    """
    import torch

    with Picture.open(run.paths.asset(image.rpartition(":")[2])) as picture:
        width, height = picture.size
    return Image(torch.full((1, height, width, 3), 0.5))


@node("poster.touch_up")
def touch_up(image: Image, text: str, seed: Seed = 0) -> Image:
    """Add noise to a picture.

    Args:
        image: The picture.
        text: What to show.
        seed: Seed of the noise.
    """
    import torch

    generator = torch.Generator().manual_seed(seed + sum(map(ord, text)))
    noise = torch.rand(image.pixels_BHWC.shape, generator=generator)
    return Image(0.5 * image.pixels_BHWC + 0.5 * noise)
'''

POSTER: dict[str, Any] = {
    "weft": 1,
    "inputs": {name: {"to": [f"paint.{name}"]} for name in ("seed", "width", "height")}
    | {"prompt": {"to": ["paint.text"]}},
    "outputs": {"poster": {"from": "paint.image"}},
    "nodes": {"paint": {"type": "posters:poster.paint", "inputs": {"text": "a circle"}}},
}
ONE_SIZE: dict[str, Any] = {**POSTER, "inputs": {"prompt": {"to": ["paint.text"]}}}
TOUCH_UP: dict[str, Any] = {
    "weft": 1,
    "inputs": {
        "image": {"to": ["load.image"]},
        "prompt": {"to": ["touch.text"]},
        "seed": {"to": ["touch.seed"]},
    },
    "outputs": {"image": {"from": "touch.image"}},
    "nodes": {
        "load": {"type": "posters:poster.load"},
        "touch": {"type": "posters:poster.touch_up", "inputs": {"image": {"from": "load.image"}}},
    },
}
WORKFLOWS = {"poster": POSTER, "one-size": ONE_SIZE, "touch-up": TOUCH_UP}


@contextmanager
def poster_server(folder: Path, **settings: object) -> Iterator[LiveServer]:
    """Start a server with the workflows above beside `draw`, and wait until it takes jobs."""
    lay_out(folder)
    (folder / "custom_nodes" / "posters.py").write_text(PACK)
    for name, document in WORKFLOWS.items():
        (folder / "workflows" / f"{name}.json").write_text(json.dumps(document))
    behind = {"images_workflow": "poster", "edits_workflow": "touch-up", **settings}
    with live_server(folder, **behind) as server:
        server.wait_until_ready()
        yield server
