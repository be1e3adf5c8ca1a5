"""Changes to how a network computes, which need no file: caches between steps."""

from typing import Annotated

from weft.sdk import Number, Slider, node

from weft_nodes.models.handles import MODEL_TRAITS, Model
from weft_nodes.models.step_caches import CacheKind, StepCache

_TRANSFORMER = {**MODEL_TRAITS, "network": "transformer"}


@node(
    "model.first_block_cache",
    lane="inline",
    accepts={"model": {**_TRANSFORMER, "blocks": "whole"}},
    gives={"model": {**_TRANSFORMER, "blocks": "skipped"}},
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
    accepts={"model": {**_TRANSFORMER, "family": "flux", "blocks": "whole"}},
    gives={"model": {**_TRANSFORMER, "family": "flux", "blocks": "skipped"}},
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
    accepts={"model": {**_TRANSFORMER, "blocks": "whole"}},
    gives={"model": {**_TRANSFORMER, "blocks": "whole"}},
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
