"""The example pack loads beside the built-in nodes and runs in a workflow."""

from pathlib import Path

import pytest
import torch
from weft import plugins
from weft.sdk import Image
from weft.settings import load_settings

ROOT = Path(__file__).parents[2]
MOST_LINES = 16


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> plugins.Loaded:
    """The example pack alone."""
    folder = tmp_path_factory.mktemp("example")
    settings = load_settings({"data_dir": folder, "custom_nodes_dirs": (ROOT / "custom_nodes",)})
    return plugins.load(settings, installed=False)


def posterized(loaded: plugins.Loaded, image: Image, levels: int) -> torch.Tensor:
    """What the node makes of a picture."""
    result = loaded.registry.definition("example:image.posterize").function(image=image, levels=levels)
    assert isinstance(result, Image)
    return result.pixels_BHWC


def test_the_pack_loads_with_its_name_and_version(loaded: plugins.Loaded) -> None:
    report = loaded.report("example")

    assert report is not None
    assert report.ok, report.traceback
    assert (report.title, report.version) == ("Example", "1.0.0")
    assert report.nodes == ("example:image.posterize",)


def test_its_help_comes_from_the_docstring(loaded: plugins.Loaded) -> None:
    schema = loaded.registry.definition("example:image.posterize").schema

    assert schema.summary == "Paint pictures with few tones."
    assert [entry.name for entry in schema.inputs] == ["image", "levels"]
    assert [str(entry.type) for entry in schema.outputs] == ["image"]


@pytest.mark.parametrize("levels", [2, 3, 32])
def test_a_posterized_picture_has_as_many_tones_as_asked_for(loaded: plugins.Loaded, levels: int) -> None:
    ramp = Image(torch.linspace(0, 1, 999)[None, None, :, None].repeat(1, 1, 1, 3))

    assert len(set(posterized(loaded, ramp, levels).flatten().tolist())) == levels


def test_posterizing_twice_changes_nothing_more(loaded: plugins.Loaded) -> None:
    once = posterized(loaded, Image(torch.rand(1, 8, 8, 3)), 4)

    torch.testing.assert_close(posterized(loaded, Image(once), 4), once)


def test_the_example_stays_an_example() -> None:
    assert len((ROOT / "custom_nodes" / "example" / "__init__.py").read_text().splitlines()) <= MOST_LINES
