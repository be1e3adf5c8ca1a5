"""What the layers of a network are called in files: by diffusers, kohya, PEFT and the original codes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from torch import nn

# The part of a patch that changes the denoising network of whatever family, under whatever name.
DENOISER: Final = "denoiser"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer of a file lies in a network.

    Args:
        layers: Names of the layers whose outputs make up the file's, in their order; most often one.
        is_swapped: Whether the two halves of the output stand the other way round in the network.
    """

    layers: tuple[str, ...]
    is_swapped: bool = False


_SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lora_unet_": DENOISER,
        "lora_transformer_": DENOISER,
        "lycoris_": DENOISER,
        "lora_te_": "text_encoder",
        "lora_te1_": "text_encoder",
        "lora_te2_": "text_encoder_2",
        "lora_te3_": "text_encoder_3",
        "text_encoder.": "text_encoder",
        "text_encoder_2.": "text_encoder_2",
        "text_encoder_3.": "text_encoder_3",
        "unet.": DENOISER,
        "transformer.": DENOISER,
        "model.diffusion_model.": DENOISER,
        "diffusion_model.": DENOISER,
        "base_model.model.": DENOISER,
    }
)


def section_of(name: str) -> tuple[str, str]:
    """Tell which network of a checkpoint a layer of a file belongs to, and its name in there.

    Args:
        name: As the file writes it. Without a known prefix it belongs to the denoising network, which is how
            files are written that hold one network alone.

    Returns:
        `DENOISER` or the name of a text encoder's folder, and the rest of the name.
    """
    for prefix, section in _SECTIONS.items():
        if name.startswith(prefix):
            return section, name.removeprefix(prefix)
    return DENOISER, name


def places(net: nn.Module) -> Mapping[str, Place]:
    """Return where the layers of a network lie, by every name that files give them.

    Args:
        net: The network.

    Returns:
        Places by names without a prefix, with dots and, as kohya's files have it, with underscores.
    """
    own = {name for name, layer in net.named_modules() if name and hasattr(layer, "weight")}
    found = {name: Place((name,)) for name in own}
    # Text encoders have lost their `text_model.` level in transformers 5.6; files keep it.
    found |= {f"text_model.{name}": Place((name,)) for name in own}
    found |= _original_unet(net, own) if hasattr(net, "down_blocks") else dict(_original_transformer(own))
    return {name.replace(".", "_"): place for name, place in found.items()} | found


_UNET_ENDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0",
        "conv_out": "out.2",
    }
)
_RESNET: Final[Mapping[str, str]] = MappingProxyType(
    {
        "conv1": "in_layers.2",
        "time_emb_proj": "emb_layers.1",
        "conv2": "out_layers.3",
        "conv_shortcut": "skip_connection",
    }
)
_MIDDLE: Final[Mapping[str, int]] = MappingProxyType({"resnets.0": 0, "attentions.0": 1, "resnets.1": 2})
_BLOCK: Final = re.compile(
    r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)"
)
_MIDDLE_BLOCK: Final = re.compile(r"mid_block\.((?:resnets|attentions)\.\d+)\.(.+)")


def _original_unet(net: nn.Module, own: set[str]) -> dict[str, Place]:
    """Name the layers of a U-Net as the code of Stability AI does, for which SDXL's files are written."""
    config = cast("Mapping[str, object]", getattr(net, "config", {}))
    layers = config.get("layers_per_block")
    found = {_UNET_ENDS[name]: Place((name,)) for name in own if name in _UNET_ENDS}
    for name in own:
        match, middle = _BLOCK.fullmatch(name), _MIDDLE_BLOCK.fullmatch(name)
        if middle and middle[1] in _MIDDLE:
            found[f"middle_block.{_MIDDLE[middle[1]]}.{_RESNET.get(middle[2], middle[2])}"] = Place((name,))
        elif match and isinstance(layers, int):
            has_attention = any(other.startswith(f"up_blocks.{match[2]}.attentions.") for other in own)
            original = _original_block(match, per_block=layers + 1, upsampler=2 if has_attention else 1)
            found[original] = Place((name,))
    return found


def _original_block(match: re.Match[str], *, per_block: int, upsampler: int) -> str:
    side, block, kind, layer, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
    if kind == "downsamplers":
        return f"input_blocks.{(block + 1) * per_block}.0.op"
    if kind == "upsamplers":
        return f"output_blocks.{(block + 1) * per_block - 1}.{upsampler}.conv"
    inner = f"0.{_RESNET.get(rest, rest)}" if kind == "resnets" else f"1.{rest}"
    number = block * per_block + layer
    return f"input_blocks.{number + 1}.{inner}" if side == "down" else f"output_blocks.{number}.{inner}"


