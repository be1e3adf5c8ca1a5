"""IP-Adapters: their handle on wires, and what they make of a picture before a network reads it.

Ye et al. 2023, "IP-Adapter" (arXiv 2308.06721). What their layers in the network do is in `image_readers`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn
from weft.sdk import Image, value

from weft_nodes.models.blocks import Blocks
from weft_nodes.models.errors import CheckpointIncompleteError, ControlMismatchError
from weft_nodes.models.handles import Model
from weft_nodes.models.image_encoders import (
    EncoderKind,
    PictureReader,
    as_clip_sees,
    as_siglip_sees,
    side_seen,
)
from weft_nodes.models.image_readers import PROJECTION, ImageReading, read_projection

AdapterKind = Literal["unet", "flux", "sd3"]
"""For which kind of network an adapter was made."""


@value("image_adapter", color="#f9a8d4")
@dataclass(frozen=True, slots=True)
class ImageAdapter(PictureReader):
    """An IP-Adapter: layers by which a network reads pictures, and the network that sees them.

    Args:
        made_for: The kind of network that it was made for.
        blocks: Factors on what it adds in single blocks of the network; see `blocks`.
    """

    kind: ClassVar[str] = "image-adapter"

    made_for: AdapterKind = "unet"
    blocks: Blocks = ()

    @property
    def details(self) -> tuple[str, ...]:
        """Return the factors on single blocks."""
        return tuple(f"{name}={factor}" for name, factor in self.blocks)

    @property
    def patch(self) -> ImageReading:
        """Return the change that lets a network read what this adapter makes of pictures."""
        return ImageReading(self.weights.path, self.key, self.blocks)

    @property
    def encoder_kind(self) -> EncoderKind:
        """Return the kind of image encoder that it reads through."""
        return "siglip" if self.made_for == "sd3" else "clip"


def with_adapters(model: Model, adapters: Iterable[ImageAdapter]) -> Model:
    """Return a model that reads what some adapters make of pictures; the order given does not count.

    Raises:
        ControlMismatchError: An adapter is for another family.
    """
    for adapter in adapters:
        if adapter.family != model.family:
            raise ControlMismatchError(
                problem=f"it was made for {adapter.family}, and the model is of {model.family}"
            )
    patches = {adapter.key: adapter.patch for adapter in adapters}
    if not patches:
        return model
    # Behind LoRA files, which look for layers by their names.
    return replace(model, patches=(*model.patches, *(patches[key] for key in sorted(patches))))


def load_projection(path: Path, *, dtype: torch.dtype, device: torch.device) -> nn.Module:
    """Build the part of an adapter that turns what the image encoder says into tokens.

    Args:
        path: The file of the adapter.
        dtype: Of its parameters.
        device: Where they are put.

    Raises:
        CheckpointIncompleteError: The file does not fill any kind of projection.
    """
    from diffusers.loaders.unet import UNet2DConditionLoadersMixin
    from diffusers.models.embeddings import ImageProjection

    own = read_projection(path)
    try:
        if "proj.weight" in own:
            rows, seen = own["proj.weight"].shape
            width = own["norm.weight"].shape[0]
            made = ImageProjection(seen, width, num_image_text_embeds=rows // width)
            made.load_state_dict({name.replace("proj", "image_embeds"): own[name] for name in own})
        else:
            # Without `low_cpu_mem_usage` it patches nothing in torch; the projection is small.
            made = UNet2DConditionLoadersMixin()._convert_ip_adapter_image_proj_to_diffusers(  # noqa: SLF001
                own, low_cpu_mem_usage=False
            )
    except (KeyError, RuntimeError) as error:
        raise CheckpointIncompleteError(path=path, part=PROJECTION[0], missing=[str(error)]) from error
    return cast("nn.Module", made).to(device, dtype).eval().requires_grad_(requires_grad=False)


def read_pictures(
    encoder: nn.Module, projection: nn.Module, image: Image, *, sees_black: bool = False
) -> tuple[Tensor, Tensor]:
    """Return what pictures say, and what no picture says.

    Args:
        encoder: CLIP's image encoder.
        projection: The projection of the adapter.
        image: Pictures; of each the largest square in the middle is seen.
        sees_black: Whether a black picture stands for none, as the pipeline of FLUX.1 has it.

    Returns:
        Tokens [1, T, D] of all pictures one behind the other, and as many without pictures, float32.
    """
    from diffusers.models.embeddings import ImageProjection

    like, size = next(encoder.parameters()), side_seen(encoder)
    pixels_BCHW = as_clip_sees(image, size).to(like)
    # The first adapters read the picture as a whole, all others the places of the last layer but one.
    if isinstance(projection, ImageProjection):
        seen = encoder(pixels_BCHW).image_embeds
        empty = torch.zeros_like(seen)
        if sees_black:
            black = Image(torch.zeros_like(image.pixels_BHWC))
            empty = encoder(as_clip_sees(black, size).to(like)).image_embeds
    else:
        seen = encoder(pixels_BCHW, output_hidden_states=True).hidden_states[-2]
        empty = encoder(torch.zeros_like(pixels_BCHW), output_hidden_states=True).hidden_states[-2]
    tokens_1TD, empty_1TD = (projection(states).flatten(0, 1)[None].float() for states in (seen, empty))
    return tokens_1TD, empty_1TD


def see_pictures(encoder: nn.Module, image: Image) -> tuple[Tensor, Tensor]:
    """Return what an encoder sees of pictures, for adapters that make tokens of it at each step.

    Args:
        encoder: SigLIP's image encoder.
        image: Pictures; each is squeezed to a square.

    Returns:
        States [1, B, T, D] of each picture, and zeros for no picture, float32.
    """
    pixels_BCHW = as_siglip_sees(image, side_seen(encoder)).to(next(encoder.parameters()))
    states = encoder(pixels_BCHW, output_hidden_states=True).hidden_states[-2]
    seen_1BTD = states[None].float()
    return seen_1BTD, torch.zeros_like(seen_1BTD)
