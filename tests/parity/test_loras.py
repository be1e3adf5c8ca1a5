"""A LoRA changes a model as in diffusers' pipelines, in every family whose pipeline reads some.

The pipelines read LoRA by another package, PEFT. Theirs is therefore what that makes of a file: layers whose
weights have the product of the two factors added, times strength. (Loaded by PEFT 0.21 itself, the pipelines
made the same pictures within 6e-7.)
"""

import copy
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from parity.conftest import Openings
from parity.staged import pipeline_of
from parity.steering import BASES, Steered, Steering, assert_steered
from safetensors.torch import save_file
from torch import Tensor, nn
from weft_nodes.adapters import apply_lora

RANK = 4
STRENGTH = 0.8
FAMILIES = (
    "sd15",
    "sdxl",
    "kolors",
    "sd3",
    "flux",
    "flux2",
    "chroma",
    "auraflow",
    "sana",
    "lumina2",
    "qwen-image",
    "z-image",
)
# Families with networks of the CLIP kind, whose pipelines let a LoRA change these, too.
WORDED = ("sd15", "sdxl", "sd3", "flux")
# Layers that read what they also write, which is what most files change.
_ENDS = ("to_q", "to_k", "to_v", "q_proj", "v_proj")


def factors(net: nn.Module, part: str) -> dict[str, Tensor]:
    """A file's tensors for the attention of a network, by the names of PEFT."""
    drawn = torch.Generator().manual_seed(31)
    tensors = {}
    for name, layer in net.named_modules():
        if isinstance(layer, nn.Linear) and name.endswith(_ENDS):
            low, high = (RANK, layer.in_features), (layer.out_features, RANK)
            tensors[f"{part}.{name}.lora_A.weight"] = 0.3 * torch.randn(low, generator=drawn)
            tensors[f"{part}.{name}.lora_B.weight"] = 0.3 * torch.randn(high, generator=drawn)
    assert tensors
    return tensors


def changed(net: Any, part: str, tensors: dict[str, Tensor]) -> Any:
    """A network with a LoRA in its weights."""
    net = copy.deepcopy(net)
    with torch.no_grad():
        for name, down in tensors.items():
            if name.startswith(f"{part}.") and ".lora_A." in name:
                layer = net.get_submodule(name.removeprefix(f"{part}.").removesuffix(".lora_A.weight"))
                layer.weight += STRENGTH * tensors[name.replace("lora_A", "lora_B")] @ down
    return net


def patched(family: str, opened: Openings) -> Steered:
    """Change a model by a LoRA, and its text encoder where pipelines allow it."""
    _, checkpoint = opened(family)
    made = pipeline_of(family)
    parts = [checkpoint.model.component, *(["text_encoder"] if family in WORDED else [])]
    tensors: dict[str, Tensor] = {}
    for part in parts:
        tensors |= factors(getattr(made, part), part)
    folder = opened.root / "models" / "loras"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / f"{family}.safetensors")
    ours = apply_lora(
        opened.run,
        checkpoint.model,
        checkpoint.encoder,
        lora=f"{family}.safetensors",
        strength=STRENGTH,
        encoder_strength=STRENGTH,
    )
    for part in parts:
        setattr(made, part, changed(getattr(made, part), part, tensors))
    return Steered(pipeline=made, checkpoint=replace(checkpoint, model=ours.model, encoder=ours.encoder))


STEERINGS = tuple(
    Steering(
        "LoRA",
        BASES[family],
        partial(patched, family),
        title="with its text encoder" * (family in WORDED),
    )
    for family in FAMILIES
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_a_lora_changes_a_model_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)
