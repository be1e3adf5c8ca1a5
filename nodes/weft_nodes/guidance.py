"""Guidance methods: how the predictions for both prompts become one; they chain through `before`."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Literal, TypedDict

from weft.sdk import NodeError, Number, Slider, Text, Traits, node

from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.methods import (
    DynamicThreshold,
    KeptLength,
    MagnitudeAware,
    Methods,
    PerpNeg,
    PictureScale,
    Projection,
    Tangential,
    Weakening,
    ZeroStar,
)
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.models.attention_patches import (
    FreeU,
    Layers,
    PerturbedAttention,
    SkippedBlocks,
    SmoothedAttention,
)
from weft_nodes.models.guiding import Guiding
from weft_nodes.models.handles import BESIDE_TRAITS, GUIDANCE_TRAITS, MODEL_TRAITS, TRAIT_HINTS, Model

_MOST_BLOCKS = 100

# What a chain is known by: its prompts, what networks it is for, which places are taken, and whether a
# negative prompt is needed.
_CHAIN: Final[Traits] = MappingProxyType(
    {
        **GUIDANCE_TRAITS,
        **{name: f"${name}" for name in ("correction", "update", "limit")},
    }
)


class BlocksError(NodeError):
    """Numbers of blocks cannot be read."""

    code: ClassVar[str] = "blocks-unreadable"


class _Options(TypedDict):
    """What all nodes of this page tell of themselves."""

    lane: Literal["inline"]
    output: str
    accepts: Mapping[str, Traits]
    gives: Mapping[str, Traits]
    hints: Mapping[str, str]


def _chained(method: str = "", *places: str, chain: Traits = _CHAIN, **inputs: Traits) -> _Options:
    """Describe a method that takes places of the chain, which must still be free, and its other inputs."""
    taken = {**dict.fromkeys(places, method), "negative": "needed"} if places else {}
    return {
        "lane": "inline",
        "output": "guidance",
        "accepts": {"before": {**chain, **dict.fromkeys(places, "free")}, **inputs},
        "gives": {"guidance": {**chain, **taken}},
        "hints": TRAIT_HINTS,
    }


def _weakening(**networks: str) -> _Options:
    """Describe a method that weakens networks, and for which of them it is."""
    return _chained(chain={**_CHAIN, **networks})


@node("guidance.interval", **_chained())
def limit_to_interval(
    *,
    start: Annotated[float, Slider(0, 1)] = 0.0,
    end: Annotated[float, Slider(0, 1)] = 1.0,
    before: Guiding | None = None,
) -> Guiding:
    """Guide in a part of the steps only; leaving out the first ones keeps variety, the last ones save time.

    Kynkäänniemi et al. 2024, "Applying guidance in a limited interval" (arXiv 2404.07724). Outside the
    interval the positive prompt alone counts, and a step costs half.

    Args:
        start: Share of the steps after which guidance begins, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        JobError: `start` lies behind `end`.
    """
    if start > end:
        raise JobError(f"Guidance begins at {start} and ends at {end}.", hint="Let it begin before it ends.")
    return replace(before or Guiding(), start=start, end=end)


@node("guidance.apg", **_chained("apg", "update"))
def use_projection(
    *,
    eta: Annotated[float, Slider(0, 1)] = 0.0,
    threshold: Annotated[float, Slider(0, 100, step=0.5)] = 15.0,
    momentum: Annotated[float, Slider(-0.9, 0.9)] = -0.5,
    before: Guiding | None = None,
) -> Guiding:
    """Guide strongly without glaring colours: adaptive projected guidance (APG).

    Sadat et al. 2024, arXiv 2410.02416, algorithm 1. Of the difference between the predictions, the part
    along the positive one is damped, since it only saturates; long differences are shortened.

    Args:
        eta: How much is kept of the part that saturates, 0 (nothing) .. 1 (all of it).
        threshold: Longest difference, as a norm over the latent, 0..100; 0 sets no limit. Larger latents
            want more.
        momentum: Share of the last steps' differences that is added, -0.9..0.9; below 0 it is taken away.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it joins the predictions.
    """
    return (before or Guiding()).and_also(Methods(update=Projection(eta, threshold, momentum)))


@node("guidance.cfg_zero", **_chained("cfg_zero", "correction"))
def use_zero_star(
    zero_steps: Annotated[int, Number(0, 100)] = 1, *, before: Guiding | None = None
) -> Guiding:
    """Fit the negative prediction to the positive one, and leave out the first steps (CFG-Zero*).

    Fan et al. 2025, arXiv 2503.18886; made for models with rectified flow, such as Stable Diffusion 3. The
    negative prediction n is replaced by s n with s = <p, n> / <n, n>.

    Args:
        zero_steps: First steps in which nothing is predicted, 0..100; the paper takes one or two.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it changes the negative prediction.
    """
    return (before or Guiding()).and_also(Methods(correction=ZeroStar(zero_steps)))


@node("guidance.tangential", **_chained("tangential", "correction"))
def use_tangential(before: Guiding | None = None) -> Guiding:
    """Drop from the negative prediction what does not belong to the positive one (TCFG).

    Tangential damping, arXiv 2503.18137: of the negative prediction only the part along the direction that
    both predictions share most is kept.

    Args:
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it changes the negative prediction.
    """
    return (before or Guiding()).and_also(Methods(correction=Tangential()))


@node("guidance.magnitude_aware", **_chained("magnitude_aware", "update"))
def use_magnitude(
    alpha: Annotated[float, Slider(0, 20, step=0.5)] = 8.0, *, before: Guiding | None = None
) -> Guiding:
    """Guide less where the predictions differ much, as they do in the first steps (MAMBO-G).

    arXiv 2508.03442: the scale w becomes 1 + (w - 1) exp(-alpha |p - n| / |n|).

    Args:
        alpha: How fast the scale falls with the difference, 0..20; 0 is plain guidance.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it joins the predictions.
    """
    return (before or Guiding()).and_also(Methods(update=MagnitudeAware(alpha)))


@node("guidance.perp_neg", **_chained("perp_neg", "update", "correction", neutral=BESIDE_TRAITS))
def use_perp_neg(
    neutral: Conditioning,
    strength: Annotated[float, Slider(0, 5)] = 1.0,
    *,
    before: Guiding | None = None,
) -> Guiding:
    """Let a negative prompt take away only what the positive one does not ask for (Perp-Neg).

    Armandpour et al. 2023, arXiv 2304.04968. Both prompts are measured from a neutral one, and of the
    negative direction only the part at a right angle to the positive one counts. A step costs half as much
    again.

    Args:
        neutral: The prompt that says nothing: an empty text.
        strength: Weight of the negative prompt, 0..5.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it joins the predictions or changes the negative one.
    """
    return (before or Guiding()).and_also(Methods(update=PerpNeg(neutral, strength)))


@node("guidance.picture", **_chained("picture", "update", chain={**_CHAIN, "sights": "some"}))
def use_picture_scale(
    picture_scale: Annotated[float, Slider(0, 10, step=0.1)] = 1.5, *, before: Guiding | None = None
) -> Guiding:
    """Say how closely the picture is kept that a model changes by instruction, such as InstructPix2Pix.

    Brooks et al. 2023, arXiv 2211.09800, equation 3: beside the guidance scale, which moves towards what the
    prompt says, this one moves towards the picture that prompt.picture or prompt.reference shows. It needs a
    negative prompt, which may be empty. A step costs half as much again.

    Args:
        picture_scale: How closely the picture is kept, 0..10; 1 to 2 is usual.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it joins the predictions.
    """
    return (before or Guiding()).and_also(Methods(update=PictureScale(picture_scale)))


@node("guidance.dynamic_threshold", **_chained("dynamic_threshold", "limit"))
def use_threshold(
    mimic_scale: Annotated[float, Slider(0, 30, step=0.1)] = 7.0,
    percentile: Annotated[float, Slider(0.5, 1, step=0.001)] = 0.995,
    *,
    before: Guiding | None = None,
) -> Guiding:
    """Use a high guidance scale with the range of colours of a lower one (dynamic thresholding).

    Saharia et al. 2022, arXiv 2205.11487, section 2.3, for latents: what lies beyond the percentile is cut,
    and the rest is scaled to the range that the lower scale gives, channel by channel.

    Args:
        mimic_scale: The lower guidance scale whose range is taken, 0..30.
        percentile: Share of the values that is not cut, 0.5..1.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it limits the result.
    """
    return (before or Guiding()).and_also(Methods(limit=DynamicThreshold(mimic_scale, percentile)))


@node("guidance.keep_length", **_chained("keep_length", "limit"))
def use_kept_length(
    strength: Annotated[float, Slider(0.05, 2)] = 1.0, *, before: Guiding | None = None
) -> Guiding:
    """Guide strongly without glaring colours: no place of the latent gets longer than without guidance.

    As Qwen-Image is sampled, for any model: where guidance makes the channels of a place longer, taken as a
    vector, than they are in the positive prediction, they are shortened to that length.

    Args:
        strength: Factor on the result, 0.05..2; 1 changes nothing else, less takes contrast away.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        GuidanceClashError: Another method before it limits the result.
    """
    return (before or Guiding()).and_also(Methods(limit=KeptLength(strength)))


@node("guidance.perturbed_attention", **_weakening(attention="self"))
def use_perturbed_attention(
    scale: Annotated[float, Slider(0, 10, step=0.1)] = 3.0,
    layers: Layers = "middle",
    *,
    start: Annotated[float, Slider(0, 1)] = 0.0,
    end: Annotated[float, Slider(0, 1)] = 1.0,
    before: Guiding | None = None,
) -> Guiding:
    """Guide away from a network whose places do not see each other (PAG); it needs no negative prompt.

    Ahn et al. 2024, arXiv 2403.17377: scale times the difference to the prediction of a network with
    perturbed self-attention is added. For U-Nets, transformers that read text apart from the picture, and
    Stable Diffusion 3. A step costs one more prediction.

    Args:
        scale: How far to go, 0..10.
        layers: Which layers are perturbed: those in the middle, as in the paper, or all.
        start: Share of the steps after which it begins, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        JobError: `start` lies behind `end`.
    """
    weakening = Weakening(scale, start, end)
    return (before or Guiding()).and_away_from(PerturbedAttention(layers), weakening)


@node("guidance.smoothed_energy", **_weakening(attention="self"))
def use_smoothed_energy(
    scale: Annotated[float, Slider(0, 10, step=0.1)] = 3.0,
    layers: Layers = "middle",
    *,
    start: Annotated[float, Slider(0, 1)] = 0.0,
    end: Annotated[float, Slider(0, 1)] = 1.0,
    before: Guiding | None = None,
) -> Guiding:
    """Guide away from a network whose places all look at the same (SEG); it needs no negative prompt.

    Hong 2024, arXiv 2408.00760, with an infinitely wide blur: scale times the difference to the prediction of
    a network with averaged queries is added. For the models that perturbed attention is for, with less side
    effects. A step costs one more prediction.

    Args:
        scale: How far to go, 0..10.
        layers: Which layers are smoothed: those in the middle, as in the paper, or all.
        start: Share of the steps after which it begins, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        JobError: `start` lies behind `end`.
    """
    weakening = Weakening(scale, start, end)
    return (before or Guiding()).and_away_from(SmoothedAttention(layers), weakening)


@node("guidance.skip_layers", **_weakening(network="transformer", layers="skipped"))
def use_layer_skipping(
    scale: Annotated[float, Slider(0, 10, step=0.1)] = 2.8,
    blocks: Annotated[str, Text(placeholder="7, 8, 9")] = "7, 8, 9",
    *,
    start: Annotated[float, Slider(0, 1)] = 0.01,
    end: Annotated[float, Slider(0, 1)] = 0.2,
    before: Guiding | None = None,
) -> Guiding:
    """Guide away from a transformer that lacks some blocks (SLG): better hands and bodies.

    As published with Stable Diffusion 3.5: scale times the difference to the prediction of a network without
    the blocks is added. For Stable Diffusion 3, FLUX.1 and PixArt-Sigma; not together with step caches that
    leave out blocks themselves. A step costs one more prediction.

    Args:
        scale: How far to go, 0..10.
        blocks: Numbers of the blocks to leave out, from 0, with commas between them; 7, 8, 9 are for the
            medium model of Stable Diffusion 3.5.
        start: Share of the steps after which it begins, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
        before: Methods to use as well.

    Returns:
        Guidance for a sampling node.

    Raises:
        BlocksError: The text is no list of numbers.
        JobError: `start` lies behind `end`.
    """
    words = [word.strip() for word in blocks.split(",") if word.strip()]
    if not words or not all(word.isdecimal() and int(word) < _MOST_BLOCKS for word in words):
        raise BlocksError(
            f'The blocks "{blocks}" are no list of numbers from 0 to {_MOST_BLOCKS - 1}.',
            hint="Write numbers with commas between them, such as 7, 8, 9.",
        )
    patch = SkippedBlocks(tuple(sorted({int(word) for word in words})))
    return (before or Guiding()).and_away_from(patch, Weakening(scale, start, end))


@node(
    "model.freeu",
    lane="inline",
    accepts={"model": {**MODEL_TRAITS, "network": "unet"}},
    gives={"model": {**MODEL_TRAITS, "network": "unet"}},
    hints=TRAIT_HINTS,
)
def apply_freeu(
    model: Model,
    *,
    backbone_1: Annotated[float, Slider(0.1, 2)] = 1.5,
    backbone_2: Annotated[float, Slider(0.1, 2)] = 1.6,
    skip_1: Annotated[float, Slider(0.1, 2)] = 0.9,
    skip_2: Annotated[float, Slider(0.1, 2)] = 0.2,
) -> Model:
    """Weigh the inner parts of a U-Net anew: more structure, less noise, at no cost (FreeU).

    Si et al. 2023, arXiv 2309.11497; the defaults are its authors' for Stable Diffusion 1.5. For U-Nets.

    Args:
        model: The model to change.
        backbone_1: Factor on the backbone in the first stage of the decoder, 0.1..2; 1 changes nothing.
        backbone_2: Factor on the backbone in its second stage, 0.1..2.
        skip_1: Factor on the coarse parts of the skip connections in the first stage, 0.1..2.
        skip_2: Factor on the coarse parts of the skip connections in the second stage, 0.1..2.

    Returns:
        The changed model.
    """
    return model.with_patches(FreeU((backbone_1, backbone_2), (skip_1, skip_2)))
