"""Language models that are shown pictures: what the prompt of an editing model speaks of.

The pictures are read by a tower beside the text layers, and stand among the words as tokens with places of
two dimensions (Bai et al. 2025, "Qwen2.5-VL", arXiv 2502.13923, section 2.1.2).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from weft.sdk import Image

from weft_nodes.models.adapter import ModulePart
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording
from weft_nodes.pixels.resizing import resize_pixels

EditVersion = Literal["2509", "first"]
"""How an editing model was trained to be shown pictures; the families say what that means."""

PICTURE: Final = "<|image_pad|>"
"""Stands in a text for one token of a picture."""

# What the tower is called within models that read as well, in turn of age.
_TOWERS: Final = ("visual.", "model.visual.")
# Sides of pictures are brought to a multiple of this first.
_MULTIPLE: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Pictures that a prompt speaks of.

    Args:
        pictures: Each a batch of one.
        version: How the model was trained to be shown them.
    """

    pictures: tuple[Image, ...]
    version: EditVersion = "2509"


@runtime_checkable
class SeeingFamily(Protocol):
    """A model family whose text encoder can be shown pictures."""

    @property
    def tower_part(self) -> ModulePart:
        """The tower that reads pictures."""

    def encode_seeing(
        self, stacks: tuple[TextStack, ...], tower: nn.Module, wording: Wording, shown: Shown
    ) -> Mapping[str, Tensor]:
        """Encode a prompt that speaks of pictures to the network's inputs.

        Args:
            stacks: One live text encoder and tokenizer per text part that the checkpoint has.
            tower: The live tower.
            wording: A prompt of any length, with the weights of its words.
            shown: The pictures.

        Returns:
            Network inputs by name, each with a batch axis of length one.
        """


class Patches(NamedTuple):
    """Pictures as a tower reads them.

    Args:
        patches_ND: The patches of all pictures, one picture after the other.
        grids_P3: Frames, rows and columns of patches of each picture.
    """

    patches_ND: Tensor
    grids_P3: Tensor


def tower_part(name: str) -> ModulePart:
    """Describe the tower of Qwen2.5-VL, which lies among the weights of its text layers.

    Args:
        name: The folder of the whole model.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        import transformers

        whole = transformers.AutoConfig.for_model(**cast("dict[str, Any]", dict(config)))
        model = transformers.Qwen2_5_VisionTransformerPretrainedModel
        return cast("nn.Module", model(cast("Any", whole).vision_config))

    def rename(_: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            for prefix in _TOWERS
            if name.startswith(prefix)
        }

    return ModulePart(name, build, rename, prefixes=("text_encoders.",), convert=rename, half="bfloat16")


def patches_of(tower: nn.Module, pictures: Sequence[Image], *, area: int) -> Patches:
    """Cut pictures into the patches that a tower reads.

    Args:
        tower: The tower.
        pictures: Each a batch of one; transparency shows black.
        area: Pixels that each is brought to, about.
    """
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    config = cast("Any", tower).config
    processor = Qwen2VLImageProcessorPil(
        patch_size=config.patch_size,
        merge_size=config.spatial_merge_size,
        temporal_patch_size=config.temporal_patch_size,
        do_resize=False,
        do_rescale=False,
    )
    multiple = config.patch_size * config.spatial_merge_size
    planes = [_scaled(picture, area=area, multiple=multiple).cpu().numpy() for picture in pictures]
    read = processor(images=planes, input_data_format="channels_first", return_tensors="pt")
    device = next(tower.parameters()).device
    return Patches(read["pixel_values"].to(device), read["image_grid_thw"].to(device))


def seeing_stack(stack: TextStack, tower: nn.Module, patches: Patches) -> tuple[TextStack, tuple[str, ...]]:
    """Show pictures to a language model.

    Args:
        stack: The text layers of the model, and its tokenizer.
        tower: Its tower.
        patches: The pictures.

    Returns:
        A stack that reads texts in which all the pictures stand, and how each is written in them.
    """
    encoder = _Seeing(stack, tower, patches)
    merged = cast("Any", tower).config.spatial_merge_size ** 2
    counts = (patches.grids_P3.prod(dim=1) // merged).tolist()
    return replace(stack, encoder=encoder), tuple(PICTURE * count for count in counts)


class _Seeing(nn.Module):
    """The text layers and the tower as the one model they are, which is called as the layers are."""

    def __init__(self, stack: TextStack, tower: nn.Module, patches: Patches) -> None:
        super().__init__()
        import transformers

        with stack.turn:
            self._token = int(stack.tokenizer.convert_tokens_to_ids(PICTURE))
        config = transformers.Qwen2_5_VLConfig(
            text_config=cast("Any", stack.encoder).config.to_dict(),
            vision_config=cast("Any", tower).config.to_dict(),
            image_token_id=self._token,
        )
        with torch.device("meta"):
            whole = transformers.Qwen2_5_VLModel(config)
        # The model keeps the places of the last call, so it is private; what it is made of is shared.
        whole.language_model = cast("transformers.Qwen2_5_VLTextModel", stack.encoder)
        whole.visual = cast("transformers.Qwen2_5_VisionTransformerPretrainedModel", tower)
        self._whole = whole.eval()
        self._patches = patches

    def forward(
        self, ids_BT: Tensor, *, attention_mask: Tensor | None, use_cache: bool, output_hidden_states: bool
    ) -> object:
        """Read a text in which the pictures stand."""
        return self._whole(
            ids_BT,
            attention_mask=attention_mask,
            pixel_values=self._patches.patches_ND,
            image_grid_thw=self._patches.grids_P3,
            # Without it, places have one dimension, which is not how the model was trained.
            mm_token_type_ids=(ids_BT == self._token).int(),
            use_cache=use_cache,
            output_hidden_states=output_hidden_states,
        )


def _scaled(picture: Image, *, area: int, multiple: int) -> Tensor:
    """Bring a picture to an area, as diffusers does, and then to whole tokens: [3, H, W], 0..1."""
    pixels = picture.pixels_BHWC
    pixels = pixels[..., :3] * pixels[..., 3:] if pixels.shape[-1] == 4 else pixels
    ratio = pixels.shape[2] / pixels.shape[1]
    wide = math.sqrt(area * ratio)
    width, height = (max(1, round(side / _MULTIPLE)) * _MULTIPLE for side in (wide, wide / ratio))
    pixels = resize_pixels(pixels, width=width, height=height, method="lanczos")
    width, height = (max(1, round(side / multiple)) * multiple for side in (width, height))
    return resize_pixels(pixels, width=width, height=height, method="bicubic")[0].movedim(-1, 0)
