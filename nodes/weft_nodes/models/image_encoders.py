"""Networks that see pictures for what reads them: CLIP's and SigLIP's, in a folder or in a file of its own.

A folder says in its `config.json` what its network is like; of a file it follows from names and shapes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, cast

from torch import Tensor, nn
from weft.sdk import Image

from weft_nodes.models.adapter import ModulePart
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError
from weft_nodes.models.handles import Weights, key_of
from weft_nodes.models.loading import Checkpoint, CheckpointFile, CheckpointFolder, read_json
from weft_nodes.models.weights import component_files, read_header
from weft_nodes.pixels.resizing import middle_of, resize_pixels, size_covering

EncoderKind = Literal["clip", "siglip"]

# What the names of tensors begin with in most files; transformers leaves it out for SigLIP since 5.6.
_SEEING: Final = "vision_model."
_POSITIONS: Final = "embeddings.position_embedding.weight"
_PATCHES: Final = "embeddings.patch_embedding.weight"
# What CLIP has beside its places, and SigLIP has not.
_CLASS: Final = "embeddings.class_embedding"
# Heads of the published networks by their width, which no tensor shows.
_HEADS: Final[Mapping[int, int]] = MappingProxyType({768: 12, 1024: 16, 1152: 16, 1280: 16, 1664: 16})
# SigLIP was trained on pictures that its patches do not cover to the edge.
_SIZES: Final[Mapping[int, int]] = MappingProxyType({378: 384})
# Up to this width CLIP is OpenAI's, with an activation of its own.
_OPENAI: Final = 1024

# What CLIP was trained to see: red, green and blue with these means and deviations.
_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, slots=True)
class PictureReader:
    """What the handles of networks that read pictures have in common.

    Args:
        family: Id of the model family that they speak to, such as "sdxl".
        weights: Their own weights, one file.
        encoder: Weights of the image encoder, a folder or a file.
    """

    kind: ClassVar[str]
    """Tells the keys of one kind of handle from those of others."""

    family: str
    weights: Weights
    encoder: Weights

    @property
    def key(self) -> str:
        """Return a digest of all that decides what a picture says; the same in every process."""
        sources = (self.weights.source, self.encoder.source, self.weights.dtype)
        return key_of(self.kind, self.family, *sources, *self.details)

    @property
    def details(self) -> tuple[str, ...]:
        """Return what else decides it."""
        return ()


def encoder_config(path: Path) -> Mapping[str, object]:
    """Read what an image encoder is like, by the names of transformers.

    Args:
        path: A folder with a `config.json`, of an image encoder or of one beside a text encoder; or a file.

    Returns:
        Its options; `kind` says whether it is "clip" or "siglip".

    Raises:
        CheckpointUnknownError: The file holds no image encoder of a published size.
        ModelError: It cannot be read.
    """
    if path.is_dir():
        return _of_folder(read_json(path / "config.json"))
    shapes = {name: info.shape for name, info in read_header(path).tensors.items()}
    found = _of_shapes(shapes)
    if not found:
        examples = ", ".join(sorted(shapes)[:3]) or "none"
        raise CheckpointUnknownError(
            path=path,
            seen=f"{len(shapes)} tensors ({examples})",
            tried=["CLIP and SigLIP: it has none of their layers, or of an unpublished size"],
        )
    return found


def encoder_part(kind: EncoderKind, name: str) -> ModulePart:
    """Describe the image encoder in a folder of a name, or in a file.

    Args:
        kind: Which. SigLIP comes without the layers that sum a picture up.
        name: Of the folder.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        import transformers

        options = {**_of_folder(config), "vision_use_head": False}
        model = (
            transformers.SiglipVisionModel if kind == "siglip" else transformers.CLIPVisionModelWithProjection
        )
        return cast("nn.Module", model(model.config_class.from_dict(options)))

    def rename(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        # Both have a level for what sees, but for SigLIP in transformers since 5.6.
        level = _SEEING if hasattr(module, "vision_model") else ""
        plain = {key.removeprefix(_SEEING): tensor for key, tensor in tensors.items()}
        return {key if key.startswith("visual_") else level + key: tensor for key, tensor in plain.items()}

    return ModulePart(
        name,
        build,
        rename,
        prefixes=("",),
        convert=rename,
        half="bfloat16" if kind == "siglip" else "float16",
        fit=_of_shapes,
    )


def encoder_files(path: Path) -> Checkpoint:
    """Return access to the files of an image encoder, whose own folder is a part of the one above."""
    return CheckpointFolder(path.parent) if path.is_dir() else _EncoderFile(path, path.parent)


def encoder_digest(path: Path, memory: DigestMemory) -> str:
    """Return the digest of an image encoder's files, whatever they are called."""
    if not path.is_dir():
        return memory.file(path)
    return memory.files({file.name: file for file in (*component_files(path), path / "config.json")})


def as_clip_sees(image: Image, size: int) -> Tensor:
    """Return the middle of pictures at the size of an encoder, with CLIP's colours.

    Args:
        image: Pictures; transparency shows black.
        size: Sides of what is seen, in pixels.

    Returns:
        Float tensor [B, 3, size, size].
    """
    pixels = _opaque(image)
    width, height = size_covering(pixels.shape[2], pixels.shape[1], least_width=size, least_height=size)
    pixels = resize_pixels(pixels, width=width, height=height, method="bicubic")
    square = middle_of(pixels, width=size, height=size)
    normal = (square - square.new_tensor(_MEAN)) / square.new_tensor(_DEVIATION)
    return normal.movedim(-1, 1)


def as_siglip_sees(image: Image, size: int) -> Tensor:
    """Return pictures squeezed to the square that an encoder sees, in -1..1; see `as_clip_sees`."""
    square_BHWC = resize_pixels(_opaque(image), width=size, height=size, method="bicubic")
    return (square_BHWC * 2 - 1).movedim(-1, 1)


def side_seen(encoder: nn.Module) -> int:
    """Return the sides of what an image encoder sees, in pixels."""
    return int(cast("Any", encoder).config.image_size)


@dataclass(frozen=True, slots=True)
class _EncoderFile(CheckpointFile):
    """An image encoder in a file of its own, which shows all of its configuration."""

    def config(self, part: str, file: str = "config.json") -> dict[str, object]:  # noqa: ARG002
        return {}


def _opaque(image: Image) -> Tensor:
    pixels_BHWC = image.pixels_BHWC
    return pixels_BHWC[..., :3] * pixels_BHWC[..., 3:] if pixels_BHWC.shape[-1] == 4 else pixels_BHWC


def _of_folder(config: Mapping[str, object]) -> dict[str, object]:
    """Return the options of what sees, of a configuration that may be for what reads too."""
    inner = config.get("vision_config")
    projected = {"projection_dim": config["projection_dim"]} if "projection_dim" in config else {}
    options = {**projected, **inner} if isinstance(inner, dict) else dict(config)
    kind = "siglip" if str(config.get("model_type", "")).startswith("siglip") else "clip"
    return {"kind": kind, **options}


def _of_shapes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, object]:
    """Return the options that the tensors of a file show; empty if they are no published image encoder's."""
    own = {name.removeprefix(_SEEING): shape for name, shape in shapes.items()}
    patches, positions = own.get(_PATCHES, ()), own.get(_POSITIONS, ())
    feed = own.get("encoder.layers.0.mlp.fc1.weight", ())
    if len(patches) != 4 or len(positions) != 2 or len(feed) != 2 or patches[0] not in _HEADS:
        return {}
    is_clip, width = _CLASS in own, patches[0]
    covered = math.isqrt(positions[0] - int(is_clip)) * patches[-1]
    options: dict[str, object] = {
        "kind": "clip" if is_clip else "siglip",
        "hidden_size": width,
        "intermediate_size": feed[0],
        "num_hidden_layers": sum(
            name.endswith(".mlp.fc1.weight") for name in own if name.startswith("encoder.")
        ),
        "num_attention_heads": _HEADS[width],
        "patch_size": patches[-1],
        "image_size": _SIZES.get(covered, covered),
    }
    if is_clip:
        options["hidden_act"] = "quick_gelu" if width <= _OPENAI else "gelu"
        options["projection_dim"] = own.get("visual_projection.weight", (0,))[0]
    return options
