"""Changes to how a network computes, which need no file: caches between steps, seamless edges, and speed."""

from types import MappingProxyType
from typing import Annotated, Final, NamedTuple

from weft.sdk import Number, Slider, Traits, node

from weft_nodes.models.execution import AttentionKernel, CompiledBlocks, Kernel
from weft_nodes.models.handles import MODEL_TRAITS, TRAIT_HINTS, Model, Vae
from weft_nodes.models.patches import DENOISER
from weft_nodes.models.seamless import VAE, Seamless
from weft_nodes.models.step_caches import CacheKind, StepCache
from weft_nodes.models.token_merging import TokenMerging

_TRANSFORMER: Final[Traits] = MappingProxyType({**MODEL_TRAITS, "network": "transformer"})
# A step cache remembers a picture seen whole, and there is one at most.
_UNCACHED: Final[Traits] = MappingProxyType({**_TRANSFORMER, "edges": "whole", "step_cache": "all layers"})
# No second one asks how this one computes.
_CACHED: Final[Traits] = MappingProxyType(
    {name: value for name, value in _UNCACHED.items() if name != "lite"} | {"step_cache": "used"}
)
# These leave out blocks, so that controls cannot add behind them, and must know each of them.
_SKIPPING: Final[Traits] = MappingProxyType({**_CACHED, "blocks": "skipped", "layers": "remembered"})
_TAYLOR: Final[Traits] = MappingProxyType({**_UNCACHED, "step_cache": "last layer", "lite": "$lite"})
_SELECTABLE: Final[Traits] = MappingProxyType({**_TRANSFORMER, "execution": "free"})
_COMPILABLE: Final[Traits] = MappingProxyType({**MODEL_TRAITS, "execution": "free"})
_SEAMLESS: Final[Traits] = MappingProxyType({**MODEL_TRAITS, "edges": "seamless"})
_UNET: Final[Traits] = MappingProxyType({**MODEL_TRAITS, "network": "unet"})


class SeamlessParts(NamedTuple):
    """A model and an autoencoder whose pictures continue at the opposite edge.

    Attributes:
        model: The model with the change.
        vae: The autoencoder with the change.
    """

    model: Model
    vae: Vae


@node(
    "model.first_block_cache",
    lane="inline",
    accepts={"model": _UNCACHED},
    gives={"model": _SKIPPING},
    hints=TRAIT_HINTS,
)
def cache_by_first_block(
    model: Model, *, threshold: Annotated[float, Slider(0, 1, step=0.01)] = 0.1
) -> Model:
    """Skip most of a transformer at steps where its first block says nothing new ("first block cache").

    After ParaAttention by Chengzeyi. For FLUX.1 and Qwen-Image; not together with control networks, which add
    behind blocks that are skipped. Jobs with a cache are not batched with others.

    Args:
        model: The model to change.
        threshold: Largest relative change of the first block's answer that counts as none, 0..1; 0 never
            skips.

    Returns:
        The changed model.
    """
    return model.with_patches(StepCache("first_block", threshold=threshold))


@node(
    "model.magnitude_cache",
    lane="inline",
    accepts={"model": {**_UNCACHED, "family": "flux"}},
    gives={"model": {**_SKIPPING, "family": "flux"}},
    hints=TRAIT_HINTS,
)
def cache_by_magnitude(
    model: Model,
    *,
    threshold: Annotated[float, Slider(0, 1, step=0.01)] = 0.06,
    most_skipped: Annotated[int, Number(1, 20)] = 3,
    warmup: Annotated[float, Slider(0, 1)] = 0.2,
) -> Model:
    """Skip all blocks of FLUX.1 at steps that are known to change little ("MagCache").

    Ma et al. 2025, arXiv 2506.09045. How much a step changes was measured once, on FLUX.1. Not together with
    control networks, which add behind blocks that are skipped. Jobs with a cache are not batched with others.

    Args:
        model: The model to change.
        threshold: Largest error that may add up before a step is computed, 0..1.
        most_skipped: Steps that may be skipped one after the other, 1..20.
        warmup: Share of the steps at the beginning that is always computed, 0..1.

    Returns:
        The changed model.
    """
    return model.with_patches(
        StepCache("magnitude", threshold=threshold, interval=most_skipped, warmup=warmup)
    )


