"""Pictures as prompts: IP-Adapters and style models, and text encoders that see what words speak of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import torch
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
    Text,
    listing,
    node,
)

from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, ImagePrompt
from weft_nodes.families.image_prompts import FOLDER as ADAPTERS
from weft_nodes.families.image_prompts import adapter_traits, list_adapters, open_adapter
from weft_nodes.families.prompting import encode_text
from weft_nodes.families.registry import ModelStore
from weft_nodes.families.styles import FOLDER as STYLES
from weft_nodes.families.styles import list_styles, open_style, style_traits, with_style
from weft_nodes.models.blocks import block_strengths
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.handles import PROMPT_TRAITS, TextEncoder
from weft_nodes.models.image_prompts import ImageAdapter
from weft_nodes.models.seeing import EditVersion, Shown
from weft_nodes.models.styles import StyleModel
from weft_nodes.models.wording import Weighting


@listing("ip_adapter")
def image_adapters_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the IP-Adapters in the `ip_adapter` folders of the models folders, with their family.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for what cannot be read.
    """
    return {name: adapter_traits(path) for name, path in list_adapters(paths.models).items()}


def _digest_of(
    open_handle: Callable[[str, Sequence[Path], DigestMemory], ImageAdapter | StyleModel],
    name: str,
    paths: Paths,
) -> str:
    try:
        found = open_handle(name, paths.models, DigestMemory.of(paths))
    except ModelError as error:
        return error.code
    return f"{found.weights.path} {found.encoder.path} {found.key}"


def _digest_of_adapter(run: FingerprintScope, ip_adapter: str) -> str:
    """Tell adapters apart by content and by place, which handles carry; or by what is wrong."""
    return _digest_of(open_adapter, ip_adapter, run.paths)


@node(
    "ipadapter.load",
    title="Load IP-Adapter",
    lane="io",
    output="adapter",
    fingerprint=_digest_of_adapter,
    gives={"adapter": {"family": Listed("ip_adapter", "family")}},
)
def load_image_adapter(
    run: Run, ip_adapter: Annotated[str, ModelFile("ip_adapter", (ADAPTERS,))]
) -> ImageAdapter:
    """Load an IP-Adapter: layers by which a model reads a picture as it reads words.

    Adapters for Stable Diffusion 1.x and XL are read (base, plus, and full face), for Stable Diffusion 3.5,
    and those for FLUX.1 that read CLIP; those that need faces found by another program are refused.

    Args:
        run: The run this is part of.
        ip_adapter: Name of a .safetensors file in the `ip_adapter` folder of a models folder. The image
            encoder it was trained with is a folder in the same place, such as `image_encoder`, or a folder or
            a .safetensors file in `clip_vision`: CLIP, and SigLIP for Stable Diffusion 3.5.

    Returns:
        The adapter. Its weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no adapter of that name, or its image encoder is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: It is for no model family that is known here.
    """
    found = open_adapter(ip_adapter, run.paths.models, DigestMemory.of(run.paths))
    run.note_file(ip_adapter, found.weights.source)
    return found


@node(
    "ipadapter.apply",
    title="Apply IP-Adapter",
    lane="device",
    output="conditioning",
    accepts={"conditioning": PROMPT_TRAITS, "adapter": {"family": "$family"}},
    gives={"conditioning": PROMPT_TRAITS},
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
    blocks: str = "",
) -> Conditioning:
    """Let a prompt say what a picture shows: its subject, style and colours.

    Apply it to the positive prompt: a negative prompt without pictures of its own reads what the adapter says
    of no picture, as it was trained. Several pictures with strengths of their own follow one another; several
    at one strength are one batch of pictures. The model needs no change of its own.

    Args:
        run: The run this is part of.
        conditioning: The prompt, whose words may be empty.
        adapter: The adapter.
        image: What to read; of each picture the largest square in the middle is seen. For Stable Diffusion
            3.5 each is squeezed to a square, so cut it before if that matters.
        mask: Where the picture counts: one mask of any size, stretched over the result; without it
            everywhere.
        strength: How much the picture counts beside the words, 0 (not at all) .. 2; 1 as trained.
        start: Share of the steps after which it begins to count, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
        blocks: Factors on the strength in single blocks of the model; of several that fit a layer the last
            one counts. With "*=0, up_blocks.0.attentions.1=1" a model of SDXL takes the style alone.

    Returns:
        The prompt with the picture.

    Raises:
        ConditioningError: There are several masks, or `end` lies before `start`.
        BlockStrengthsError: `blocks` cannot be read.
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
    factors = block_strengths(blocks)
    if strength == 0:
        return conditioning
    tokens_1TD, empty_1TD = run.service(ModelStore).read_pictures(adapter, image)
    return conditioning.controlled_by(
        ImagePrompt(
            replace(adapter, blocks=factors),
            tokens_1TD,
            empty_1TD,
            strength=strength,
            start=start,
            end=end,
            mask_hw=None if mask is None else mask.values_BHW[0],
        )
    )


@listing("style_model")
def style_models_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the style models in the `style_models` folders of the models folders, with their family.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers; empty for what cannot be read.
    """
    return {name: style_traits(path) for name, path in list_styles(paths.models).items()}


