"""A scheduler of diffusers, run as a sampler, takes the very steps it takes by itself."""

from contextlib import suppress
from typing import Any

import diffusers
import pytest
import torch
from torch import Tensor
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.foreign import raw_output, scheduler_levels, scheduler_program
from weft_nodes.diffusion.spaces import Space, space_from_scheduler_config
from weft_nodes.diffusion.steps import Asking

STEPS = 6

# diffusers 0.42 makes arrays of tensors in a way that numpy 2.4 warns of; remove when diffusers is fixed.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def network(x: Tensor, time: float) -> Tensor:
    """Something that predicts."""
    return torch.tanh(x * 1.3 + time / 1000)


def scheduler_of(name: str, **options: object) -> Any:
    """A scheduler with its time steps set."""
    made = getattr(diffusers, name)(**options)
    made.set_timesteps(STEPS)
    return made


def alone(scheduler: Any, x: Tensor) -> Tensor:
    """What the scheduler makes in the loop of a pipeline."""
    for time in scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, time) if hasattr(scheduler, "scale_model_input") else x
        x = scheduler.step(network(scaled, float(time)), time, x).prev_sample
    return x


def as_sampler(scheduler: Any, space: Space, noise: Tensor) -> Tensor:
    """What it makes when it asks our way."""
    levels = scheduler_levels(scheduler)
    program = scheduler_program(scheduler)(space, space.first(noise, levels[0]), levels, lambda: noise)
    results: list[Tensor] = []

    def asking() -> Asking:
        results.append((yield from program))
        return results[0]

    asked = asking()
    question = next(asked)
    for time in scheduler.timesteps:
        x, sigma = question
        output = network(space.scale_input(x, sigma), float(time))
        with suppress(StopIteration):
            question = asked.send(space.to_denoised(output, x, sigma))
    return results[0]


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("DDIMScheduler", {"clip_sample": False}),
        ("DPMSolverMultistepScheduler", {}),
        ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}),
    ],
)
def test_a_scheduler_of_the_ddpm_kind_takes_its_own_steps(
    name: str, options: dict[str, object], prediction: str
) -> None:
    settings: dict[str, object] = {"prediction_type": prediction, **options}
    scheduler = scheduler_of(name, **settings)
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    theirs = alone(scheduler_of(name, **settings), noise * scheduler.init_noise_sigma)

    ours = as_sampler(scheduler, space_from_scheduler_config(scheduler.config), noise)

    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5 * float(theirs.abs().max()))


def test_a_scheduler_of_the_flow_kind_takes_its_own_steps() -> None:
    settings = {"shift": 3.0}
    scheduler = scheduler_of("FlowMatchEulerDiscreteScheduler", **settings)
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    theirs = alone(scheduler_of("FlowMatchEulerDiscreteScheduler", **settings), noise)
    config = {"_class_name": "FlowMatchEulerDiscreteScheduler", **settings}

    ours = as_sampler(scheduler, space_from_scheduler_config(config), noise)

    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_the_raw_output_is_what_the_network_said(prediction: str) -> None:
    config = {"_class_name": "DDIMScheduler", "prediction_type": prediction}
    space = space_from_scheduler_config(config)
    x, output = torch.randn(2, 8, generator=torch.Generator().manual_seed(1)).double()

    found = raw_output(config, space, x, 2.5, space.to_denoised(output, x, 2.5))

    torch.testing.assert_close(found, output)


def test_a_scheduler_that_asks_twice_a_step_is_refused() -> None:
    scheduler = scheduler_of("HeunDiscreteScheduler")
    program = scheduler_program(scheduler)

    with pytest.raises(JobError, match="time steps was given 3 steps"):
        next(
            program(
                space_from_scheduler_config({}), torch.ones(1), (3.0, 2.0, 1.0, 0.0), lambda: torch.ones(1)
            )
        )