# Names in the codes of Black Forest Labs and Stability AI, and the layers of diffusers behind them; a star in
# front of a name: its halves, scale and shift, are swapped.
_TRANSFORMERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "double_blocks.{}.img_attn.qkv": "transformer_blocks.{}.attn to_q to_k to_v",
        "double_blocks.{}.img_attn.proj": "transformer_blocks.{}.attn to_out.0",
        "double_blocks.{}.img_mlp.0": "transformer_blocks.{}.ff net.0.proj",
        "double_blocks.{}.img_mlp.2": "transformer_blocks.{}.ff net.2",
        "double_blocks.{}.img_mod.lin": "transformer_blocks.{}.norm1 linear",
        "double_blocks.{}.txt_attn.qkv": "transformer_blocks.{}.attn add_q_proj add_k_proj add_v_proj",
        "double_blocks.{}.txt_attn.proj": "transformer_blocks.{}.attn to_add_out",
        "double_blocks.{}.txt_mlp.0": "transformer_blocks.{}.ff_context net.0.proj",
        "double_blocks.{}.txt_mlp.2": "transformer_blocks.{}.ff_context net.2",
        "double_blocks.{}.txt_mod.lin": "transformer_blocks.{}.norm1_context linear",
        "single_blocks.{}.linear1": "single_transformer_blocks.{} attn.to_q attn.to_k attn.to_v proj_mlp",
        "single_blocks.{}.linear2": "single_transformer_blocks.{} proj_out",
        "single_blocks.{}.modulation.lin": "single_transformer_blocks.{}.norm linear",
        "img_in": "x_embedder",
        "txt_in": "context_embedder",
        "time_in.in_layer": "time_text_embed.timestep_embedder linear_1",
        "time_in.out_layer": "time_text_embed.timestep_embedder linear_2",
        "vector_in.in_layer": "time_text_embed.text_embedder linear_1",
        "vector_in.out_layer": "time_text_embed.text_embedder linear_2",
        "guidance_in.in_layer": "time_text_embed.guidance_embedder linear_1",
        "guidance_in.out_layer": "time_text_embed.guidance_embedder linear_2",
        "joint_blocks.{}.x_block.attn.qkv": "transformer_blocks.{}.attn to_q to_k to_v",
        "joint_blocks.{}.x_block.attn.proj": "transformer_blocks.{}.attn to_out.0",
        "joint_blocks.{}.x_block.attn2.qkv": "transformer_blocks.{}.attn2 to_q to_k to_v",
        "joint_blocks.{}.x_block.attn2.proj": "transformer_blocks.{}.attn2 to_out.0",
        "joint_blocks.{}.x_block.mlp.fc1": "transformer_blocks.{}.ff net.0.proj",
        "joint_blocks.{}.x_block.mlp.fc2": "transformer_blocks.{}.ff net.2",
        "joint_blocks.{}.x_block.adaLN_modulation.1": "transformer_blocks.{}.norm1 linear",
        "joint_blocks.{}.context_block.attn.qkv": (
            "transformer_blocks.{}.attn add_q_proj add_k_proj add_v_proj"
        ),
        "joint_blocks.{}.context_block.attn.proj": "transformer_blocks.{}.attn to_add_out",
        "joint_blocks.{}.context_block.mlp.fc1": "transformer_blocks.{}.ff_context net.0.proj",
        "joint_blocks.{}.context_block.mlp.fc2": "transformer_blocks.{}.ff_context net.2",
        "joint_blocks.{}.context_block.adaLN_modulation.1": "transformer_blocks.{}.norm1_context linear",
        "x_embedder.proj": "pos_embed proj",
        "t_embedder.mlp.0": "time_text_embed.timestep_embedder linear_1",
        "t_embedder.mlp.2": "time_text_embed.timestep_embedder linear_2",
        "y_embedder.mlp.0": "time_text_embed.text_embedder linear_1",
        "y_embedder.mlp.2": "time_text_embed.text_embedder linear_2",
        "final_layer.linear": "proj_out",
        "final_layer.adaLN_modulation.1": "*norm_out linear",
    }
)
_CONTEXT_NORM: Final = "joint_blocks.{}.context_block.adaLN_modulation.1"


def _original_transformer(own: set[str]) -> Iterator[tuple[str, Place]]:
    numbers = [int(name.split(".")[1]) for name in own if re.match(r"(single_)?transformer_blocks\.\d", name)]
    blocks = range(max(numbers, default=-1) + 1)
    last = max((int(n.split(".")[1]) for n in own if n.startswith("transformer_blocks.")), default=-1)
    for original, written in _TRANSFORMERS.items():
        parent, *children = written.lstrip("*").split()
        layers = tuple(f"{parent}.{child}" for child in children) or (parent,)
        for block in blocks if "{}" in original else (0,):
            place = tuple(layer.format(block) for layer in layers)
            # The text of Stable Diffusion 3's last block is only read: its norm there is of the other kind.
            is_last_text = original == _CONTEXT_NORM and block == last
            if own.issuperset(place):
                yield original.format(block), Place(place, written.startswith("*") or is_last_text)


def known(names: Sequence[str], count: int = 3) -> str:
    """Show the first of many names.

    Args:
        names: All of them.
        count: How many are shown.
    """
    return ", ".join(names[:count]) + (f" and {len(names) - count} more" if len(names) > count else "")
