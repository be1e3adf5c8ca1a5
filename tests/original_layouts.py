"""Tensors of transformers by the names of the original training code: diffusers' converters, inverted."""

from collections.abc import Mapping

import torch
from torch import Tensor


def original_flux(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name the tensors of a `FluxTransformer2DModel` as Black Forest Labs do."""
    found = _ends(
        tensors,
        {
            "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
            "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
            "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
            "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
            "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
            "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
            "context_embedder": "txt_in",
            "x_embedder": "img_in",
            "proj_out": "final_layer.linear",
        },
    )
    for number in _numbers(tensors, "transformer_blocks."):
        new, old = f"transformer_blocks.{number}.", f"double_blocks.{number}."
        found |= _flux_double(tensors, new, old)
    for number in _numbers(tensors, "single_transformer_blocks."):
        new, old = f"single_transformer_blocks.{number}.", f"single_blocks.{number}."
        for end in ("weight", "bias"):
            names = [f"{new}attn.to_{letter}.{end}" for letter in "qkv"]
            found[f"{old}linear1.{end}"] = _joined(tensors, [*names, f"{new}proj_mlp.{end}"])
            found[f"{old}linear2.{end}"] = tensors[f"{new}proj_out.{end}"]
            found[f"{old}modulation.lin.{end}"] = tensors[f"{new}norm.linear.{end}"]
        found[f"{old}norm.query_norm.scale"] = tensors[f"{new}attn.norm_q.weight"]
        found[f"{old}norm.key_norm.scale"] = tensors[f"{new}attn.norm_k.weight"]
    for end in ("weight", "bias"):
        found[f"final_layer.adaLN_modulation.1.{end}"] = _swapped(tensors[f"norm_out.linear.{end}"])
    return found


def _flux_double(tensors: Mapping[str, Tensor], new: str, old: str) -> dict[str, Tensor]:
    found = {}
    for end in ("weight", "bias"):
        for side, letters, out, norm, ff in (
            ("img", ("to_q", "to_k", "to_v"), "to_out.0", "norm1", "ff"),
            ("txt", ("add_q_proj", "add_k_proj", "add_v_proj"), "to_add_out", "norm1_context", "ff_context"),
        ):
            names = [f"{new}attn.{letter}.{end}" for letter in letters]
            found[f"{old}{side}_attn.qkv.{end}"] = _joined(tensors, names)
            found[f"{old}{side}_attn.proj.{end}"] = tensors[f"{new}attn.{out}.{end}"]
            found[f"{old}{side}_mod.lin.{end}"] = tensors[f"{new}{norm}.linear.{end}"]
            found[f"{old}{side}_mlp.0.{end}"] = tensors[f"{new}{ff}.net.0.proj.{end}"]
            found[f"{old}{side}_mlp.2.{end}"] = tensors[f"{new}{ff}.net.2.{end}"]
    for side, query, key in (("img", "norm_q", "norm_k"), ("txt", "norm_added_q", "norm_added_k")):
        found[f"{old}{side}_attn.norm.query_norm.scale"] = tensors[f"{new}attn.{query}.weight"]
        found[f"{old}{side}_attn.norm.key_norm.scale"] = tensors[f"{new}attn.{key}.weight"]
    return found


def original_sd3(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name the tensors of an `SD3Transformer2DModel` as Stability AI does."""
    found = _ends(
        tensors,
        {
            "pos_embed.proj": "x_embedder.proj",
            "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
            "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
            "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
            "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
            "context_embedder": "context_embedder",
            "proj_out": "final_layer.linear",
        },
    )
    found["pos_embed"] = tensors["pos_embed.pos_embed"]
    numbers = _numbers(tensors, "transformer_blocks.")
    for number in numbers:
        new, old = f"transformer_blocks.{number}.", f"joint_blocks.{number}."
        found |= _sd3_block(tensors, new, old, is_last=number == numbers[-1])
    for end in ("weight", "bias"):
        found[f"final_layer.adaLN_modulation.1.{end}"] = _swapped(tensors[f"norm_out.linear.{end}"])
    return found


def _sd3_block(tensors: Mapping[str, Tensor], new: str, old: str, *, is_last: bool) -> dict[str, Tensor]:
    found = {}
    sides = [
        ("x_block", "attn", ("to_q", "to_k", "to_v"), "to_out.0", ("norm_q", "norm_k")),
        (
            "context_block",
            "attn",
            ("add_q_proj", "add_k_proj", "add_v_proj"),
            "to_add_out",
            ("norm_added_q", "norm_added_k"),
        ),
        ("x_block", "attn2", ("to_q", "to_k", "to_v"), "to_out.0", ("norm_q", "norm_k")),
    ]
    for side, attention, letters, out, norms in sides:
        place = f"{old}{side}.{attention}"
        for end in ("weight", "bias"):
            names = [f"{new}{attention}.{letter}.{end}" for letter in letters]
            if names[0] in tensors:
                found[f"{place}.qkv.{end}"] = _joined(tensors, names)
            if f"{new}{attention}.{out}.{end}" in tensors:
                found[f"{place}.proj.{end}"] = tensors[f"{new}{attention}.{out}.{end}"]
        for norm, original in zip(norms, ("ln_q", "ln_k"), strict=True):
            if f"{new}{attention}.{norm}.weight" in tensors:
                found[f"{place}.{original}.weight"] = tensors[f"{new}{attention}.{norm}.weight"]
    for end in ("weight", "bias"):
        for side, norm, ff in (("x_block", "norm1", "ff"), ("context_block", "norm1_context", "ff_context")):
            modulation = tensors[f"{new}{norm}.linear.{end}"]
            swaps = is_last and side == "context_block"
            found[f"{old}{side}.adaLN_modulation.1.{end}"] = _swapped(modulation) if swaps else modulation
            if f"{new}{ff}.net.2.{end}" in tensors:
                found[f"{old}{side}.mlp.fc1.{end}"] = tensors[f"{new}{ff}.net.0.proj.{end}"]
                found[f"{old}{side}.mlp.fc2.{end}"] = tensors[f"{new}{ff}.net.2.{end}"]
    return found


def _ends(tensors: Mapping[str, Tensor], table: Mapping[str, str]) -> dict[str, Tensor]:
    names = [(f"{new}.{end}", f"{old}.{end}") for new, old in table.items() for end in ("weight", "bias")]
    return {old: tensors[new] for new, old in names if new in tensors}


def _joined(tensors: Mapping[str, Tensor], names: list[str]) -> Tensor:
    return torch.cat([tensors[name] for name in names])


def _swapped(tensor: Tensor) -> Tensor:
    """Put shift before scale, as the original code does; diffusers has them the other way round."""
    return torch.cat(list(reversed(tensor.chunk(2))))


def _numbers(tensors: Mapping[str, Tensor], prefix: str) -> list[int]:
    return sorted({int(name.split(".")[1]) for name in tensors if name.startswith(prefix)})
