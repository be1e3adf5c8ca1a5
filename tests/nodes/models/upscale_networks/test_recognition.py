"""Upscalers are recognised by names and shapes, whatever their trainers put before the names."""

from pathlib import Path

import pytest
from tiny.upscalers import (
    Shapes,
    compact_shapes,
    dat_shapes,
    esrgan_shapes,
    hat_shapes,
    old_name,
    realplksr_shapes,
    span_shapes,
    swinir_shapes,
)
from weft_nodes.models.errors import CheckpointUnknownError
from weft_nodes.models.upscale_networks.compact import Compact
from weft_nodes.models.upscale_networks.dat import Dat
from weft_nodes.models.upscale_networks.esrgan import Esrgan
from weft_nodes.models.upscale_networks.hat import Hat
from weft_nodes.models.upscale_networks.network import UpscaleNetwork
from weft_nodes.models.upscale_networks.realplksr import RealPlksr
from weft_nodes.models.upscale_networks.recognition import network_of, unwrapped
from weft_nodes.models.upscale_networks.span import Span
from weft_nodes.models.upscale_networks.swinir import SwinIr

PATH = Path("upscaler.safetensors")


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        (esrgan_shapes(), Esrgan),
        (compact_shapes(), Compact),
        (span_shapes(), Span),
        (span_shapes(is_folded=True), Span),
        (dat_shapes(), Dat),
        (swinir_shapes(), SwinIr),
        (hat_shapes(), Hat),
        (realplksr_shapes(), RealPlksr),
    ],
)
def test_each_network_is_told_by_its_tensors(shapes: Shapes, kind: type[UpscaleNetwork]) -> None:
    assert type(network_of(PATH, shapes)) is kind


def test_averaged_weights_are_taken_before_those_beside_them() -> None:
    names = ("params.a", "params_ema.a", "params_ema.b")

    assert unwrapped(names) == {"params_ema.a": "a", "params_ema.b": "b"}
    assert unwrapped(("a", "b")) == {"a": "a", "b": "b"}


def test_the_older_layout_is_read_under_what_trainers_put_before_it() -> None:
    names = {f"params.{old_name(name)}": name for name in esrgan_shapes()}

    assert unwrapped(tuple(names)) == names


@pytest.mark.parametrize("shapes", [{}, {"unet.conv.weight": (4, 4, 3, 3)}, esrgan_shapes(read=1)])
def test_what_is_no_upscaler_is_refused_with_what_it_holds_and_what_each_network_lacks(
    shapes: Shapes,
) -> None:
    with pytest.raises(CheckpointUnknownError, match="no upscaler known here") as error:
        network_of(PATH, shapes)

    for kind in ("ESRGAN", "compact Real-ESRGAN", "SPAN", "DAT", "SwinIR", "HAT", "RealPLKSR"):
        assert f"it is no {kind}, since " in error.value.hint
