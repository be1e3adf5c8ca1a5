"""What the check of a workflow may know of a network from the names and shapes of its tensors alone.

Which traits there are, and what they mean, is told in `weft_nodes.models.handles.MODEL_TRAITS`.
"""

from collections.abc import Mapping
from typing import Final

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
    """Tell how a network attends, and what it learned of guidance.

    Args:
        family: Its family.
        shapes: Shapes of its tensors by name, without prefix.
    """
    if family in _UNPROMPTED:
        return {"network": "unconditional", "attention": "plain", "guidance": "unprompted"}
    # diffusers and the first U-Nets call self-attention `attn1` where text is read by an `attn2` of its own.
    attention = "self" if any(".attn1." in name for name in shapes) else "joint"
    is_told = any(name.endswith(_TOLD_GUIDANCE) for name in shapes)
    guidance = "told" if is_told else "none" if family in _WITHOUT_GUIDANCE else "free"
    return {"attention": attention, "guidance": guidance}