def _digest_of_style(run: FingerprintScope, style_model: str) -> str:
    """Tell style models apart by content and by place, which handles carry; or by what is wrong."""
    return _digest_of(open_style, style_model, run.paths)


@node(
    "style.load",
    title="Load style model",
    lane="io",
    output="style",
    fingerprint=_digest_of_style,
    gives={"style": {"family": Listed("style_model", "family")}},
)
def load_style_model(
    run: Run, style_model: Annotated[str, ModelFile("style_model", (STYLES,))]
) -> StyleModel:
    """Load a style model: FLUX.1 Redux, which tells a model what a picture looks like.

    Args:
        run: The run this is part of.
        style_model: Name of a folder in the diffusers layout, or of a .safetensors file, in the
            `style_models` folder of a models folder. The image encoder of a file is a folder beside it, or a
            folder or a .safetensors file in `clip_vision`: SigLIP.

    Returns:
        The style model. Its weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no style model of that name, or its image encoder is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: It is no style model, or for no model family that is known here.
    """
    found = open_style(style_model, run.paths.models, DigestMemory.of(run.paths))
    run.note_file(style_model, found.weights.source)
    return found


@node(
    "style.apply",
    title="Apply style model",
    lane="device",
    output="conditioning",
    accepts={"conditioning": PROMPT_TRAITS, "style": {"family": "$family"}},
    gives={"conditioning": PROMPT_TRAITS},
)
def apply_style(
    run: Run,
    conditioning: Conditioning,
    style: StyleModel,
    image: Image,
    *,
    strength: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
    several: Literal["behind", "mixed"] = "behind",
    words: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
    pooled: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
) -> Conditioning:
    """Let a prompt look like a picture: its variations, or its style in what the words say.

    The picture is read behind the words. At full strength it counts far more than they do; let it count less
    for what they say to show. Several of these nodes add up.

    Args:
        run: The run this is part of.
        conditioning: The prompt, whose words may be empty.
        style: The style model.
        image: What to read; each picture is squeezed to a square, so cut it before if that matters.
        strength: Factor of what the pictures say, 0 (silence) .. 2; 1 as trained.
        several: behind: several pictures are read one behind the other; mixed: as their mean, which costs no
            more than one.
        words: Factor of what the words say, 0 (silence) .. 2; 1 as trained.
        pooled: Factor of the summary of the words by which a model is told as well, 0 (silence) .. 2.

    Returns:
        The prompt with the pictures.

    Raises:
        ConditioningError: The prompt is for a model of another family or size.
        ModelError: The weights of the style model or of its image encoder cannot be read.
    """
    tokens_BTD = run.service(ModelStore).read_style(style, image)
    tokens_1TD = (
        tokens_BTD.mean(dim=0, keepdim=True) if several == "mixed" else tokens_BTD.flatten(0, 1)[None]
    )
    return with_style(conditioning, tokens_1TD * strength, family=style.family, words=words, pooled=pooled)


@node(
    "prompt.encode_edit",
    title="Encode edit instruction",
    lane="device",
    output="conditioning",
    # The only family whose text encoder sees.
    accepts={"encoder": {"family": "qwen-image"}},
    gives={"conditioning": {"family": "qwen-image"}},
)
def encode_edit(
    run: Run,
    encoder: TextEncoder,
    image: Image,
    second: Image | None,
    third: Image | None,
    text: Annotated[
        str,
        Text(
            multiline=True,
            placeholder="make the circle blue",
            brackets="()[]",
            literal_where="weighting=off",
        ),
    ] = "",
    *,
    version: EditVersion = "2509",
    weighting: Weighting = "interpolate",
) -> Conditioning:
    """Turn an instruction and the pictures it speaks of into what an editing model reads (Qwen-Image-Edit).

    The text encoder sees the pictures at a reduced size, to know what is meant; show them to the model itself
    with prompt.reference behind this node. Encode the negative prompt with the same pictures.

    Args:
        run: The run this is part of.
        encoder: The text encoder of an editing model.
        image: What to edit; a batch is several pictures.
        second: More pictures.
        third: More pictures.
        text: What to do, in the syntax of prompt.encode; pictures are called Picture 1, Picture 2 and so on.
        version: 2509: Qwen-Image-Edit of September 2025 and later, which was trained with up to three
            pictures; first: the model before, which was trained with one.
        weighting: How weights of words count, as in prompt.encode.

    Returns:
        The prompt, applying everywhere and during all steps; several where words change on the way.

    Raises:
        PromptUnreadableError: Brackets do not pair, or a number is out of bounds.
        ConditioningError: The text encoder cannot be shown pictures, or not so many.
        ModelError: The weights of the encoder cannot be read.
    """
    batches = [batch.pixels_BHWC for batch in (image, second, third) if batch is not None]
    pictures = tuple(Image(single) for batch in batches for single in torch.split(batch, 1))
    return encode_text(run, encoder, text, weighting=weighting, shown=Shown(pictures, version))
