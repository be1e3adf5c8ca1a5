"""Latents of any space can be looked at, and what a pipeline does not take is refused."""

from pathlib import Path

import pytest
import torch
from tiny.parts import WIDTH
from weft_nodes.models.modular import LivePipeline, PipelineUnfitError, latents_as_picture


class Blocks:
    """What is asked of the blocks of a pipeline."""

    inputs = ()
    output_names = ("sound",)


class Pipeline:
    """A pipeline that makes no pictures."""

    _blocks = Blocks()


def test_planes_are_drawn_pixel_by_pixel() -> None:
    found = latents_as_picture(torch.randn(1, 16, 6, 9), (48, 72))

    assert found is not None
    assert found.shape == (6, 9, 3)
    assert found.dtype is torch.uint8


def test_tokens_are_laid_out_as_the_picture_is() -> None:
    planes = torch.randn(1, WIDTH, 4, 6)

    found = latents_as_picture(planes.flatten(2).transpose(1, 2), (64, 96))

    whole = latents_as_picture(planes, (64, 96))
    assert found is not None
    assert whole is not None
    assert found.equal(whole)


@pytest.mark.parametrize("shape", [(1, 7, 4), (1, 2, 4, 4), (1, 16, 3, 4, 4)])
def test_what_is_no_picture_is_not_drawn(shape: tuple[int, ...]) -> None:
    assert latents_as_picture(torch.randn(shape), (64, 64)) is None


def test_a_picture_without_any_contrast_is_drawn_too() -> None:
    found = latents_as_picture(torch.zeros(1, 4, 2, 2), (16, 16))

    assert found is not None
    assert int(found.max()) <= 128


def test_unknown_inputs_and_pipelines_without_pictures_are_refused(tmp_path: Path) -> None:
    live = LivePipeline(tmp_path / "some", Pipeline())

    with pytest.raises(PipelineUnfitError, match="takes no smell"):
        live.pictures({"smell": "of roses"}, scale=None, on_latents=lambda *_: None)
    with pytest.raises(PipelineUnfitError, match="makes no pictures"):
        live.pictures({"prompt": None}, scale=None, on_latents=lambda *_: None)
