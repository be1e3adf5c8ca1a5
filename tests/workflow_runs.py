"""Shipped workflows run as a user runs them: loaded by name, bound, checked, and run by an engine."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tiny_models
from numpy.typing import NDArray
from weft import plugins
from weft.engine.engine import Engine
from weft.engine.results import RunResult
from weft.errors import JSON
from weft.graph.check import check
from weft.graph.document import Document
from weft.graph.signature import bind
from weft.graph.workflows import FolderWorkflows
from weft.sdk import Image
from weft.settings import Settings, load_settings
from weft_nodes.starter.reading import Reading, read_picture

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / "workflows"
STARTER = ROOT / "nodes" / "weft_nodes" / "starter" / "model"
NAMES = tuple(sorted(path.stem for path in WORKFLOWS.glob("*.json")))


@dataclass(frozen=True)
class Desk:
    """What a user has: settings, the loaded packs and an engine."""

    settings: Settings
    loaded: plugins.Loaded
    engine: Engine

    @property
    def workflows(self) -> FolderWorkflows:
        """The shipped workflows."""
        return FolderWorkflows([WORKFLOWS])

    def run_document(self, document: Document, **values: JSON) -> RunResult:
        """Check and run a document with some of its inputs set."""
        bound = bind(document, values)
        report = check(bound, self.loaded.registry, self.workflows)
        assert report.graph is not None, report.problems
        return asyncio.run(self.engine.run(report.graph, lineage="test", document=bound.to_json()))

    def run(self, name: str, **values: JSON) -> RunResult:
        """Run a shipped workflow, which must succeed."""
        result = self.run_document(self.workflows.load(name), **values)
        assert result.state == "succeeded", result.problems or result.nodes
        return result


def open_desk(folder: Path, **flags: object) -> Desk:
    """Open a desk whose files all lie below a folder; close its engine when done."""
    settings = load_settings(
        {
            "data_dir": folder / "data",
            "input_dir": folder / "input",
            "output_dir": folder / "output",
            "models_dirs": (folder / "models",),
            "custom_nodes_dirs": (ROOT / "custom_nodes",),
            "device": "cpu",
            **flags,
        }
    )
    loaded = plugins.load(settings)
    assert all(report.ok for report in loaded.reports), loaded.reports
    return Desk(settings, loaded, Engine.open(loaded.registry, settings, is_guarding=True))


def open_tiny_desk(folder: Path) -> Desk:
    """Open a desk where a tiny random model stands in for the starter model."""
    tiny_models.write_folder(folder / "models" / "starter", "starter")
    return open_desk(folder)


def ran(result: RunResult) -> set[str]:
    """The nodes that did work."""
    return {name for name, outcome in result.nodes.items() if outcome.state == "ran"}


def picture(result: RunResult, name: str = "image") -> Image:
    """An output that is one picture."""
    found = result.outputs[name]
    assert isinstance(found, Image)
    return found


def pictures(result: RunResult, name: str = "images") -> list[Image]:
    """An output that is a list of pictures."""
    found = result.outputs[name]
    assert isinstance(found, list)
    assert all(isinstance(item, Image) for item in found)
    return found


def size(image: Image) -> tuple[int, int, int]:
    """Width, height and number of pictures."""
    count, height, width, _ = image.pixels_BHWC.shape
    return width, height, count


def seen_in(image: Image) -> Reading:
    """What a picture of coloured shapes shows, read by plain image processing."""
    pixels: NDArray[np.uint8] = (image.pixels_BHWC[0] * 255).round().byte().numpy()
    return read_picture(pixels)


def shown(reading: Reading) -> list[tuple[str, str]]:
    """Colour and shape of every object, from left to right."""
    return [(seen.colour.value, seen.shape.value if seen.shape else "") for seen in reading.objects]


def small(values: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
    """Few steps, where what the picture shows does not matter."""
    return {"steps": 2, **(values or {})}
