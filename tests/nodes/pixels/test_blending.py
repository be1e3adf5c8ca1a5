"""Blend modes keep their neutral colours, their symmetries and the range."""

from typing import get_args

import pytest
import torch
from weft_nodes.pixels.blending import Mode, blend, lay_over

MODES = get_args(Mode)


def noise(seed: int, channels: int = 3) -> torch.Tensor:
    """Random pictures."""
    return torch.rand(2, 5, 6, channels, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("mode", MODES)
def test_no_weight_gives_the_lower_picture(mode: Mode) -> None:
    assert torch.equal(blend(noise(1), noise(2), 0.0, mode=mode), noise(1))


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_stays_within_the_range(mode: Mode) -> None:
    mixed = blend(noise(1), noise(2), 1.0, mode=mode)

    assert float(mixed.min()) >= 0
    assert float(mixed.max()) <= 1 + 1e-6


@pytest.mark.parametrize("mode", MODES)
def test_half_the_weight_lies_halfway(mode: Mode) -> None:
    full = blend(noise(1), noise(2), 1.0, mode=mode)

    torch.testing.assert_close(blend(noise(1), noise(2), 0.5, mode=mode), (noise(1) + full) / 2)


@pytest.mark.parametrize(
    ("mode", "neutral"),
    [
        ("multiply", 1.0),
        ("screen", 0.0),
        ("darken", 1.0),
        ("lighten", 0.0),
        ("difference", 0.0),
        ("add", 0.0),
        ("subtract", 0.0),
        ("hard light", 0.5),
        ("soft light", 0.5),
    ],
)
def test_a_neutral_colour_above_changes_nothing(mode: Mode, neutral: float) -> None:
    above = torch.full_like(noise(1), neutral)

    torch.testing.assert_close(blend(noise(1), above, 1.0, mode=mode), noise(1), atol=1e-6, rtol=0)


@pytest.mark.parametrize("mode", ["multiply", "screen", "darken", "lighten", "difference", "add"])
def test_symmetric_modes_do_not_care_which_is_above(mode: Mode) -> None:
    torch.testing.assert_close(
        blend(noise(1), noise(2), 1.0, mode=mode), blend(noise(2), noise(1), 1.0, mode=mode)
    )


def test_overlay_is_hard_light_with_the_sides_swapped() -> None:
    torch.testing.assert_close(
        blend(noise(1), noise(2), 1.0, mode="overlay"), blend(noise(2), noise(1), 1.0, mode="hard light")
    )


def test_a_weight_may_differ_from_place_to_place() -> None:
    weight = torch.zeros(1, 5, 6, 1)
    weight[:, :, 3:] = 1

    mixed = blend(noise(1), noise(2), weight, mode="normal")

    torch.testing.assert_close(mixed[:, :, :3], noise(1)[:, :, :3])
    torch.testing.assert_close(mixed[:, :, 3:], noise(2)[:, :, 3:])


def test_an_opaque_picture_covers_what_lies_below() -> None:
    opaque = torch.cat([noise(2), torch.ones(2, 5, 6, 1)], dim=-1)

    torch.testing.assert_close(lay_over(noise(1), opaque), noise(2))
    assert lay_over(noise(1), noise(2)).equal(noise(2))


def test_a_transparent_picture_covers_nothing() -> None:
    clear = torch.cat([noise(2), torch.zeros(2, 5, 6, 1)], dim=-1)

    torch.testing.assert_close(lay_over(noise(1), clear), noise(1))
    torch.testing.assert_close(lay_over(noise(1, 4), clear), noise(1, 4), atol=1e-5, rtol=0)


def test_two_half_transparent_layers_are_three_quarters_opaque() -> None:
    half = torch.cat([noise(2), torch.full((2, 5, 6, 1), 0.5)], dim=-1)

    torch.testing.assert_close(lay_over(half, half)[..., 3], torch.full((2, 5, 6), 0.75))
