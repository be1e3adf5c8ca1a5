"""Upscale nodes: upscalers are listed with their scale, and enlarge any batch in tiles."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny.upscalers import compact_shapes, convolution, esrgan_shapes, filled, fixed, swinir_shapes
from weft.sdk import CancelledRunError, FingerprintScope, Image, LocalRun, NodeError, Paths
from weft_nodes.checkpoints import checkpoints_by_name
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.pixels.errors import PictureTooLargeError
from weft_nodes.upscale import load_upscaler, upscale_image, upscalers_by_name


@pytest.fixture
def run(tmp_path: Path) -> LocalRun:
    """A run with two upscalers and a file that is none."""
    paths = Paths.below(tmp_path)
    folder = paths.models[0] / "upscalers"
    folder.mkdir(parents=True)
    save_file(filled(compact_shapes(2)), folder / "double.safetensors")
    save_file(filled(esrgan_shapes()), folder / "four.safetensors")
    save_file({"a": torch.ones(1)}, folder / "other.safetensors")
    return LocalRun(paths=paths)


def noise(count: int = 1, channels: int = 3) -> Image:
    """Random pictures."""
    return Image(torch.rand(count, 40, 72, channels, generator=torch.Generator().manual_seed(2)))


def test_upscalers_are_listed_with_their_scale_and_are_no_checkpoints(run: LocalRun) -> None:
    assert upscalers_by_name(run.paths) == {
        "double.safetensors": {"scale": "2"},
        "four.safetensors": {"scale": "4"},
        "other.safetensors": {},
    }
    assert not [name for name in checkpoints_by_name(run.paths) if name.startswith("upscalers")]


@pytest.mark.parametrize(("name", "scale"), [("double", 2), ("four", 4)])
def test_pictures_of_a_batch_are_enlarged_as_if_alone(run: LocalRun, name: str, scale: int) -> None:
    upscaler = load_upscaler(run, f"{name}.safetensors")
    pictures = noise(2)

    both = upscale_image(run, pictures, upscaler).pixels_BHWC

    assert both.shape == (2, 40 * scale, 72 * scale, 3)
    alone = upscale_image(run, Image(pictures.pixels_BHWC[1:]), upscaler).pixels_BHWC
    torch.testing.assert_close(both[1:], alone)
    assert f"{name}.safetensors" in run.files


def test_transparency_is_enlarged_beside_the_colours(run: LocalRun) -> None:
    picture = noise(channels=4)
    picture.pixels_BHWC[..., 3] = 0.5

    found = upscale_image(run, picture, load_upscaler(run, "double.safetensors")).pixels_BHWC

    assert found.shape == (1, 80, 144, 4)
    torch.testing.assert_close(found[..., 3], torch.full((1, 80, 144), 0.5))


def test_tiles_are_counted_over_all_pictures_and_end_when_cancelled(run: LocalRun) -> None:
    upscaler = load_upscaler(run, "double.safetensors")

    upscale_image(run, noise(2), upscaler, tile=64, overlap=16)

    assert run.steps[0][:2] == (0, 4)
    assert run.steps[-1][:2] == (4, 4)
    run.cancel()
    with pytest.raises(CancelledRunError):
        upscale_image(run, noise(), upscaler)


def test_tiles_begin_and_end_where_windows_do(run: LocalRun) -> None:
    folder = run.paths.models[0] / "upscalers"
    save_file(fixed(swinir_shapes(side=7, end=convolution("conv_last", 3, 24))), folder / "jpeg.safetensors")

    found = upscale_image(run, noise(), load_upscaler(run, "jpeg.safetensors"), tile=64, overlap=30)

    assert found.pixels_BHWC.shape == (1, 40, 72, 3)
    # Tiles of 56 pixels that share 28, over 42 x 77.
    assert run.steps[-1][:2] == (2, 2)


def test_what_cannot_be_is_refused(run: LocalRun) -> None:
    upscaler = load_upscaler(run, "four.safetensors")

    with pytest.raises(NodeError, match="cannot overlap by 48"):
        upscale_image(run, noise(), upscaler, tile=64, overlap=48)
    with pytest.raises(PictureTooLargeError):
        upscale_image(run, Image(torch.zeros(1, 1, 1, 3).expand(1, 8000, 8000, 3)), upscaler)
    with pytest.raises(ModelFileMissingError) as error:
        load_upscaler(run, "../four.safetensors")
    assert "four.safetensors" in error.value.hint
    with pytest.raises(CheckpointUnknownError):
        load_upscaler(run, "other.safetensors")


def test_an_upscaler_is_known_by_its_content(run: LocalRun) -> None:
    look = load_upscaler.__weft_node__.outside_state  # type: ignore[attr-defined]
    scope = FingerprintScope(run.paths)
    before = look(scope, {"upscaler": "double.safetensors"})

    save_file(filled(compact_shapes(4)), run.paths.models[0] / "upscalers" / "double.safetensors")

    assert look(scope, {"upscaler": "double.safetensors"}) != before
    assert look(scope, {"upscaler": "none"}) == "missing"
