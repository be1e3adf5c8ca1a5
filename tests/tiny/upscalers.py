"""Tiny random upscalers, in the layouts that people download."""

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from weft_nodes.models.upscale_networks.network import UpscaleNetwork
from weft_nodes.models.upscale_networks.recognition import network_of

Shapes = dict[str, tuple[int, ...]]


def esrgan_shapes(*, doublings: int = 2, read: int = 3, blocks: int = 2) -> dict[str, tuple[int, ...]]:
    """Shapes of a small ESRGAN of the newer layout."""
    features, growth = 8, 4
    layers = {
        "conv_first": (features, read),
        "conv_body": (features, features),
        "conv_hr": (features, features),
    }
    layers |= {f"conv_up{index + 1}": (features, features) for index in range(doublings)}
    layers["conv_last"] = (3, features)
    for block in range(blocks):
        for dense in (1, 2, 3):
            for conv in range(1, 6):
                wide = features + (conv - 1) * growth
                layers[f"body.{block}.rdb{dense}.conv{conv}"] = (features if conv == 5 else growth, wide)
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": (*ends, 3, 3) for name, ends in layers.items()}
    return shapes | {f"{name}.bias": ends[:1] for name, ends in layers.items()}


def compact_shapes(scale: int = 2, middle: int = 3) -> dict[str, tuple[int, ...]]:
    """Shapes of a small compact network."""
    ends = [(8, 3), *[(8, 8)] * middle, (3 * scale**2, 8)]
    shapes: dict[str, tuple[int, ...]] = {}
    for index, (written, read) in enumerate(ends):
        shapes |= {f"body.{2 * index}.weight": (written, read, 3, 3), f"body.{2 * index}.bias": (written,)}
        if index <= middle:
            shapes[f"body.{2 * index + 1}.weight"] = (8,)
    return shapes


def old_name(name: str, *, doublings: int = 2, blocks: int = 2) -> str:
    """What the first ESRGAN calls a tensor."""
    layer, _, kind = name.rpartition(".")
    if layer.startswith("body."):
        _, block, dense, conv = layer.split(".")
        return f"model.1.sub.{block}.{dense.upper()}.{conv}.0.{kind}"
    ups = {f"conv_up{index + 1}": f"model.{3 * (index + 1)}" for index in range(doublings)}
    first_free = 3 * doublings + 2
    others = {
        "conv_first": "model.0",
        "conv_body": f"model.1.sub.{blocks}",
        "conv_hr": f"model.{first_free}",
        "conv_last": f"model.{first_free + 2}",
    }
    return f"{(ups | others)[layer]}.{kind}"


def filled(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Random weights of these shapes."""
    generator = torch.Generator().manual_seed(4)
    return {name: 0.1 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def span_shapes(
    features: int = 8, scale: int = 2, *, is_folded: bool = False, is_centred: bool = True
) -> Shapes:
    """Shapes of a SPAN, as training or as a release leaves it."""
    places = {"conv_1": (features, 3), "conv_2": (features, features)}
    for block in range(1, 7):
        places |= {f"block_{block}.c{index}_r": (features, features) for index in (1, 2, 3)}
    shapes = convolution("upsampler.0", 3 * scale**2, features)
    shapes |= convolution("conv_cat", features, 4 * features, 1)
    for place, (to, of) in places.items():
        shapes |= convolution(f"{place}.eval_conv", to, of)
        if not is_folded:
            shapes |= convolution(f"{place}.sk", to, of, 1)
            shapes |= convolution(f"{place}.conv.0", 2 * of, of, 1)
            shapes |= convolution(f"{place}.conv.1", 2 * to, 2 * of)
            shapes |= convolution(f"{place}.conv.2", to, 2 * to, 1)
    return shapes if is_centred else {**shapes, "no_norm": (1,)}


def convolution(name: str, written: int, read: int, side: int = 3) -> Shapes:
    """Shapes of a convolution, or of a linear layer where it has no side."""
    return {f"{name}.weight": (written, read, *((side, side) if side else ())), f"{name}.bias": (written,)}


def waved(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Weights that follow from names and shapes alone, so that results can be compared for ever."""
    found = {}
    for order, (name, shape) in enumerate(sorted(shapes.items())):
        wave = torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 1.7 + order).float()
        if name.endswith(("running_var", "norm.weight", "norm1.weight", "norm2.weight", "temperature")):
            wave = 1 + 0.3 * wave
        elif len(shape) > 1:
            wave = wave * 1.5 / math.sqrt(math.prod(shape[1:]))
        else:
            wave = 0.2 * wave
        found[name] = wave.reshape(shape)
    return found


def waved_picture(height: int, width: int) -> Tensor:
    """A picture [1, 3, height, width] that follows from its size alone."""
    wave = torch.sin(torch.arange(3 * height * width, dtype=torch.float64) * 0.73)
    return (0.5 + 0.5 * wave).float().reshape(1, 3, height, width)


def network_with(tensors: Mapping[str, Tensor]) -> UpscaleNetwork:
    """The network of these tensors, ready to enlarge pictures."""
    network = network_of(
        Path("upscaler.safetensors"), {name: tensor.shape for name, tensor in tensors.items()}
    )
    network.load_state_dict(network.prepared(dict(tensors)))
    return network.eval().requires_grad_(requires_grad=False)


def published(shapes: Mapping[str, tuple[int, ...]]) -> UpscaleNetwork:
    """The network of a header alone, as large as it may be."""
    with torch.device("meta"):
        return network_of(Path("upscaler.safetensors"), shapes)


def some_of(x_BCHW: Tensor) -> list[float]:
    """Six numbers from all over an answer."""
    values = x_BCHW.double().flatten()
    return [round(float(values[(2 * index + 1) * len(values) // 12]), 5) for index in range(6)]
