"""Guidance: how the predictions for the positive and the negative prompt become one."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.methods import Methods

_PLAIN = Methods()


@dataclass(frozen=True, slots=True)
class Guidance:
    """Classifier-free guidance (Ho & Salimans 2022, eq. 6), with rescaling and a range of steps.

    It acts on the network's raw outputs, as diffusers does; for one network and one noise level that is the
    same as acting on denoised latents, except for the rescaling, whose paper is written for raw outputs.

    Args:
        scale: How far to go from the negative towards the positive prediction. 1 ignores the negative prompt
            and costs half; 0 is the negative prediction alone.
        rescale: Share of the correction of contrast (phi in Lin et al. 2023, eq. 16), 0..1; the paper
            suggests 0.7.
        start: Share of the steps after which guidance begins, 0..1; before it only the positive prompt
            counts.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
        methods: What else is done than classifier-free guidance; `guide` does it.
        token: Side in latent pixels of the squares, all channels together, whose length in the positive
            prediction is kept; None lets guidance change it. Qwen-Image is sampled so.

    Raises:
        JobError: `rescale` or the range is out of bounds.
    """

    scale: float = 7.0
    rescale: float = 0.0
    start: float = 0.0
    end: float = 1.0
    methods: Methods = _PLAIN
    token: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.rescale <= 1.0 or not 0.0 <= self.start <= self.end <= 1.0:
            raise JobError(
                f"Guidance has rescale {self.rescale} and range {self.start}..{self.end}.",
                hint="Rescale lies in 0..1, and 0 <= start <= end <= 1.",
            )

    def is_active(self, share: float) -> bool:
        """Tell whether the negative prediction is needed at a share of the steps, 0..1."""
        has_effect = self.scale != 1.0 or self.methods.always_acts
        return has_effect and applies(self.start, self.end, share)

    def combine(self, positive: Tensor, negative: Tensor) -> Tensor:
        """Join the two predictions.

        Args:
            positive: Raw prediction for the positive prompt, batch first.
            negative: Raw prediction for the negative prompt, same shape.

        Returns:
            `plain`; with rescaling, its standard deviation per item is moved towards that of `positive` (Lin
            et al. 2023, eq. 15 and 16).
        """
        return self.rescaled(self.plain(positive, negative), positive)

    def plain(self, positive: Tensor, negative: Tensor) -> Tensor:
        """Return `negative + scale * (positive - negative)`, with the length of tokens kept if wanted."""
        guided = torch.lerp(negative, positive, self.scale)
        if self.token is None:
            return guided
        lengths = _lengths(guided, self.token).clamp_min(torch.finfo(guided.dtype).tiny)
        factor = _lengths(positive, self.token) / lengths
        return guided * factor.repeat_interleave(self.token, -1).repeat_interleave(self.token, -2)

    def rescaled(self, guided: Tensor, positive: Tensor) -> Tensor:
        """Move the standard deviation of a guided prediction, per item, towards that of the positive one."""
        if self.rescale == 0.0:
            return guided
        axes = list(range(1, positive.ndim))
        factor = positive.std(dim=axes, keepdim=True) / guided.std(dim=axes, keepdim=True)
        return torch.lerp(guided, guided * factor, self.rescale)


def _lengths(x_BChw: Tensor, token: int) -> Tensor:
    """Return the Euclidean length of every token, all its channels and latent pixels, [B, 1, h', w']."""
    squares_B1hw = x_BChw.square().sum(1, keepdim=True)
    return (functional.avg_pool2d(squares_B1hw, token) * token**2).sqrt()


def applies(start: float, end: float, share: float) -> bool:
    """Tell whether a range of steps includes a share of them; an end of 1 includes the last step.

    Args:
        start: First share, 0..1.
        end: Share at which it no longer applies, 0..1.
        share: Steps done before this one, divided by all steps.
    """
    return start <= share and (share < end or end >= 1.0)
