"""RealPLKSR answers as the published code does, with either norm and either last step."""

import pytest
import torch
from tiny.upscalers import (
    Shapes,
    fixed,
    fixed_picture,
    network_with,
    published,
    realplksr_shapes,
    some_of,
)
from weft_nodes.models.upscale_networks.network import Layout, LayoutError
from weft_nodes.models.upscale_networks.realplksr import RealPlksr


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (realplksr_shapes(scale=4), [1.25991, 1.45072, 0.16545, 0.81059, -0.35156, -0.19327]),
        (realplksr_shapes(is_learned=True), [-0.4551, 0.65002, -0.4163, -1.02775, 1.83839, -0.1438]),
        (
            realplksr_shapes(scale=3, is_learned=True, is_layer_norm=True),
            [-0.2457, 0.47473, -1.20236, -1.22681, 0.0689, 0.46085],
        ),
        (
            realplksr_shapes(scale=1, is_learned=True),
            [-0.71473, 1.69821, -0.74869, 0.41532, 1.54334, 0.54059],
        ),
    ],
    ids=["plain", "learned", "layer norm", "same size"],
)
def test_it_answers_as_the_published_code(shapes: Shapes, expected: list[float]) -> None:
    network = network_with(fixed(shapes))

    found = network(fixed_picture(7, 10))

    assert isinstance(network, RealPlksr)
    assert found.shape == (1, 3, 7 * network.scale, 10 * network.scale)
    assert some_of(found) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("scale", "is_learned", "count"),
    [(4, False, 7_389_680), (4, True, 7_402_243), (2, True, 7_369_747), (1, False, 7_363_715)],
)
def test_the_published_sizes_are_known(scale: int, *, is_learned: bool, count: int) -> None:
    shapes = realplksr_shapes(64, 28, 17, scale, is_learned=is_learned)

    network = published(shapes)

    assert (network.scale, network.multiple) == (scale, 1)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    kept = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert kept == {name: shape for name, shape in shapes.items() if name != "to_img.init_pos"}


def test_a_last_step_that_moves_nothing_enlarges_each_group_of_channels_smoothly() -> None:
    sampling = RealPlksr(Layout(realplksr_shapes(scale=2, is_learned=True))).to_img
    sampling.load_state_dict({name: torch.zeros_like(old) for name, old in sampling.state_dict().items()})
    sampling.end_conv = torch.nn.Identity()
    x_BChw = torch.rand(1, 12, 3, 4)

    expected = torch.nn.functional.interpolate(x_BChw, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(sampling(x_BChw), expected)


@pytest.mark.parametrize(("is_layer_norm", "suits_half"), [(False, False), (True, True)])
def test_norms_over_whole_pictures_need_full_precision(*, is_layer_norm: bool, suits_half: bool) -> None:
    assert RealPlksr(Layout(realplksr_shapes(is_layer_norm=is_layer_norm))).suits_half == suits_half


def test_numbers_may_count_alike() -> None:
    shapes = {name: shape for name, shape in realplksr_shapes().items() if ".attn." not in name}

    assert network_with(fixed(shapes))(fixed_picture(4, 4)).shape == (1, 3, 8, 8)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"feats.0.weight": (16, 1, 3, 3)}, "feats.0 reads 1 channels and writes 16"),
        ({"feats.0.weight": (18, 3, 3, 3)}, "feats.0 reads 3 channels and writes 18"),
        ({"feats.1.lk.conv.weight": (17, 17, 5, 5)}, "17 channels of 16"),
        ({"feats.1.lk.conv.weight": (4, 4, 6, 6)}, "squares of 6"),
        ({"feats.4.weight": (13, 16, 3, 3)}, "feats.4.weight writes 13 channels"),
        ({"to_img.offset.weight": (30, 12, 1, 1)}, "30 places for 12 channels"),
        ({"feats.7.channe_mixer.0.weight": (1,)}, "feats.3.channel_mixer.0.weight is missing"),
    ],
)
def test_what_is_no_realplksr_is_refused_with_the_reason(changed: Shapes, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        RealPlksr(Layout({**realplksr_shapes(), **changed}))
