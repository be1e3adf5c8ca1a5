"""The staged picture equals the one of diffusers' own pipeline, and a single file gives the same bits."""

from collections.abc import Callable

import pytest
import torch
from parity.conftest import Opened
from parity.staged import LATENT, SAMPLERS, Task, farthest, reference, staged

CLOSE = 1e-5
FAMILIES = ("sd15", "sd2", "sdxl", "starter")

Open = Callable[[str, str], Opened]

# diffusers 0.42 makes arrays of tensors in a way that numpy 2.4 warns of; remove when diffusers is fixed.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_text_to_image_equals_the_pipeline(opened: Open, family: str, sampler: str) -> None:
    task = Task(sampler)
    theirs, levels = reference(family, task)

    ours = staged(*opened(family, "folder"), task, levels)

    assert farthest(ours, theirs) <= CLOSE


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_image_to_image_equals_the_pipeline(opened: Open, family: str, sampler: str) -> None:
    task = Task(sampler, start_latent=torch.randn(LATENT, generator=torch.Generator().manual_seed(3)))
    theirs, levels = reference(family, task)

    ours = staged(*opened(family, "folder"), task, levels)

    assert farthest(ours, theirs) <= CLOSE


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_a_picture_that_is_not_square_equals_the_pipelines(opened: Open, family: str) -> None:
    task = Task("euler", size=(64, 96))
    theirs, levels = reference(family, task)

    ours = staged(*opened(family, "folder"), task, levels)

    assert farthest(ours, theirs) <= CLOSE


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_sampling_without_guidance_equals_the_pipeline(opened: Open, family: str) -> None:
    task = Task("euler", scale=1.0)
    theirs, levels = reference(family, task)

    ours = staged(*opened(family, "folder"), task, levels)

    assert farthest(ours, theirs) <= CLOSE


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_an_empty_negative_prompt_equals_the_pipelines(opened: Open, family: str) -> None:
    task = Task("euler", negative="")
    theirs, levels = reference(family, task)

    ours = staged(*opened(family, "folder"), task, levels)

    assert farthest(ours, theirs) <= CLOSE


@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl"])
def test_a_single_file_gives_the_bits_of_the_folder(opened: Open, family: str) -> None:
    task = Task("dpmpp_2m")
    _, levels = reference(family, task)

    from_folder, from_file = (staged(*opened(family, layout), task, levels) for layout in ("folder", "file"))

    assert torch.equal(from_folder, from_file)
