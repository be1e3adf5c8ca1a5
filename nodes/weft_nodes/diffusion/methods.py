"""Guidance methods beyond the plain one: arithmetic on the predictions of one job, each from its paper.

Three places can be filled, each by one method: a correction of the negative prediction, the update that joins
both sides, and a limit on what comes out. What changes from evaluation to evaluation lies in a `Memory` that
belongs to one job, so nothing passes between jobs. Every function takes one item with a batch axis.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.values import Conditioning


class Sides(NamedTuple):
    """The predictions that are joined, all of one shape.

    Attributes:
        positive: For the positive prompt.
        negative: For the negative prompt.
        neutral: For a prompt that says nothing, or shows nothing; only where a method asks for one.
    """

    positive: Tensor
    negative: Tensor
    neutral: Tensor | None = None


@dataclass(slots=True)
class Memory:
    """What a method carries on within one job.

    Attributes:
        average: Running average of the updates so far; None before the first.
    """

    average: Tensor | None = None


class Correction(Protocol):
    """Changes the negative prediction before it is joined."""

    def correct(self, positive: Tensor, negative: Tensor) -> Tensor:
        """Return the negative prediction to take instead; both are raw outputs of the network."""


class Update(Protocol):
    """Joins the predictions of both sides."""

    @property
    def acts_on_denoised(self) -> bool:
        """Whether it is written for denoised latents and not for raw outputs."""

    def join(self, sides: Sides, scale: float, memory: Memory) -> Tensor:
        """Join the predictions.

        Args:
            sides: The predictions.
            scale: The guidance scale; 1 is the positive prediction for a method without effect.
            memory: The job's own; may be changed.
        """


class Limit(Protocol):
    """Brings a guided prediction back where it went too far; written for denoised latents."""

    def limit(self, guided: Tensor, sides: Sides) -> Tensor:
        """Return the guided prediction, limited by what the sides are like."""


@dataclass(frozen=True, slots=True)
class ZeroStar:
    """CFG-Zero* (Fan et al. 2025, arXiv 2503.18886): fit the negative prediction to the positive one.

    Args:
        zero_steps: First steps at which the prediction is zero, >= 0.

    Raises:
        JobError: `zero_steps` is negative.
    """

    zero_steps: int = 1

    def __post_init__(self) -> None:
        _demand(self.zero_steps >= 0, "CFG-Zero* has a negative number of zero steps.", "Use 0 or more.")

    def correct(self, positive: Tensor, negative: Tensor) -> Tensor:
        """Return `s * negative` with the `s` that comes nearest to `positive`: `<p, n> / <n, n>`."""
        share = _dot(positive, negative) / (_dot(negative, negative) + 1e-8)
        return negative * share


@dataclass(frozen=True, slots=True)
class Tangential:
    """Tangential damping ("TCFG", arXiv 2503.18137): drop what both predictions hardly share."""

    def correct(self, positive: Tensor, negative: Tensor) -> Tensor:
        """Return `negative` along the first right singular vector of the two predictions as rows."""
        rows = torch.stack([positive.flatten(1), negative.flatten(1)], dim=1)
        # The first right singular vector is the same mix of the rows as the first eigenvector of their 2x2
        # products, which costs less than a decomposition of rows of this length.
        _, vectors = torch.linalg.eigh((rows @ rows.transpose(1, 2)).double())
        along = functional.normalize(vectors[:, None, :, -1].to(rows.dtype) @ rows, dim=2)
        share = (rows[:, 1:] * along).sum(dim=2, keepdim=True)
        return (share * along).reshape(negative.shape)


@dataclass(frozen=True, slots=True)
class Projection:
    """Adaptive projected guidance (Sadat et al. 2024, arXiv 2410.02416, algorithm 1).

    Args:
        eta: Factor on the part of the update along the positive prediction, which saturates; 1 keeps it.
        threshold: Longest update, as a norm over the latent; 0 sets no limit.
        momentum: Factor on the running average of updates, -1 < momentum < 1; negative ones push away from
            where the last steps went.

    Raises:
        JobError: A value is out of bounds.
    """

    eta: float = 0.0
    threshold: float = 15.0
    momentum: float = -0.5

    def __post_init__(self) -> None:
        fits = self.threshold >= 0 and -1 < self.momentum < 1
        _demand(fits, f"Projected guidance has {self}.", "Use a threshold >= 0 and a momentum within -1..1.")

    @property
    def acts_on_denoised(self) -> bool:
        """Return True: the paper found directions to mean most on denoised latents."""
        return True

    def join(self, sides: Sides, scale: float, memory: Memory) -> Tensor:
        """Return `positive + (scale - 1) * (orthogonal + eta * parallel)`; see `Update`."""
        change = sides.positive - sides.negative
        if self.momentum:
            if memory.average is not None:
                change = change + self.momentum * memory.average
            memory.average = change
        if self.threshold:
            length = _dot(change, change).sqrt()
            change = change * (self.threshold / length.clamp(min=1e-12)).clamp(max=1.0)
        squared = _dot(sides.positive, sides.positive).clamp(min=1e-12)
        parallel = _dot(change, sides.positive) / squared * sides.positive
        return sides.positive + (scale - 1.0) * (change - parallel + self.eta * parallel)


@dataclass(frozen=True, slots=True)
class MagnitudeAware:
    """Magnitude-aware guidance ("MAMBO-G", arXiv 2508.03442): less scale where the update is large.

    Args:
        alpha: How fast the scale falls with the size of the update, >= 0; 0 is plain guidance.

    Raises:
        JobError: `alpha` is negative.
    """

    alpha: float = 8.0

    def __post_init__(self) -> None:
        _demand(self.alpha >= 0, f"Magnitude-aware guidance has alpha {self.alpha}.", "Use 0 or more.")

    @property
    def acts_on_denoised(self) -> bool:
        """Return False: it is written for raw outputs."""
        return False

    def join(self, sides: Sides, scale: float, memory: Memory) -> Tensor:  # noqa: ARG002 - it carries nothing
        """Return plain guidance at the scale `1 + (scale - 1) * exp(-alpha * |p - n| / |n|)`."""
        change = sides.positive - sides.negative
        ratio = (_dot(change, change) / _dot(sides.negative, sides.negative).clamp(min=1e-12)).sqrt()
        return sides.negative + (1.0 + (scale - 1.0) * torch.exp(-self.alpha * ratio)) * change


@dataclass(frozen=True, slots=True, eq=False)
class PerpNeg:
    """Perp-Neg (Armandpour et al. 2023, arXiv 2304.04968): push away only across the positive prompt.

    Args:
        neutral: A prompt that says nothing, which both sides are measured from.
        strength: Factor on the push, >= 0.

    Raises:
        JobError: `strength` is negative.
    """

    neutral: Conditioning
    strength: float = 1.0

    def __post_init__(self) -> None:
        _demand(self.strength >= 0, f"Perp-Neg has the strength {self.strength}.", "Use 0 or more.")

    @property
    def acts_on_denoised(self) -> bool:
        """Return False: it is written for raw outputs."""
        return False

    def join(self, sides: Sides, scale: float, memory: Memory) -> Tensor:  # noqa: ARG002 - it carries nothing
        """Return `e + scale * (p - strength * n_perp)`, with p and n measured from the neutral e."""
        if sides.neutral is None:
            raise JobError("Perp-Neg got no neutral prediction.", hint="Connect an empty prompt to it.")
        wanted, unwanted = sides.positive - sides.neutral, sides.negative - sides.neutral
        along = _dot(unwanted, wanted) / _dot(wanted, wanted).clamp(min=1e-12) * wanted
        return sides.neutral + scale * (wanted - self.strength * (unwanted - along))


@dataclass(frozen=True, slots=True)
class PictureScale:
    """Guidance by a picture that the prompts show (InstructPix2Pix, Brooks et al. 2023, eq. 3).

    Args:
        scale: How far to go from the prediction without the picture to the one with it, >= 0.

    Raises:
        JobError: `scale` is negative.
    """

    scale: float = 1.5

    def __post_init__(self) -> None:
        _demand(self.scale >= 0, f"Guidance by a picture has the scale {self.scale}.", "Use 0 or more.")

    @property
    def acts_on_denoised(self) -> bool:
        """Return False: it is written for raw outputs."""
        return False

    def join(self, sides: Sides, scale: float, memory: Memory) -> Tensor:  # noqa: ARG002 - it carries nothing
        """Return `h + picture scale * (n - h) + scale * (p - n)`, where h is n without the picture."""
        if sides.neutral is None:
            raise JobError("Guidance by a picture got no prediction without it.", hint="Show a picture.")
        pull = self.scale * (sides.negative - sides.neutral)
        return sides.neutral + scale * (sides.positive - sides.negative) + pull


@dataclass(frozen=True, slots=True)
class DynamicThreshold:
    """Dynamic thresholding (Saharia et al. 2022, section 2.3), for latents, which have no range of their own.

    The range is taken from what a lower scale would give, channel by channel, around each channel's mean.

    Args:
        mimic_scale: The scale whose range is kept.
        percentile: Share of the values that the range has to hold before the rest is cut, 0..1.

    Raises:
        JobError: `percentile` is out of bounds.
    """

    mimic_scale: float = 7.0
    percentile: float = 0.995

    def __post_init__(self) -> None:
        fits = 0.0 <= self.percentile <= 1.0
        _demand(fits, f"Dynamic thresholding has the percentile {self.percentile}.", "It lies in 0..1.")

    def limit(self, guided: Tensor, sides: Sides) -> Tensor:
        """Cut a guided prediction to its percentile, and scale it to the range of the lower scale."""
        axes = list(range(2, guided.ndim))
        mimic = torch.lerp(sides.negative, sides.positive, self.mimic_scale)
        middle = guided.mean(dim=axes, keepdim=True)
        spread = guided - middle
        target = (mimic - mimic.mean(dim=axes, keepdim=True)).abs().amax(dim=axes, keepdim=True)
        reach = torch.quantile(spread.abs().flatten(2), self.percentile, dim=2).reshape(target.shape)
        bound = torch.maximum(reach, target).clamp(min=1e-12)
        return middle + spread.clamp(-bound, bound) * (target / bound)


@dataclass(frozen=True, slots=True)
class KeptLength:
    """Guidance that lengthens no place of a latent: `CFGNorm` of ComfyUI, after how Qwen-Image is sampled.

    Args:
        strength: Factor on the result, > 0; 1 changes nothing but lengths.

    Raises:
        JobError: `strength` is not above 0.
    """

    strength: float = 1.0

    def __post_init__(self) -> None:
        _demand(self.strength > 0, f"Kept lengths have the strength {self.strength}.", "Use more than 0.")

    def limit(self, guided: Tensor, sides: Sides) -> Tensor:
        """Shorten places whose channels are longer, as a vector, than those of the positive prediction."""
        wanted, length = (x.square().sum(dim=1, keepdim=True).sqrt() for x in (sides.positive, guided))
        return guided * (self.strength * (wanted / (length + 1e-8)).clamp(max=1.0))


@dataclass(frozen=True, slots=True)
class Weakening:
    """Guidance away from a weakened network (Ahn et al. 2024, arXiv 2403.17377).

    `scale * (positive - weakened)` is added to the guided prediction.

    Args:
        scale: How far to go from the weakened prediction for the positive prompt, >= 0.
        start: Share of the steps after which it begins, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.

    Raises:
        JobError: Scale or range are out of bounds.
    """

    scale: float = 3.0
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        fits = self.scale >= 0 and 0.0 <= self.start <= self.end <= 1.0
        _demand(fits, f"A weakened network has {self}.", "Use a scale >= 0 and 0 <= start <= end <= 1.")


@dataclass(frozen=True, slots=True)
class Methods:
    """Which method fills each place.

    Args:
        correction: Of the negative prediction; None takes it as it is.
        update: How both sides are joined; None is classifier-free guidance.
        limit: Of what comes out; None sets none.
        weakenings: Weakened networks to move away from.
    """

    correction: Correction | None = None
    update: Update | None = None
    limit: Limit | None = None
    weakenings: tuple[Weakening, ...] = field(default=())

    @property
    def places(self) -> dict[str, object]:
        """Return the methods by the place they take; Perp-Neg takes two, as it has its own negative side."""
        found = {"correction": self.correction, "update": self.update, "limit": self.limit}
        if isinstance(self.update, PerpNeg):
            found["correction"] = self.update
        return {place: method for place, method in found.items() if method is not None}

    @property
    def is_plain(self) -> bool:
        """Whether this is classifier-free guidance and nothing else."""
        return not self.needs_negative and not self.weakenings

    @property
    def needs_negative(self) -> bool:
        """Whether something is said that has no meaning without a negative prompt."""
        return any(place is not None for place in (self.correction, self.update, self.limit))

    @property
    def acts_on_denoised(self) -> bool:
        """Whether predictions are joined as denoised latents and not as raw outputs."""
        return self.limit is not None or (self.update is not None and self.update.acts_on_denoised)

    @property
    def always_acts(self) -> bool:
        """Whether the update has an effect at the guidance scale 1, too."""
        return isinstance(self.update, PerpNeg | PictureScale)

    @property
    def hides_pictures(self) -> bool:
        """Whether the neutral prediction is the one for a negative prompt that shows nothing."""
        return isinstance(self.update, PictureScale)

    @property
    def neutral(self) -> Conditioning | None:
        """Return the prompt that says nothing, where a method asks for its prediction."""
        return self.update.neutral if isinstance(self.update, PerpNeg) else None


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the inner product of each item, with all axes kept."""
    return (a * b).sum(dim=list(range(1, a.ndim)), keepdim=True)


def _demand(fits: bool, message: str, hint: str) -> None:
    if not fits:
        raise JobError(message, hint=hint)
