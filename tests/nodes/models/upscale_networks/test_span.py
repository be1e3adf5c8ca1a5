"""SPAN answers as its authors' code does, and as in training when its convolutions are folded."""

import pytest
import torch
from tiny.upscalers import Shapes, fixed, fixed_picture, network_with, published, some_of, span_shapes
from torch import Tensor
from torch.nn import functional
from weft_nodes.models.upscale_networks.network import Layout, LayoutError
from weft_nodes.models.upscale_networks.span import Span


@pytest.mark.parametrize(
    ("scale", "is_centred", "expected"),
    [
        (2, True, [56.92626, -14.23654, -31.34307, -92.90043, 2.30209, -58.29342]),
        (4, False, [-0.11164, 0.25009, 0.15256, 0.7633, -0.73144, -0.23147]),
    ],
)
def test_it_answers_as_the_published_code(scale: int, *, is_centred: bool, expected: list[float]) -> None:
    # Weights that nobody trained answer wildly, so that rounding would show.
    network = network_with(fixed(span_shapes(8, scale, is_centred=is_centred))).double()

    found = network(fixed_picture(7, 10).double())

    assert found.shape == (1, 3, 7 * scale, 10 * scale)
    assert some_of(found) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("features", "scale", "count"),
    [(48, 4, 426_288), (48, 2, 410_700), (52, 4, 498_208), (48, 1, 406_803)],
)
def test_the_published_sizes_are_known(features: int, scale: int, count: int) -> None:
    for is_folded in (False, True):
        network = published(span_shapes(features, scale, is_folded=is_folded, is_centred=False))

        assert (network.scale, network.multiple) == (scale, 1)
        assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_a_folded_file_equals_the_one_of_training() -> None:
    trained = fixed(span_shapes())
    folded = Span(Layout(span_shapes())).prepared(trained)

    assert {name: tuple(tensor.shape) for name, tensor in folded.items()} == span_shapes(is_folded=True)
    picture = fixed_picture(5, 6)
    assert network_with(trained)(picture).equal(network_with(folded)(picture))


def test_a_convolution_of_training_is_a_row_of_three_with_one_beside() -> None:
    tensors = fixed(span_shapes())

    def convolved(x: Tensor, layer: str) -> Tensor:
        name = f"conv_1.{layer}"
        return functional.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    picture = fixed_picture(5, 6)
    row = functional.pad(picture, (1, 1, 1, 1))
    for layer in ("conv.0", "conv.1", "conv.2"):
        row = convolved(row, layer)
    network = network_with(tensors)
    assert isinstance(network, Span)
    torch.testing.assert_close(network.conv_1(picture), row + convolved(picture, "sk"))


def test_parts_that_do_not_follow_each_other_are_left_for_what_reads_the_file_to_refuse() -> None:
    tensors = fixed(span_shapes())
    tensors["conv_1.conv.1.weight"] = torch.ones(16, 5, 3, 3)
    tensors["conv_2.sk.weight"] = torch.ones(8)
    del tensors["block_1.c1_r.conv.2.bias"]

    kept = Span(Layout(span_shapes())).prepared(tensors)

    left = {name.rpartition(".sk.")[0] for name in kept if name.endswith(".sk.weight")}
    assert left == {"conv_1", "conv_2", "block_1.c1_r"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"conv_1.sk.weight": (8, 4, 1, 1)}, "conv_1 reads 4 channels"),
        ({"upsampler.0.weight": (13, 8, 3, 3)}, "upsampler.0.weight writes 13 channels"),
        ({"no_norm": ()}, r"no_norm is \[\]"),
    ],
)
def test_what_is_no_span_is_refused_with_the_reason(changed: Shapes, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        Span(Layout({**span_shapes(), **changed}))
    with pytest.raises(LayoutError, match=r"conv_1.eval_conv.weight is missing"):
        Span(Layout({}))
