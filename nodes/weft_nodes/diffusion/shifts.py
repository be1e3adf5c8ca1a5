"""Noise levels that follow the size of the picture: large pictures need more noise to hide what they show.

Esser et al. 2024 ("Scaling Rectified Flow Transformers"), section 5.3.2. Schedulers of this kind leave the
shift of their flow open, and every picture fixes it by the number of tokens the network reads of it.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from weft_nodes.diffusion.betas import number
from weft_nodes.diffusion.spaces import FlowSpace, Space, space_from_scheduler_config


def linear_mu(config: Mapping[str, object], tokens: int) -> float:
    """Return the `mu` of a picture, on the line through the two sizes that the configuration names.

    Args:
        config: The content of scheduler_config.json; missing keys take the defaults of diffusers' pipelines.
        tokens: Tokens of the picture.
    """
    first, last = number(config, "base_image_seq_len", 256), number(config, "max_image_seq_len", 4096)
    low, high = number(config, "base_shift", 0.5), number(config, "max_shift", 1.15)
    slope = (high - low) / (last - first)
    return tokens * slope + (low - slope * first)


def space_for_tokens(config: Mapping[str, object], tokens: int, *, mu: float | None = None) -> Space:
    """Read a scheduler configuration for a picture of a known size.

    Args:
        config: The content of scheduler_config.json.
        tokens: Tokens of the picture; without `use_dynamic_shifting` they do not matter.
        mu: Shift of families that have a rule of their own; None takes the line of `linear_mu`.

    Returns:
        The space, shifted by `exp(mu)`, or by `mu` itself where the configuration says "linear".

    Raises:
        SpaceError: The configuration describes no space that is known here.
    """
    space = space_from_scheduler_config(config)
    if not isinstance(space, FlowSpace) or not config.get("use_dynamic_shifting"):
        return space
    found = linear_mu(config, tokens) if mu is None else mu
    is_linear = config.get("time_shift_type") == "linear"
    return replace(space, shift=found if is_linear else math.exp(found))
