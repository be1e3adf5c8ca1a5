"""Noise spaces: inverses, exact recoveries, and the same numbers as diffusers."""

import math

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    EDMEulerScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)
from sampling_toys import STABLE_DIFFUSION, stable_diffusion_space
from weft_nodes.diffusion.betas import Prediction
from weft_nodes.diffusion.errors import SpaceError
from weft_nodes.diffusion.spaces import (
    DiffusionSpace,
    EDMSpace,
    FlowSpace,
    Space,
    space_from_scheduler_config,
)

SPACES: list[Space] = [stable_diffusion_space(), EDMSpace(), FlowSpace(), FlowSpace(3.0)]
BY_NAME = pytest.mark.parametrize("space", SPACES, ids=["diffusion", "edm", "flow", "flow-shifted"])


def _clean_and_noise() -> tuple[torch.Tensor, torch.Tensor]:
    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return clean, noise


@BY_NAME
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 0.99])
def test_a_level_is_found_again_from_its_log_snr(space: Space, share: float) -> None:
    sigma = space.at_share(share)

    assert space.sigma_at(space.log_snr(sigma)) == pytest.approx(sigma)


@BY_NAME
@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.75, 0.99])
def test_a_level_is_found_again_from_its_timestep(space: Space, share: float) -> None:
    sigma = space.at_share(share)

    assert space.sigma_of_timestep(space.timestep(sigma)) == pytest.approx(sigma)


@BY_NAME
def test_log_snr_is_the_logarithm_of_signal_over_noise(space: Space) -> None:
    sigma = space.at_share(0.6)

    assert space.log_snr(sigma) == pytest.approx(math.log(space.alpha(sigma) / sigma))


@BY_NAME
def test_without_noise_the_log_snr_is_infinite_and_back(space: Space) -> None:
    assert space.log_snr(0.0) == math.inf
    assert space.sigma_at(math.inf) == 0.0


def test_pure_noise_of_a_flow_has_no_signal() -> None:
    assert FlowSpace().log_snr(1.0) == -math.inf
    assert FlowSpace().sigma_at(-800.0 + 100.0) == pytest.approx(1.0)


@BY_NAME
def test_the_training_range_ends_at_its_extreme_levels(space: Space) -> None:
    assert space.at_share(0.0) == pytest.approx(space.sigma_min)
    assert space.at_share(1.0) == pytest.approx(space.sigma_max)


@BY_NAME
def test_mixing_adds_noise_in_its_size(space: Space) -> None:
    clean, noise = _clean_and_noise()
    sigma = space.at_share(0.5)

    torch.testing.assert_close(space.mix(clean, noise, sigma), space.alpha(sigma) * clean + sigma * noise)


@BY_NAME
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_an_ancestral_step_arrives_at_the_target_level(space: Space, eta: float) -> None:
    sigma, target = space.at_share(0.7), space.at_share(0.4)

    down, scale, up = space.ancestral(sigma, target, eta)

    # Signal and noise after stepping down, scaling and adding fresh noise are those of the target.
    assert scale * space.alpha(down) == pytest.approx(space.alpha(target))
    assert math.hypot(scale * down, up) == pytest.approx(target)
    assert (up == 0) == (eta == 0)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_a_perfect_network_is_turned_into_the_clean_latent(prediction: Prediction) -> None:
    space = DiffusionSpace(stable_diffusion_space().sigmas, prediction)
    clean, noise = _clean_and_noise()
    sigma = 3.0
    alpha_vp = 1 / math.sqrt(sigma**2 + 1)
    outputs = {
        "epsilon": noise,
        "v_prediction": alpha_vp * noise - sigma * alpha_vp * clean,
        "sample": clean,
    }

    denoised = space.to_denoised(outputs[prediction], space.mix(clean, noise, sigma), sigma)

    torch.testing.assert_close(denoised, clean)


def test_a_perfect_flow_network_is_turned_into_the_clean_latent() -> None:
    clean, noise = _clean_and_noise()
    space = FlowSpace()

    torch.testing.assert_close(space.to_denoised(noise - clean, space.mix(clean, noise, 0.7), 0.7), clean)


def test_the_networks_input_has_the_variance_of_training() -> None:
    space = stable_diffusion_space()
    clean, noise = _clean_and_noise()
    sigma = space.sigmas[600]
    abar = DDIMScheduler(**STABLE_DIFFUSION).alphas_cumprod[600].double()

    scaled = space.scale_input(space.mix(clean, noise, sigma), sigma)

    torch.testing.assert_close(scaled, abar.sqrt() * clean + (1 - abar).sqrt() * noise, rtol=1e-6, atol=1e-6)


def test_a_flow_network_reads_the_latent_as_it_is() -> None:
    clean, _ = _clean_and_noise()

    assert FlowSpace().scale_input(clean, 0.4) is clean


def test_levels_equal_those_of_diffusers() -> None:
    scheduler = EulerDiscreteScheduler(**STABLE_DIFFUSION)

    assert list(stable_diffusion_space().sigmas) == scheduler.sigmas.flip(0)[1:].tolist()


def test_zero_terminal_snr_is_clamped_as_in_diffusers() -> None:
    config = {**STABLE_DIFFUSION, "rescale_betas_zero_snr": True}
    scheduler = EulerDiscreteScheduler(**config)

    space = DiffusionSpace.from_scheduler_config(config)

    assert space.sigma_max == pytest.approx(float(scheduler.sigmas.max()))
    assert space.sigma_max == pytest.approx(4096, rel=1e-3)


