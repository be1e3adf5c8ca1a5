"""For which family a file was made is seen in its header, or not claimed."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from weft_nodes.families.loras import lora_traits

TO_K = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
FLAT = f"lora_unet_{TO_K.replace('.', '_')}"

HEADERS: dict[str, tuple[Mapping[str, tuple[int, ...]], Mapping[str, str], str]] = {
    "diffusers, of SD 1.5": ({f"unet.{TO_K}.lora_A.weight": (4, 768)}, {}, "sd15"),
    "kohya, of SD 2": ({f"{FLAT}.lora_down.weight": (4, 1024)}, {}, "sd2"),
    "kohya in the original layout, of SDXL": (
        {"lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 2048)},
        {},
        "sdxl",
    ),
    "LoHa": ({f"{FLAT}.hada_w1_a": (8, 4), f"{FLAT}.hada_w1_b": (4, 2048)}, {}, "sdxl"),
    "LoKr": ({f"{FLAT}.lokr_w1": (8, 16), f"{FLAT}.lokr_w2_b": (4, 128)}, {}, "sdxl"),
    "Stable Diffusion 3": (
        {"transformer.transformer_blocks.3.attn.add_q_proj.lora_A.weight": (4, 1536)},
        {},
        "sd3",
    ),
    "Stable Diffusion 3 in kohya's": (
        {"lora_unet_joint_blocks_3_x_block_attn_qkv.lora_down.weight": (4, 2432)},
        {},
        "sd3",
    ),
    "FLUX by its metadata": (
        {"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (4, 3072)},
        {"modelspec.architecture": "flux-1-dev/lora"},
        "flux",
    ),
    "kohya's metadata": ({"lora_te1_a.alpha": ()}, {"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
    "what several families have": (
        {"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": (4, 3072)},
        {},
        "",
    ),
    "a width of nobody": ({f"unet.{TO_K}.lora_A.weight": (4, 77)}, {}, ""),
    "a text encoder alone": ({"lora_te_a.lora_down.weight": (4, 768)}, {}, ""),
    "something else": ({"else": (1,)}, {}, ""),
    "a family that is none here": ({"else": (1,)}, {"modelspec.architecture": "hologram-9"}, ""),
}


@pytest.mark.parametrize("name", list(HEADERS))
def test_the_family_is_seen_where_it_is_certain(tmp_path: Path, name: str) -> None:
    tensors, metadata, family = HEADERS[name]
    path = tmp_path / "lora.safetensors"
    save_file({key: torch.zeros(shape) for key, shape in tensors.items()}, path, dict(metadata))

    assert lora_traits(path) == ({"family": family} if family else {})


def test_a_file_that_cannot_be_read_has_no_traits(tmp_path: Path) -> None:
    (tmp_path / "lora.safetensors").write_bytes(b"nothing of the kind")

    assert lora_traits(tmp_path / "lora.safetensors") == {}
