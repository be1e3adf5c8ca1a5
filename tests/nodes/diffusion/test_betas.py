"""Training noise schedules, to the bit those of diffusers."""

import pytest
import torch
from diffusers import DDIMScheduler
from weft_nodes.diffusion.betas import betas_of, initial_of, integer, number, with_zero_terminal_snr
from weft_nodes.diffusion.errors import SpaceError


@pytest.mark.parametrize("name", ["linear", "scaled_linear", "squaredcos_cap_v2"])
def test_betas_equal_those_of_diffusers(name: str) -> None:
    config = {"beta_schedule": name, "beta_start": 0.00085, "beta_end": 0.012, "num_train_timesteps": 500}

    assert torch.equal(betas_of(config), DDIMScheduler(**config).betas)


def test_missing_keys_take_the_defaults_of_diffusers() -> None:
    assert torch.equal(betas_of({}), DDIMScheduler().betas)


def test_trained_betas_are_taken_as_they_are() -> None:
    assert betas_of({"trained_betas": [0.1, 0.2]}).tolist() == pytest.approx([0.1, 0.2])


def test_zero_terminal_snr_equals_diffusers() -> None:
    config = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    expected = DDIMScheduler(**config, rescale_betas_zero_snr=True).betas

    torch.testing.assert_close(with_zero_terminal_snr(betas_of(config)), expected)


def test_an_unknown_schedule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpaceError, match="sigmoid") as caught:
        betas_of({"beta_schedule": "sigmoid"})

    assert "scaled_linear" in caught.value.hint


@pytest.mark.parametrize("value", ["0.1", None, True])
def test_a_value_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(SpaceError, match="beta_start"):
        number({"beta_start": value}, "beta_start", 0.1)


def test_a_missing_number_takes_its_default() -> None:
    assert integer({}, "num_train_timesteps", 1000) == 1000


@pytest.mark.parametrize(
    ("name", "spacing", "initial"),
    [
        ("EulerDiscreteScheduler", "trailing", "sigma"),
        ("EulerAncestralDiscreteScheduler", "trailing", "sigma"),
        ("EulerDiscreteScheduler", None, "sigma"),
        ("EulerDiscreteScheduler", "leading", "variance"),
        ("DDIMScheduler", "trailing", "variance"),
    ],
)
def test_the_size_of_the_first_latent_follows_the_scheduler(
    name: str, spacing: str | None, initial: str
) -> None:
    config = {"_class_name": name} | ({"timestep_spacing": spacing} if spacing else {})

    assert initial_of(config) == initial
