"""The noise space of pictures keeps them in their range, and draws steps back as they were trained."""

import math

import pytest
import torch
from weft_nodes.diffusion.pixel_space import PixelSpace
from weft_nodes.diffusion.spaces import DiffusionSpace
from weft_nodes.diffusion.stochastic import ddpm

PUBLISHED = {"_class_name": "DDPMScheduler", "clip_sample": True, "variance_type": "fixed_large"}


def test_levels_are_those_of_any_diffusion() -> None:
    config = PUBLISHED | {"steps_offset": 1, "prediction_type": "v_prediction"}

    space, plain = PixelSpace.from_scheduler_config(config), DiffusionSpace.from_scheduler_config(config)

    assert (space.sigmas, space.prediction, space.steps_offset) == (plain.sigmas, "v_prediction", 1)
    assert space.key != plain.key


def test_a_denoised_picture_stays_in_its_range() -> None:
    space = PixelSpace.from_scheduler_config(PUBLISHED)
    noisy = torch.tensor([3.0, -3.0, 0.25])

    found = space.to_denoised(torch.zeros(3), noisy, 5.0)

    assert found.tolist() == [1.0, -1.0, 0.25]


@pytest.mark.parametrize(
    ("options", "bound"),
    [
        ({}, 1.0),
        ({"clip_sample_range": 2.0}, 2.0),
        ({"clip_sample": False}, math.inf),
        ({"_class_name": "DDIMScheduler", "clip_sample": None}, math.inf),
        ({"_class_name": "PNDMScheduler"}, math.inf),
    ],
)
def test_the_range_is_what_the_scheduler_clips_to(options: dict[str, object], bound: float) -> None:
    assert PixelSpace.from_scheduler_config(PUBLISHED | options).bound == bound


def test_schedulers_clip_unless_they_say_otherwise() -> None:
    assert PixelSpace.from_scheduler_config({"_class_name": "DDIMScheduler"}).bound == 1.0


def test_a_step_is_drawn_with_the_variance_of_the_process_or_of_its_posterior() -> None:
    large, small = (
        PixelSpace.from_scheduler_config(PUBLISHED | {"variance_type": kind})
        for kind in ("fixed_large", "fixed_small")
    )
    sigma, target = large.sigmas[600], large.sigmas[400]
    # In the coordinates of training the signal has the share 1 / (sigma^2 + 1).
    beta = 1 - (target**2 + 1) / (sigma**2 + 1)

    assert large.drawn(0.1, sigma, target) == pytest.approx(math.sqrt(beta * (target**2 + 1)))
    assert small.drawn(0.1, sigma, target) == 0.1


def test_the_sampler_of_ddpm_draws_with_it() -> None:
    large = PixelSpace.from_scheduler_config(PUBLISHED)
    small = PixelSpace.from_scheduler_config(PUBLISHED | {"variance_type": "fixed_small"})
    sigmas = (large.sigmas[600], large.sigmas[400])
    found = []
    for space in (large, small):
        program = ddpm(space, torch.zeros(1), sigmas, lambda: torch.ones(1))
        next(program)
        with pytest.raises(StopIteration) as stopped:
            program.send(torch.zeros(1))
        found.append(float(stopped.value.value))

    assert found[0] == pytest.approx(large.drawn(found[1], *sigmas))
    assert found[0] > found[1]
