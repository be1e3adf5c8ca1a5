"""What the check of a workflow may know of a network from the names and shapes of its tensors alone.

Which traits there are, and what they mean, is told in `weft_nodes.models.handles.MODEL_TRAITS`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from weft_nodes.families.facts import FACTS

Shapes = Mapping[str, tuple[int, ...]]

# Pipelines whose network denoises pictures; others of the same kind of network have an autoencoder before
# it, or tell it the noise in another way, which its tensors do not show.
_OF_PICTURES: Final = frozenset({"DDPMPipeline", "DDIMPipeline", "PNDMPipeline"})
_COLORS: Final = 3
# What such a network has, and what a relative that is told more than the time has too.
_FIRST: Final = "conv_in.weight"
_LAST: Final = "conv_out.weight"
_TOLD_MORE: Final = ("class_embedding.", "add_embedding.", "encoder_hid_proj.", "time_proj.")

# Layers by which a network is told the guidance: of FLUX.1 dev, and of latent consistency models.
_TOLD_GUIDANCE: Final = (
    "guidance_embedder.linear_1.weight",
    "guidance_in.in_layer.weight",
    "time_embedding.cond_proj.weight",
)
# Families whose networks were all distilled: one that is not told the guidance has none.
_WITHOUT_GUIDANCE: Final = frozenset({"flux"})
# The first layer of a network, in any layout.
_FIRST_LAYERS: Final = (
    _FIRST,
    "input_blocks.0.0.weight",
    "img_in.weight",
    "x_embedder.weight",
    "x_embedder.proj.weight",
    "pos_embed.proj.weight",
    "patch_embed.proj.weight",
)
# Families with relatives that read pictures as further tokens, which their tensors do not show.
_WITH_REFERENCES: Final = frozenset({"flux", "flux2", "qwen-image"})
# Families with transformers of which the step caches of diffusers do not know all layers, and what they do.
_CACHED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "chroma": "last layer",
        "sd3": "none",
        "auraflow": "none",
        "pixart-sigma": "none",
        "hunyuandit": "none",
        "sana": "none",
        "z-image": "none",
        "lumina2": "none",
        "flux2": "none",
    }
)
# Transformers with blocks of a kind that guidance cannot leave out.
_UNSKIPPED: Final = frozenset(
    {"chroma", "auraflow", "hunyuandit", "sana", "qwen-image", "z-image", "lumina2", "flux2"}
)
# Families whose classes in diffusers are of the older kind.
_FIXED: Final = frozenset({"sd3", "auraflow", "pixart-sigma", "hunyuandit", "sana", "lumina2", "ddpm"})
# Families that read text and picture as one, by layers in which what places attend to can be changed alone.
_WEAKENED: Final = frozenset({"sd3"})
# Families with U-Nets, whose convolutions do not know where they are; the others have transformers.
_UNETS: Final = frozenset({"sd15", "sd2", "sdxl", "sdxl-refiner", "kolors", "starter", "ddpm"})
# Families that read no text.
_UNPROMPTED: Final = frozenset({"ddpm"})


def reads_no_text(pipeline: str, shapes: Shapes) -> bool:
    """Tell whether a network denoises pictures and is told nothing but the time.

    Args:
        pipeline: Name of the class of diffusers that its folder is for.
        shapes: Shapes of its tensors by name.
    """
    first, last = shapes.get(_FIRST, ()), shapes.get(_LAST, ())
    return (
        pipeline in _OF_PICTURES
        # With twice as many channels behind, the last ones would be variances.
        and first[1:2] == (_COLORS,)
        and last[:1] == (_COLORS,)
        and not any(".attn2." in name or name.startswith(_TOLD_MORE) for name in shapes)
    )


def traits_of(family: str, shapes: Shapes) -> Mapping[str, str]:
    """Tell how a network attends, what it reads beside the noise, and what it can be made to do.

    Args:
        family: Its family.
        shapes: Shapes of its tensors by name, without prefix.

    Returns:
        Traits that are known. Those that would allow everything are left out, since what is not known is
        compared with nothing.
    """
    found = {**_reading(family, shapes), "shown": _shown(family, shapes)}
    if family not in _WITH_REFERENCES:
        found["references"] = "none"
        found["sights"] = "none" if found["shown"] == "nothing" else ""
    if family not in _UNETS:
        found["edges"] = "tiled, whole"
    if family not in FACTS or not FACTS[family].reads_sizes:
        found["sizes"] = "none"
    if family in _CACHED:
        found["step_cache"] = _CACHED[family]
        found["lite"] = "true" if _CACHED[family] == "last layer" else ""
    if family in _UNSKIPPED:
        found["layers"] = "whole"
    if family in _FIXED:
        found["execution"] = "fixed"
    return {name: value for name, value in found.items() if value}


def _reading(family: str, shapes: Shapes) -> Mapping[str, str]:
    """Tell how a network reads text, and what it learned of guidance."""
    if family in _UNPROMPTED:
        return {"network": "unconditional", "attention": "plain", "guidance": "unprompted"}
    # diffusers and the first U-Nets call self-attention `attn1` where text is read by an `attn2` of its own.
    is_apart = family in _WEAKENED or any(".attn1." in name for name in shapes)
    attention = "self" if is_apart else "joint"
    is_told = any(name.endswith(_TOLD_GUIDANCE) for name in shapes)
    guidance = "told" if is_told else "none" if family in _WITHOUT_GUIDANCE else "free"
    return {"attention": attention, "guidance": guidance}


def _shown(family: str, shapes: Shapes) -> str:
    """Tell what a network reads beside the noise; empty where its first layer does not show it."""
    facts = FACTS.get(family)
    shape = next((shapes[name] for name in _FIRST_LAYERS if name in shapes), ())
    if facts is None or len(shape) not in (2, 4):
        return ""
    # A linear layer reads the channels of a whole token, a convolution those of one place.
    channels = shape[1] // facts.patch**2 if len(shape) == 2 else shape[1]
    kinds = {0: "nothing", facts.latent_channels: "picture"}
    # The mask is one channel more, or all of its pixels.
    masks = (1, facts.reduction**2)
    kinds |= {facts.latent_channels + mask: "picture+mask" for mask in masks}
    return kinds.get(channels - facts.latent_channels, "")
