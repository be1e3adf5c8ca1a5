"""Tiny random upscalers, in the layouts that people download."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from weft_nodes.models.loading import build_without_storage
from weft_nodes.models.upscale_networks.network import UpscaleNetwork
from weft_nodes.models.upscale_networks.recognition import network_of

Shapes = dict[str, tuple[int, ...]]

PATH = Path("upscaler.safetensors")


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


def dat_shapes(
    features: int = 32,
    depths: Sequence[int] = (3, 1),
    window: tuple[int, int] = (2, 4),
    growth: int = 2,
    end: Shapes | None = None,
) -> Shapes:
    """Shapes of a DAT of six heads, or four if it is small, that was trained with pictures of 64 x 64."""
    heads, few, fewer, width = 6 if features % 6 == 0 else 4, features // 8, features // 16, features // 32
    pixels, apart = math.prod(window), math.prod(2 * side - 1 for side in window)
    end = end or shuffled_end(features, 2)
    is_direct = len(end) == 2
    shapes = convolution("conv_first", features, 3) | norm("before_RG.1", features) | norm("norm", features)
    for group, depth in enumerate(depths):
        shapes |= closing_shapes(f"layers.{group}.conv", features, is_long=is_direct)
        for block in range(depth):
            place = f"layers.{group}.blocks.{block}"
            shapes |= norm(f"{place}.norm1", features) | norm(f"{place}.norm2", features)
            hidden = features * growth // 2
            shapes |= convolution(f"{place}.ffn.fc1", 2 * hidden, features, 0)
            shapes |= norm(f"{place}.ffn.sg.norm", hidden) | convolution(f"{place}.ffn.sg.conv", hidden, 1)
            shapes |= convolution(f"{place}.ffn.fc2", features, hidden, 0)
            place += ".attn"
            shapes |= convolution(f"{place}.qkv", 3 * features, features, 0)
            shapes |= convolution(f"{place}.proj", features, features, 0)
            shapes |= convolution(f"{place}.dwconv.0", features, 1) | batch_norm(
                f"{place}.dwconv.1", features
            )
            shapes |= convolution(f"{place}.channel_interaction.1", few, features, 1)
            shapes |= batch_norm(f"{place}.channel_interaction.2", few)
            shapes |= convolution(f"{place}.channel_interaction.4", features, few, 1)
            shapes |= convolution(f"{place}.spatial_interaction.0", fewer, features, 1)
            shapes |= batch_norm(f"{place}.spatial_interaction.1", fewer)
            shapes |= convolution(f"{place}.spatial_interaction.3", 1, fewer, 1)
            if block % 2:
                shapes[f"{place}.temperature"] = (heads, 1, 1)
                continue
            for half in (0, 1):
                if block % 4 == (0 if group % 2 else 2):
                    shapes[f"{place}.attn_mask_{half}"] = (64 * 64 // pixels, pixels, pixels)
                branch = f"{place}.attns.{half}"
                shapes[f"{branch}.rpe_biases"] = (apart, 2)
                shapes[f"{branch}.relative_position_index"] = (pixels, pixels)
                shapes |= convolution(f"{branch}.pos.pos_proj", width, 2, 0)
                for step, written in ((1, width), (2, width), (3, heads // 2)):
                    shapes |= norm(f"{branch}.pos.pos{step}.0", width)
                    shapes |= convolution(f"{branch}.pos.pos{step}.2", written, width, 0)
    return shapes | closing_shapes("conv_after_body", features, is_long=is_direct) | end


def swinir_shapes(
    features: int = 24,
    depths: Sequence[int] = (3, 2),
    heads: int = 4,
    side: int = 4,
    end: Shapes | None = None,
    *,
    is_long: bool = False,
) -> Shapes:
    """Shapes of a SwinIR that was trained with pictures of six windows each way."""
    shapes = convolution("conv_first", features, 3) | norm("patch_embed.norm", features)
    shapes |= norm("norm", features) | closing_shapes("conv_after_body", features, is_long=is_long)
    for group, depth in enumerate(depths):
        shapes |= closing_shapes(f"layers.{group}.conv", features, is_long=is_long)
        for block in range(depth):
            place = f"layers.{group}.residual_group.blocks.{block}"
            shapes |= swin_block(place, features, heads, side)
            shapes[f"{place}.attn.relative_position_index"] = (side**2, side**2)
            if block % 2:
                shapes[f"{place}.attn_mask"] = (36, side**2, side**2)
    return shapes | (end or shuffled_end(features, 2))


def swin_block(place: str, features: int, heads: int, side: int) -> Shapes:
    """Shapes of attention in windows with two linear layers after it."""
    shapes = norm(f"{place}.norm1", features) | norm(f"{place}.norm2", features)
    shapes[f"{place}.attn.relative_position_bias_table"] = ((2 * side - 1) ** 2, heads)
    shapes |= convolution(f"{place}.attn.qkv", 3 * features, features, 0)
    shapes |= convolution(f"{place}.attn.proj", features, features, 0)
    shapes |= convolution(f"{place}.mlp.fc1", 2 * features, features, 0)
    return shapes | convolution(f"{place}.mlp.fc2", features, 2 * features, 0)


def hat_shapes(
    features: int = 24,
    depths: Sequence[int] = (3, 1),
    heads: int = 4,
    side: int = 4,
    inner: int = 8,
    end: Shapes | None = None,
) -> Shapes:
    """Shapes of a HAT whose larger windows are half as large again."""
    shapes = swinir_shapes(features, depths, heads, side, end)
    # Unlike SwinIR it keeps what is computed once for all of its blocks.
    shapes = {name: shape for name, shape in shapes.items() if not name.endswith(("_index", "_mask"))}
    seen, few = side * 3 // 2, 6
    shapes["relative_position_index_SA"] = (side**2, side**2)
    shapes["relative_position_index_OCA"] = (side**2, seen**2)
    for group, depth in enumerate(depths):
        for block in range(depth):
            place = f"layers.{group}.residual_group.blocks.{block}.conv_block.cab"
            shapes |= convolution(f"{place}.0", inner, features) | convolution(f"{place}.2", features, inner)
            shapes |= convolution(f"{place}.3.attention.1", few, features, 1)
            shapes |= convolution(f"{place}.3.attention.3", features, few, 1)
        place = f"layers.{group}.residual_group.overlap_attn"
        shapes |= {
            name.replace("x.attn", place).replace("x.", f"{place}."): shape
            for name, shape in swin_block("x", features, heads, side).items()
        }
        shapes[f"{place}.relative_position_bias_table"] = ((side + seen - 1) ** 2, heads)
    return shapes


def realplksr_shapes(
    features: int = 16,
    blocks: int = 2,
    side: int = 5,
    scale: int = 2,
    *,
    is_learned: bool = False,
    is_layer_norm: bool = False,
) -> Shapes:
    """Shapes of a RealPLKSR, whose last step may be learned."""
    shapes = convolution("feats.0", features, 3) | convolution(f"feats.{blocks + 2}", 3 * scale**2, features)
    for block in range(1, blocks + 1):
        place = f"feats.{block}"
        shapes |= norm(f"{place}.layer_norm" if is_layer_norm else f"{place}.norm", features)
        shapes |= convolution(f"{place}.channel_mixer.0", 2 * features, features)
        shapes |= convolution(f"{place}.channel_mixer.2", features, 2 * features)
        shapes |= convolution(f"{place}.lk.conv", features // 4, features // 4, side)
        shapes |= convolution(f"{place}.attn.f.0", features, features)
        shapes |= convolution(f"{place}.refine", features, features, 1)
    if is_learned:
        places = 2 * (3 if scale % 2 else 4) * scale**2
        shapes |= convolution("to_img.offset", places, 3 * scale**2, 1)
        shapes |= {"to_img.scope.weight": (places, 3 * scale**2, 1, 1), "to_img.init_pos": (1, places, 1, 1)}
        shapes |= convolution("to_img.end_conv", 3, 3 * scale**2, 1) if scale > 1 else {}
    return shapes


def shuffled_end(features: int, scale: int, width: int = 64) -> Shapes:
    """Shapes of an end whose convolutions write larger pictures as channels, step by step."""
    shapes = convolution("conv_before_upsample.0", width, features) | convolution("conv_last", 3, width)
    factors = (3,) if scale == 3 else (2,) * (scale.bit_length() - 1)
    for step, factor in enumerate(factors):
        shapes |= convolution(f"upsample.{2 * step}", width * factor**2, width)
    return shapes


def direct_end(features: int, scale: int) -> Shapes:
    """Shapes of an end of one convolution."""
    return convolution("upsample.0", 3 * scale**2, features)


def doubled_end(features: int, doublings: int, width: int = 64) -> Shapes:
    """Shapes of an end that repeats pixels before its convolutions."""
    names = [f"conv_up{index + 1}" for index in range(doublings)]
    shapes = convolution("conv_before_upsample.0", width, features) | convolution("conv_last", 3, width)
    for name in (*names, "conv_hr"):
        shapes |= convolution(name, width, width)
    return shapes


def closing_shapes(name: str, features: int, *, is_long: bool) -> Shapes:
    """Shapes of one convolution, or of three with a quarter of the channels between them."""
    few = features // 4
    if not is_long:
        return convolution(name, features, features)
    shapes = convolution(f"{name}.0", few, features) | convolution(f"{name}.2", few, few, 1)
    return shapes | convolution(f"{name}.4", features, few)


def norm(name: str, features: int) -> Shapes:
    """Shapes of a norm."""
    return {f"{name}.weight": (features,), f"{name}.bias": (features,)}


def batch_norm(name: str, features: int) -> Shapes:
    """Shapes of a norm over many pictures."""
    kept = {f"{name}.running_mean": (features,), f"{name}.running_var": (features,)}
    return norm(name, features) | kept | {f"{name}.num_batches_tracked": ()}


def convolution(name: str, written: int, read: int, side: int = 3) -> Shapes:
    """Shapes of a convolution, or of a linear layer where it has no side."""
    return {f"{name}.weight": (written, read, *((side, side) if side else ())), f"{name}.bias": (written,)}


def fixed(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Weights that follow from names and shapes alone, so that answers can be compared for ever."""
    found = {}
    for order, (name, shape) in enumerate(sorted(shapes.items())):
        values = _scattered(math.prod(shape), order)
        if name.endswith(("running_var", "norm.weight", "norm1.weight", "norm2.weight", "temperature")):
            values = 1 + 0.3 * values
        elif len(shape) > 1:
            values = values * math.sqrt(3 / math.prod(shape[1:]))
        else:
            values = 0.2 * values
        found[name] = values.reshape(shape)
    return found


