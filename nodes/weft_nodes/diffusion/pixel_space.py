"""The noise space of networks that denoise pictures themselves, where diffusion began.

Their values lie in -1..1, so a denoised picture is kept in there at every step. And their makers chose with
which variance the steps of the process are drawn back (Ho et al. 2020, section 3.2).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from weft_nodes.diffusion.betas import number
from weft_nodes.diffusion.spaces import DiffusionSpace

# The schedulers of diffusers that clip what was denoised, unless they are told not to.
_CLIPPING = ("DDPM", "DDIM")


@dataclass(frozen=True, slots=True)
class PixelSpace(DiffusionSpace):
    """A diffusion space of pictures.

    Args:
        bound: Largest absolute value of a denoised picture; infinite where nothing is clipped.
        is_drawn_widely: Whether steps are drawn back with the variance by which the process widens, `beta`,
            and not with that of its posterior, `beta~`.
    """

    bound: float = 1.0
    is_drawn_widely: bool = False

    @classmethod
    def from_scheduler_config(cls, config: Mapping[str, object]) -> "PixelSpace":
        """Read a diffusers `scheduler_config.json` of the DDPM kind; see `DiffusionSpace`."""
        plain = DiffusionSpace.from_scheduler_config(config)
        is_clipped = str(config.get("_class_name", "")).startswith(_CLIPPING) and config.get(
            "clip_sample", True
        )
        return cls(
            plain.sigmas,
            plain.prediction,
            plain.steps_offset,
            plain.initial,
            bound=number(config, "clip_sample_range", 1.0) if is_clipped else math.inf,
            is_drawn_widely=str(config.get("variance_type", "")).startswith("fixed_large"),
        )

    def to_denoised(self, output: Tensor, x: Tensor, sigma: float) -> Tensor:
        """Turn the raw output into the denoised picture."""
        # A dataclass with slots is made anew, so that `super()` would not know it.
        return DiffusionSpace.to_denoised(self, output, x, sigma).clamp(-self.bound, self.bound)

    def drawn(self, posterior: float, sigma: float, target: float) -> float:
        """Return the standard deviation of the noise with which a step is drawn back.

        Args:
            posterior: That of the posterior.
            sigma: Noise level before the step.
            target: Noise level behind it, 0 < target < sigma.
        """
        if not self.is_drawn_widely:
            return posterior
        power = target * target + 1.0
        return math.sqrt((1.0 - power / (sigma * sigma + 1.0)) * power)
