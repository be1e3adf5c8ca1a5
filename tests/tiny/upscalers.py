"""Tiny random upscalers, in the layouts that people download."""

from collections.abc import Mapping

import torch
from torch import Tensor

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
