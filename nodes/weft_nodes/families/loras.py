"""For which model family a LoRA was made: from names and shapes of its tensors, and from what is noted."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from weft.sdk import ModelError

from weft_nodes.families.facts import FACTS
from weft_nodes.models.lora_files import changed_parts, split_name
from weft_nodes.models.lora_names import DENOISER, section_of
from weft_nodes.models.weights import Header, TensorInfo, read_header

# Text widths tell the families with U-Nets apart; no two share one.
_BY_TEXT_WIDTH: Final[Mapping[int, str]] = MappingProxyType(
    {FACTS[family].text_width: family for family in ("sd15", "sd2", "sdxl", "sdxl-refiner", "starter")}
)
# How trainers begin the name of an architecture, in the "modelspec" and in kohya's metadata.
_BY_NOTE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stable-diffusion-xl-v1-base": "sdxl",
        "stable-diffusion-xl-v1-refiner": "sdxl-refiner",
        "stable-diffusion-v1": "sd15",
        "stable-diffusion-v2": "sd2",
        "stable-diffusion-3": "sd3",
        "stable-diffusion-v3": "sd3",
        "flux-1": "flux",
        "chroma": "chroma",
        "sdxl_base": "sdxl",
        "sd_v1": "sd15",
        "sd_v2": "sd2",
        "sd3": "sd3",
        "flux1": "flux",
    }
)
_READS_TEXT: Final = re.compile(r"(down|mid|up|input|middle|output)_block.*attn2[._]to_k$")
_JOINT_TO_Q: Final = re.compile(
    r"joint_blocks[._]\d+[._]x_block[._]attn[._]qkv|transformer_blocks\.\d+\.attn\.add_q_proj"
)
# Widths of Stable Diffusion 3 and 3.5; other families with such blocks are of other widths.
_SD3_WIDTHS: Final = frozenset({1536, 2432})


def lora_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of a LoRA, from its header alone.

    Args:
        path: A file.

    Returns:
        "family" where it is certain; empty for a file that says too little or cannot be read.
    """
    try:
        header = read_header(path)
    except ModelError:
        return {}
    family = _noted_family(header) or _family_of(header.tensors)
    # Without a family for it here, a note says no more than its absence.
    return {"family": family} if family in FACTS else {}


def _noted_family(header: Header) -> str:
    for key in ("modelspec.architecture", "ss_base_model_version"):
        noted = header.metadata.get(key, "").lower()
        for start, family in _BY_NOTE.items():
            if noted.startswith(start):
                return family
    return ""


def _family_of(tensors: Mapping[str, TensorInfo]) -> str:
    if DENOISER not in changed_parts(tensors):
        return ""
    layers: dict[str, dict[str, tuple[int, ...]]] = {}
    for key, info in tensors.items():
        layer, role = split_name(key)
        layers.setdefault(section_of(layer)[1], {})[role] = info.shape
    for layer, shapes in layers.items():
        inputs = _inputs(shapes)
        if _READS_TEXT.search(layer):
            return _BY_TEXT_WIDTH.get(inputs, "")
        if inputs in _SD3_WIDTHS and _JOINT_TO_Q.fullmatch(layer):
            return "sd3"
    return ""


def _inputs(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Return the width of what a layer reads; 0 if its kind of change does not show it."""
    for role in ("down", "hada_w1_b", "diff"):
        if len(shapes.get(role, ())) > 1:
            return shapes[role][1]
    widths = [
        next((shapes[role][1] for role in (name, f"{name}_b") if len(shapes.get(role, ())) > 1), 0)
        for name in ("lokr_w1", "lokr_w2")
    ]
    return widths[0] * widths[1]
