"""Pictures as prompts: IP-Adapters, which let a model read a picture beside the words."""

from collections.abc import Mapping
from typing import Annotated

from weft.sdk import (
    FingerprintScope,
    Image,
    Listed,
    Mask,
    ModelError,
    ModelFile,
    Paths,
    Run,
    Slider,
    listing,
    node,
)

from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, ImagePrompt
from weft_nodes.families.image_prompts import adapter_traits, list_adapters, open_adapter
from weft_nodes.families.registry import ModelStore
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.image_prompts import ImageAdapter


@listing("ip_adapter")
def image_adapters_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the IP-Adapters in the `ip_adapter` folders of the models folders, with their family.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for what cannot be read.
    """
    return {name: adapter_traits(path) for name, path in list_adapters(paths.models).items()}


def _digest_of_adapter(run: FingerprintScope, ip_adapter: str) -> str:
    """Tell adapters apart by content and by place, which handles carry; or by what is wrong."""
    try:
        found = open_adapter(ip_adapter, run.paths.models, _memory(run.paths))
    except ModelError as error:
        return error.code
    return f"{found.weights.path} {found.encoder.path} {found.key}"


@node(
    "ipadapter.load",
    title="Load IP-Adapter",
    lane="io",
    output="adapter",
    fingerprint=_digest_of_adapter,
    gives={"adapter": {"family": Listed("ip_adapter", "family")}},
)
def load_image_adapter(run: Run, ip_adapter: Annotated[str, ModelFile("ip_adapter")]) -> ImageAdapter:
    """Load an IP-Adapter: layers by which a model reads a picture as it reads words.

    Adapters for Stable Diffusion 1.x and XL are read: base, plus, and full face; those that need faces found
    by another program are refused.

    Args:
        run: The run this is part of.
        ip_adapter: Name of a .safetensors file in the `ip_adapter` folder of a models folder. The image
            encoder it was trained with is a folder in the same place, such as `image_encoder`, or in
            `clip_vision`.

    Returns:
        The adapter. Its weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no adapter of that name, or its image encoder is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: It is for no model family that is known here.
    """
    found = open_adapter(ip_adapter, run.paths.models, _memory(run.paths))
    run.note_file(ip_adapter, found.weights.source)
    return found


@node(
    "ipadapter.apply",
    title="Apply IP-Adapter",
    lane="device",
    output="conditioning",
    accepts={"conditioning": {"family": "$family"}, "adapter": {"family": "$family"}},
    gives={"conditioning": {"family": "$family"}},
)
def apply_image_prompt(
    run: Run,
    conditioning: Conditioning,
    adapter: ImageAdapter,
    image: Image,
    mask: Mask | None,
    *,
    strength: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
    start: Annotated[float, Slider(0, 1)] = 0.0,
    end: Annotated[float, Slider(0, 1)] = 1.0,
) -> Conditioning:
    """Let a prompt say what a picture shows: its subject, style and colours.

    Apply it to the positive prompt: a negative prompt without pictures of its own reads what the adapter says
    of no picture, as it was trained. Several pictures with strengths of their own follow one another; several
    at one strength are one batch of pictures. The model needs no change of its own.

    Args:
        run: The run this is part of.
        conditioning: The prompt, whose words may be empty.
        adapter: The adapter.
        image: What to read; of each picture the largest square in the middle is seen.
        mask: Where the picture counts: one mask of any size, stretched over the result; without it
            everywhere.
        strength: How much the picture counts beside the words, 0 (not at all) .. 2; 1 as trained.
        start: Share of the steps after which it begins to count, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.

    Returns:
        The prompt with the picture.

    Raises:
        ConditioningError: There are several masks, or `end` lies before `start`.
        ModelError: The weights of the adapter or of its image encoder cannot be read.
    """
    if end < start:
        raise ConditioningError(
            f"A picture cannot count in the range {start}..{end}.", hint="Let the end lie behind the start."
        )
    if mask is not None and mask.values_BHW.shape[0] != 1:
        raise ConditioningError(
            f"An image prompt takes at most one mask, but there are {mask.values_BHW.shape[0]}.",
            hint="Apply one adapter after the other, or join masks with mask.combine.",
        )
    if strength == 0:
        return conditioning
    tokens_1TD, empty_1TD = run.service(ModelStore).read_pictures(adapter, image)
    return conditioning.controlled_by(
        ImagePrompt(
            adapter,
            tokens_1TD,
            empty_1TD,
            strength=strength,
            start=start,
            end=end,
            mask_hw=None if mask is None else mask.values_BHW[0],
        )
    )


def _memory(paths: Paths) -> DigestMemory:
    return DigestMemory(paths.data_dir / "digests")