def fixed_picture(height: int, width: int) -> Tensor:
    """A picture [1, 3, height, width] that follows from its size alone."""
    return (0.5 + 0.5 * _scattered(3 * height * width, 0)).reshape(1, 3, height, width)


def _scattered(count: int, order: int) -> Tensor:
    """Numbers from -1 to 1 that look random and are the same on every machine."""
    waves = torch.sin(torch.arange(count, dtype=torch.float64) * 12.9898 + order)
    return (waves * 43758.5453 % 1 * 2 - 1).float()


def network_with(tensors: Mapping[str, Tensor]) -> UpscaleNetwork:
    """The network of these tensors, ready to enlarge pictures."""
    network = network_of(
        Path("upscaler.safetensors"), {name: tensor.shape for name, tensor in tensors.items()}
    )
    network.load_state_dict(network.prepared(dict(tensors)))
    return network.eval().requires_grad_(requires_grad=False)


def published(shapes: Mapping[str, tuple[int, ...]]) -> UpscaleNetwork:
    """The network of a header alone, as large as it may be."""
    return cast(
        "UpscaleNetwork", build_without_storage(lambda: network_of(Path("upscaler.safetensors"), shapes))
    )


def some_of(x_BCHW: Tensor) -> list[float]:
    """Six numbers from all over an answer."""
    values = x_BCHW.double().flatten()
    return [round(float(values[(2 * index + 1) * len(values) // 12]), 5) for index in range(6)]