def test_a_trained_level_has_a_whole_timestep() -> None:
    space = stable_diffusion_space()

    assert [space.timestep(space.sigmas[index]) for index in (0, 1, 500, 998, 999)] == [0, 1, 500, 998, 999]


def test_timesteps_between_levels_are_interpolated_in_log_sigma() -> None:
    space = stable_diffusion_space()
    between = math.sqrt(space.sigmas[10] * space.sigmas[11])

    assert space.timestep(between) == pytest.approx(10.5)
    assert space.sigma_of_timestep(10.5) == pytest.approx(between)


def test_levels_beyond_training_are_told_as_its_ends() -> None:
    space = stable_diffusion_space()

    assert space.timestep(1e-6) == 0
    assert space.timestep(1e6) == 999


@pytest.mark.parametrize("initial", ["variance", "sigma"])
def test_the_first_latent_has_the_size_that_was_asked_for(initial: str) -> None:
    space = DiffusionSpace((0.5, 2.0), initial=initial)  # type: ignore[arg-type]

    first = space.first(torch.ones(1), 2.0)

    assert float(first) == pytest.approx(math.sqrt(5) if initial == "variance" else 2.0)


def test_the_first_latent_of_a_flow_is_noise() -> None:
    assert float(FlowSpace().first(torch.ones(1), 1.0)) == 1.0


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_edm_preconditioning_equals_diffusers(prediction: str) -> None:
    scheduler = EDMEulerScheduler(prediction_type=prediction)
    space = EDMSpace.from_scheduler_config(scheduler.config)
    x, output = _clean_and_noise()
    sigma = 5.0

    torch.testing.assert_close(space.scale_input(x, sigma), scheduler.precondition_inputs(x, sigma))
    torch.testing.assert_close(
        space.to_denoised(output, x, sigma), scheduler.precondition_outputs(x, output, sigma)
    )
    assert space.timestep(sigma) == pytest.approx(float(scheduler.precondition_noise(torch.tensor(sigma))))
    assert float(space.first(torch.ones(1), 80.0)) == pytest.approx(scheduler.init_noise_sigma)


def test_the_edm_space_of_audio_is_told_angles() -> None:
    space = space_from_scheduler_config({"_class_name": "CosineDPMSolverMultistepScheduler"})

    assert isinstance(space, EDMSpace)
    assert (space.sigma_min, space.sigma_max, space.sigma_data) == (0.3, 500.0, 1.0)
    assert space.prediction == "v_prediction"
    assert space.timestep(1.0) == pytest.approx(0.5)


def test_an_edm_network_may_predict_the_sample() -> None:
    x, output = _clean_and_noise()

    assert EDMSpace(prediction="sample").to_denoised(output, x, 1.0) is output


def test_shifted_flow_levels_equal_diffusers() -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    space = FlowSpace.from_scheduler_config(scheduler.config)

    assert space.shift == 3.0
    assert space.sigma_min == pytest.approx(scheduler.sigma_min)
    expected = scheduler.sigmas[::100].tolist()
    assert [space.shifted(1 - index / 10) for index in range(10)] == pytest.approx(expected)


def test_a_dynamic_shift_equals_diffusers() -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    space = FlowSpace.from_scheduler_config(scheduler.config).with_dynamic_shift(0.8)

    expected = float(scheduler.time_shift(0.8, 1.0, torch.tensor(0.4)))

    assert space.shifted(0.4) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"_class_name": "PNDMScheduler", **STABLE_DIFFUSION}, DiffusionSpace),
        ({"_class_name": "EDMDPMSolverMultistepScheduler"}, EDMSpace),
        ({"_class_name": "FlowMatchEulerDiscreteScheduler"}, FlowSpace),
        ({"_class_name": "UniPCMultistepScheduler", "use_flow_sigmas": True, "flow_shift": 5.0}, FlowSpace),
        ({"_class_name": "DPMSolverMultistepScheduler", "prediction_type": "flow_prediction"}, FlowSpace),
    ],
)
def test_a_configuration_says_which_space_it_means(config: dict[str, object], kind: type[Space]) -> None:
    assert isinstance(space_from_scheduler_config(config), kind)


def test_an_unknown_prediction_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpaceError, match="score") as caught:
        space_from_scheduler_config({**STABLE_DIFFUSION, "prediction_type": "score"})

    assert "v_prediction" in caught.value.hint


@pytest.mark.parametrize("sigmas", [(1.0,), (2.0, 1.0), (0.0, 1.0), (1.0, 1.0)])
def test_levels_that_do_not_rise_are_refused(sigmas: tuple[float, ...]) -> None:
    with pytest.raises(SpaceError):
        DiffusionSpace(sigmas)


def test_equal_spaces_are_equal_and_have_equal_keys() -> None:
    one, other = stable_diffusion_space(), stable_diffusion_space()

    assert one == other
    assert hash(one) == hash(other)
    assert one.key == other.key


def test_every_difference_shows_in_the_key() -> None:
    sigmas = stable_diffusion_space().sigmas
    spaces: list[Space] = [
        DiffusionSpace(sigmas),
        DiffusionSpace(sigmas, "v_prediction"),
        DiffusionSpace(sigmas, initial="sigma"),
        FlowSpace(),
        FlowSpace(3.0),
        EDMSpace(),
    ]

    assert len({space.key for space in spaces}) == len(spaces)
