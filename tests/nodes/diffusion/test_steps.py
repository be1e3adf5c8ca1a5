"""The step that all samplers share."""

import pytest
import torch
from sampling_toys import no_noise, stable_diffusion_space
from weft_nodes.diffusion.spaces import FlowSpace, Space
from weft_nodes.diffusion.steps import add_noise, slope, step

SPACES: list[Space] = [stable_diffusion_space(), FlowSpace()]


def test_a_perfect_denoiser_is_reached_exactly_at_noise_level_zero() -> None:
    clean = torch.tensor([0.25, -1.0])
    noisy = clean + 8.0 * torch.tensor([1.5, -0.5])

    assert torch.equal(step(noisy, 8.0, 0.0, clean), clean)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_a_step_between_two_levels_of_one_noise_is_exact(space: Space) -> None:
    clean, noise = torch.randn(2, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    noisy = space.mix(clean, noise, 0.9)

    arrived = step(noisy, 0.9, 0.3, clean)

    torch.testing.assert_close(arrived, space.mix(clean, noise, 0.3))


def test_a_step_is_an_euler_step_along_the_slope() -> None:
    x, denoised = torch.tensor([2.0, -3.0]), torch.tensor([0.5, 0.25])

    expected = x + slope(x, 4.0, denoised) * (1.0 - 4.0)

    torch.testing.assert_close(step(x, 4.0, 1.0, denoised), expected)


def test_no_noise_is_drawn_where_none_is_added() -> None:
    x = torch.tensor([1.0, 2.0])

    assert torch.equal(add_noise(x, 0.5, 0.0, no_noise), x / 2)


def test_noise_is_added_in_its_size() -> None:
    x = torch.tensor([1.0, 2.0])

    result = add_noise(x, 1.0, 3.0, lambda: torch.tensor([1.0, -1.0]))

    assert torch.equal(result, torch.tensor([4.0, -1.0]))