@node(
    "model.taylor_cache",
    lane="inline",
    accepts={"model": _TAYLOR, "lite": {"lite": "$lite"}},
    gives={"model": {**_CACHED, "blocks": "whole"}},
    hints=TRAIT_HINTS,
)
def cache_by_taylor(
    model: Model,
    *,
    predicted: Annotated[int, Number(1, 20)] = 4,
    warmup: Annotated[int, Number(1, 100)] = 3,
    order: Annotated[int, Number(0, 4)] = 1,
    lite: bool = False,
) -> Model:
    """Predict what layers will say at the next steps from what they said at the last ("TaylorSeer").

    Liu et al. 2025, arXiv 2503.06923. For FLUX.1 and Qwen-Image, and lite for Chroma too. Jobs with a cache
    are not batched with others.

    Args:
        model: The model to change.
        predicted: Steps that are predicted after each that is computed, 1..20.
        warmup: Steps at the beginning that are always computed, 1..100.
        order: Order of the series, 0..4; 0 repeats the last answer.
        lite: Predict the last layer alone, which saves the most time and memory, and not each attention.

    Returns:
        The changed model.
    """
    kind: CacheKind = "taylor_lite" if lite else "taylor"
    return model.with_patches(StepCache(kind, interval=predicted, warmup=warmup, order=order))


@node(
    "model.seamless",
    lane="inline",
    accepts={"model": _SEAMLESS, "vae": {"space": "$space"}},
    gives={"model": _SEAMLESS, "vae": {"space": "$space", "edges": "seamless"}},
    hints=TRAIT_HINTS,
)
def make_seamless(model: Model, vae: Vae, *, across: bool = True, down: bool = True) -> SeamlessParts:
    """Make pictures that continue at the opposite edge, for textures that repeat.

    Sample with the model and decode with the autoencoder given here, in one piece. For U-Nets.

    Args:
        model: The model to change.
        vae: The autoencoder of the checkpoint.
        across: Whether left and right edges meet.
        down: Whether upper and lower edges meet.

    Returns:
        The changed model and autoencoder.
    """
    return SeamlessParts(
        model.with_patches(Seamless(across, down, DENOISER)), vae.with_patches(Seamless(across, down, VAE))
    )


@node(
    "model.merge_tokens", lane="inline", accepts={"model": _UNET}, gives={"model": _UNET}, hints=TRAIT_HINTS
)
def merge_tokens(
    model: Model,
    *,
    ratio: Annotated[float, Slider(0, 0.75)] = 0.5,
    levels: Annotated[int, Number(1, 4)] = 1,
) -> Model:
    """Let places that say the same attend as one, which saves time in large pictures ("token merging").

    Bolya and Hoffman 2023, arXiv 2303.17604. For U-Nets. Details become a little coarser.

    Args:
        model: The model to change.
        ratio: Share of the places that are merged away, 0..0.75.
        levels: In how many levels of the U-Net, from the finest with attention on, 1..4.

    Returns:
        The changed model.
    """
    return model.with_patches(TokenMerging(ratio, levels))


@node(
    "model.attention",
    lane="inline",
    accepts={"model": _SELECTABLE},
    gives={"model": _SELECTABLE},
    hints=TRAIT_HINTS,
)
def choose_attention(model: Model, kernel: Kernel = "native") -> Model:
    """Choose the kernel by which attention is computed; pictures differ by rounding alone.

    For transformers such as FLUX.1 and Qwen-Image. Other models of the same checkpoint keep theirs.

    Args:
        model: The model to change.
        kernel: native lets torch choose; math, memory_efficient and cudnn are torch's own; flash, flash_3,
            sage and xformers are packages of their own; flex is compiled.

    Returns:
        The changed model.
    """
    return model.with_patches(AttentionKernel(kernel))


@node(
    "model.compile",
    lane="inline",
    accepts={"model": _COMPILABLE},
    gives={"model": _COMPILABLE},
    hints=TRAIT_HINTS,
)
def compile_model(model: Model) -> Model:
    """Compile the blocks that repeat in a network: the first step takes minutes, all others less time.

    Variants of a checkpoint share what was compiled. Where there is no compiler the sampling fails and says
    so.

    Args:
        model: The model to change.

    Returns:
        The changed model.
    """
    return model.with_patches(CompiledBlocks())
