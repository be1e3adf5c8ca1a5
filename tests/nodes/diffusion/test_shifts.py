"""The noise of flow families follows the size of the picture as diffusers' schedulers do."""

import math

import pytest
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.shifts import linear_mu, space_for_tokens
from weft_nodes.diffusion.spaces import DiffusionSpace, FlowSpace


@pytest.mark.parametrize("tokens", [1, 256, 1000, 4096, 16384])
def test_the_line_goes_through_the_two_sizes_of_the_configuration(tokens: int) -> None:
    config = {"base_shift": 0.4, "max_shift": 1.3, "base_image_seq_len": 100, "max_image_seq_len": 5000}

    assert linear_mu({}, tokens) == pytest.approx(calculate_shift(tokens))
    assert linear_mu(config, tokens) == pytest.approx(calculate_shift(tokens, 100, 5000, 0.4, 1.3))
    assert linear_mu(config, 100) == pytest.approx(0.4)


@pytest.mark.parametrize("options", [{}, {"time_shift_type": "linear"}, {"shift_terminal": 0.02}])
def test_levels_of_a_dynamic_shift_are_those_of_the_scheduler(options: dict[str, object]) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, **options)
    steps = 8
    even = [1 - index / steps for index in range(steps)]
    scheduler.set_timesteps(sigmas=even, mu=linear_mu(scheduler.config, 900))
    config = {**scheduler.config, "_class_name": "FlowMatchEulerDiscreteScheduler"}

    levels = schedule("simple", space_for_tokens(config, 900), steps)

    assert levels == pytest.approx(scheduler.sigmas.tolist(), rel=1e-5)


def test_a_family_may_have_a_rule_of_its_own() -> None:
    space = space_for_tokens({"_class_name": "FlowMatch", "use_dynamic_shifting": True}, 10, mu=0.7)

    assert isinstance(space, FlowSpace)
    assert space.shift == pytest.approx(math.exp(0.7))


def test_size_does_not_matter_where_the_shift_is_fixed() -> None:
    fixed = {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0}

    assert space_for_tokens(fixed, 10) == space_for_tokens(fixed, 9000) == FlowSpace(3.0)
    assert isinstance(space_for_tokens({"_class_name": "DDIMScheduler"}, 10), DiffusionSpace)


def test_a_single_step_is_not_stretched() -> None:
    config = {"_class_name": "FlowMatch", "use_dynamic_shifting": True, "shift_terminal": 0.02}

    assert schedule("simple", space_for_tokens(config, 10), 1) == (1.0, 0.0)
