"""What the header of a single file shows of its network: how many blocks, how wide, and with which parts.

One folder of configurations serves all sizes of a family, distilled and pruned relatives included.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Shapes = Mapping[str, tuple[int, ...]]

CONFIGS: Final = Path(__file__).parent / "configs"
"""Folders of configurations for single files, in the diffusers layout but without weights."""


def fit_flux(shapes: Shapes) -> dict[str, object]:
    """Read options of a `FluxTransformer2DModel`.

    Args:
        shapes: Shapes by names without prefix, of the original layout or of diffusers.
    """
    is_told = ("guidance_in.in_layer.weight", "time_text_embed.guidance_embedder.linear_1.weight")
    options: dict[str, object] = {"guidance_embeds": any(name in shapes for name in is_told)}
    for option, prefixes in (
        ("num_layers", ("double_blocks.", "transformer_blocks.")),
        ("num_single_layers", ("single_blocks.", "single_transformer_blocks.")),
    ):
        count = sum(len(_numbers(shapes, prefix)) for prefix in prefixes)
        options |= {option: count} if count else {}
    for option, axis, names in (
        ("in_channels", -1, ("img_in.weight", "x_embedder.weight")),
        ("out_channels", 0, ("final_layer.linear.weight", "proj_out.weight")),
    ):
        channels = [shapes[name][axis] for name in names if name in shapes]
        options |= {option: channels[0]} if channels else {}
    return options


def fit_sd3(shapes: Shapes) -> dict[str, object]:
    """Read options of an `SD3Transformer2DModel`; its heads are 64 wide in all sizes.

    Args:
        shapes: Shapes by names without prefix, of the original layout or of diffusers.
    """
    options: dict[str, object] = {}
    for prefix, attention, norm in (
        ("joint_blocks.", ".x_block.attn2.qkv.weight", ".x_block.attn.ln_q.weight"),
        ("transformer_blocks.", ".attn2.to_q.weight", ".attn.norm_q.weight"),
    ):
        numbers = _numbers(shapes, prefix)
        if numbers:
            dual = [number for number in numbers if f"{prefix}{number}{attention}" in shapes]
            is_normed = f"{prefix}{numbers[0]}{norm}" in shapes
            options = {
                "num_layers": len(numbers),
                "dual_attention_layers": dual,
                "qk_norm": "rms_norm" if is_normed else None,
            }
    width = shapes.get("context_embedder.weight", (0,))[0]
    if width and width % _SD3_HEAD == 0:
        options |= {"caption_projection_dim": width, "num_attention_heads": width // _SD3_HEAD}
    for name in ("pos_embed", "pos_embed.pos_embed"):
        if name in shapes:
            options["pos_embed_max_size"] = math.isqrt(shapes[name][1])
    return options


_SD3_HEAD: Final = 64


def _numbers(shapes: Shapes, prefix: str) -> list[int]:
    """Return the numbers of the blocks whose names begin with a prefix."""
    words = {name.removeprefix(prefix).partition(".")[0] for name in shapes if name.startswith(prefix)}
    return sorted(int(word) for word in words if word.isdecimal())
