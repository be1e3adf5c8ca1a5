"""Tiny IP-Adapters, with the image encoder they read through, in the layout of the published ones."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from tiny.styles import tiny_siglip

SIZE = 16
"""Side of the pictures that the tiny image encoder sees."""

_HIDDEN, _PROJECTED = 20, 12
_TOKENS = 4


def tiny_image_encoder() -> Any:
    """An image encoder of two layers."""
    torch.manual_seed(5)
    config = CLIPVisionConfig(
        hidden_size=_HIDDEN,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIZE,
        patch_size=8,
        projection_dim=_PROJECTED,
    )
    return CLIPVisionModelWithProjection(config).eval()


def tiny_adapter(network: Any, *, kind: str = "base", seed: int = 7) -> dict[str, Tensor]:
    """The tensors of an adapter for a network, by the names of published files.

    Args:
        network: The network it is for.
        kind: "base" or "plus" for U-Nets, "flux" or "flux-newer", by other names, or "sd3".
        seed: Of the weights.
    """
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator) * 0.5

    if kind == "sd3":
        return _for_sd3(network, drawn)
    if kind.startswith("flux"):
        return _for_flux(network, drawn, is_newer=kind == "flux-newer")
    width = int(network.config.cross_attention_dim)
    tensors = _whole(width, drawn) if kind == "base" else _resampled(width, drawn)
    tensors = {f"image_proj.{name}": tensor for name, tensor in tensors.items()}
    layers = [layer for name, layer in network.named_modules() if name.endswith(".attn2")]
    for place, layer in enumerate(layers):
        for name in ("to_k_ip", "to_v_ip"):
            tensors[f"ip_adapter.{2 * place + 1}.{name}.weight"] = drawn(layer.inner_dim, width)
    return tensors


def write_adapter(folder: Path, network: Any, family: str, *, kind: str = "base", seed: int = 7) -> Path:
    """Write an adapter with its image encoder beside it, and the name of its family into the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ip-adapter-{kind}.safetensors"
    save_file(tiny_adapter(network, kind=kind, seed=seed), path, metadata={"_weft_family": family})
    encoder = tiny_siglip() if kind == "sd3" else tiny_image_encoder()
    encoder.save_pretrained(folder / "image_encoder")
    return path


def _for_flux(network: Any, drawn: Any, *, is_newer: bool) -> dict[str, Tensor]:
    projection = "image_proj" if is_newer else "ip_adapter_proj_model"
    layer = (
        "ip_adapter.{}.to_{}_ip"
        if is_newer
        else "double_blocks.{}.processor.ip_adapter_double_stream_{}_proj"
    )
    width = int(network.config.joint_attention_dim)
    tensors = {f"{projection}.{name}": tensor for name, tensor in _whole(width, drawn).items()}
    for place in range(len(network.transformer_blocks)):
        for part in "kv":
            name = layer.format(place, part)
            tensors |= {
                f"{name}.weight": drawn(network.inner_dim, width),
                f"{name}.bias": drawn(network.inner_dim),
            }
    return tensors


def _for_sd3(network: Any, drawn: Any) -> dict[str, Tensor]:
    width, inner, head, time = network.inner_dim, 24, network.config.attention_head_dim, 16
    projection = _resampled(width, drawn) | {
        "time_embedding.linear_1.weight": drawn(inner, time),
        "time_embedding.linear_1.bias": drawn(inner),
        "time_embedding.linear_2.weight": drawn(inner, inner),
        "time_embedding.linear_2.bias": drawn(inner),
    }
    for layer in range(4):
        projection[f"layers.{layer}.2.1.weight"] = drawn(4 * inner, inner)
        projection[f"layers.{layer}.2.1.bias"] = drawn(4 * inner)
    tensors = {f"image_proj.{name}": tensor for name, tensor in projection.items()}
    for place in range(len(network.attn_processors)):
        tensors |= {
            f"ip_adapter.{place}.norm_ip.linear.weight": drawn(2 * width, inner),
            f"ip_adapter.{place}.norm_ip.linear.bias": drawn(2 * width),
            f"ip_adapter.{place}.to_k_ip.weight": drawn(width, width),
            f"ip_adapter.{place}.to_v_ip.weight": drawn(width, width),
        }
        for name in ("norm_q", "norm_k", "norm_ip_k"):
            tensors[f"ip_adapter.{place}.{name}.weight"] = 1 + drawn(head)
    return tensors


def _whole(width: int, drawn: Any) -> dict[str, Tensor]:
    return {
        "proj.weight": drawn(_TOKENS * width, _PROJECTED),
        "proj.bias": drawn(_TOKENS * width),
        "norm.weight": drawn(width),
        "norm.bias": drawn(width),
    }


def _resampled(width: int, drawn: Any) -> dict[str, Tensor]:
    inner, heads = 24, 64
    tensors = {
        "latents": drawn(1, _TOKENS, inner),
        "proj_in.weight": drawn(inner, _HIDDEN),
        "proj_in.bias": drawn(inner),
        "proj_out.weight": drawn(width, inner),
        "proj_out.bias": drawn(width),
        "norm_out.weight": drawn(width),
        "norm_out.bias": drawn(width),
    }
    for layer in range(4):
        shapes = {
            "0.norm1.weight": (inner,),
            "0.norm1.bias": (inner,),
            "0.norm2.weight": (inner,),
            "0.norm2.bias": (inner,),
            "0.to_q.weight": (heads, inner),
            "0.to_kv.weight": (2 * heads, inner),
            "0.to_out.weight": (inner, heads),
            "1.0.weight": (inner,),
            "1.0.bias": (inner,),
            "1.1.weight": (4 * inner, inner),
            "1.3.weight": (inner, 4 * inner),
        }
        tensors |= {f"layers.{layer}.{name}": drawn(*shape) for name, shape in shapes.items()}
    return tensors
