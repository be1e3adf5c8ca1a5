"""One sampling job, and how it asks a network for a denoised latent.

A `SampleJob` says everything that decides one picture. Its `Denoiser` turns each question of the sampler into
network rows (one per prompt that applies at that step) and the network's answers into the denoised latent. It
calls no network itself, so that rows of many jobs can share one forward.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from weft_nodes.diffusion.controls import ControlledPrompts, at_size
from weft_nodes.diffusion.errors import ConditioningError, JobError, ScheduleError
from weft_nodes.diffusion.guidance import Guidance, applies
from weft_nodes.diffusion.guide import Guide
from weft_nodes.diffusion.masking import KeptPart
from weft_nodes.diffusion.noise import SeededNoise, item_seed
from weft_nodes.diffusion.schedules import is_falling
from weft_nodes.diffusion.sights import following, hiding
from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.steps import Program
from weft_nodes.diffusion.trajectories import tensor_digest
from weft_nodes.diffusion.values import Conditioning, Latent, Prompt


class Network(Protocol):
    """What a family adapter offers: a live network that predicts, and nothing else."""

    @property
    def batch_key(self) -> Hashable:
        """A stable name of weights and patches: equal exactly if one forward may serve both networks."""

    @property
    def device(self) -> torch.device:
        """Where `predict` wants its tensors."""

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Run the network once.

        Args:
            x_BChw: Noisy latents in the scale of training, float32, on `device`.
            timestep_B: What the network is told about the noise level of each row (`Space.timestep`),
                float32.
            conditions: Network inputs by name, one row each, as the prompts carry them, on `device`. The
                adapter casts dtypes and must not write into them.

        Returns:
            The raw prediction, shape of `x_BChw`, any float dtype.
        """


# How a job starts: from noise alone in the size of training ("full": from nothing), with noise mixed into the
# latent ("added": image to image), or with the latent as it is ("none": a later stage of a split run).
Start = Literal["full", "added", "none"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SampleJob:
    """Everything that decides one sampled latent.

    Args:
        network: The live network.
        space: Its noise space.
        sampler: Name of a sampler, or a program of the same kind.
        sigmas: Strictly falling noise levels, one more than steps; ends in 0 unless noise is left for a later
            stage.
        positive: What the picture shall show.
        negative: What it shall not show; None samples without guidance.
        guidance: How the two are joined.
        latent_BChw: The latent to begin with, one item, float.
        seed: Seed of this item's noise, 0..2^64-1.
        start: How the latent enters; see `Start`.
        skipped_draws: Draws of the noise stream that an earlier stage has used: 1 for the initial noise and
            one for each draw of its sampler. With it, a split run of a stochastic sampler goes on with the
            same noise.
        mask_B1hw: Where the latent may change, 1 = repaint, 0 = keep; None changes all of it.
        original_BChw: Clean latent kept outside the mask; None takes `latent_BChw`.
        is_mask_gradual: Whether the mask says when places are let go; see `masking`.
        priority: Jobs with a higher number go first.
        weakened: The networks of the guidance's weakenings, one each, in order.

    Raises:
        JobError: The latent has another batch size than 1, mask or original do not fit it, or the guidance
            lacks a negative prompt or a weakened network.
        ScheduleError: The noise levels do not fall, or go beyond what the space can mix.
    """

    network: Network
    space: Space
    sigmas: tuple[float, ...]
    positive: Conditioning
    latent_BChw: Tensor
    sampler: str | Program = "dpmpp_2m"
    negative: Conditioning | None = None
    guidance: Guidance = field(default_factory=Guidance)
    seed: int = 0
    start: Start = "full"
    skipped_draws: int = 0
    mask_B1hw: Tensor | None = None
    original_BChw: Tensor | None = None
    is_mask_gradual: bool = False
    priority: int = 0
    weakened: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        shape = self.latent_BChw.shape
        if len(shape) < 3 or shape[0] != 1:
            raise JobError(
                f"A sampling job got a latent of shape {list(shape)}, but takes one item.",
                hint="Use `split_latent` to make one job per item.",
            )
        if not self.sigmas or not is_falling(self.sigmas):
            raise ScheduleError(
                f"The noise levels of a sampling job must fall strictly: {_shortened(self.sigmas)}.",
                hint="Sort them from high to low, without repeats, usually ending in 0.",
            )
        if self.space.alpha(self.sigmas[0]) < 0:
            raise ScheduleError(
                f"The noise levels begin at {self.sigmas[0]:g}; the space ends at {self.space.sigma_max:g}.",
                hint="Make the levels for this model's noise space.",
            )
        for name, tensor in (("mask", self.mask_B1hw), ("original", self.original_BChw)):
            if tensor is not None and (tensor.shape[0] != 1 or tensor.shape[2:] != shape[2:]):
                raise JobError(
                    f"The {name} has shape {list(tensor.shape)}, but the latent has {list(shape)}.",
                    hint=f"Resize the {name} to the latent.",
                )
        self._check_methods()

    def _check_methods(self) -> None:
        methods = self.guidance.methods
        if methods.needs_negative and self.negative is None:
            raise JobError(
                "A guidance method needs the prediction for a negative prompt, but there is none.",
                hint="Connect a negative prompt, which may be empty.",
            )
        if len(methods.weakenings) != len(self.weakened):
            raise JobError(
                f"The guidance has {len(methods.weakenings)} weakenings, but {len(self.weakened)} networks.",
                hint="Give one weakened network for each.",
            )

    @property
    def steps(self) -> int:
        """Count the steps."""
        return len(self.sigmas) - 1


def split_latent(
    latent: Latent, seed: int, make: Callable[[Latent, int], SampleJob]
) -> tuple[SampleJob, ...]:
    """Make one job per item of a latent.

    Args:
        latent: One or more items.
        seed: Seed of the batch; item k is given `seed + k` (`item_seed`).
        make: Builds the job from a latent of one item and its seed.

    Returns:
        As many jobs as the latent has items, in order.
    """
    items = [latent.item(position) for position in range(latent.batch_size)]
    return tuple(make(item, item_seed(seed, (item.indices or (0,))[0])) for item in items)


class Rows(NamedTuple):
    """What one job wants from the network at one evaluation: the same latent under several prompts.

    Attributes:
        input_BChw: The scaled latent, one item; every row reads it.
        timestep: What the network is told about the noise level.
        prompts: One per row; positive prompts first.
        signatures: Names, shapes and dtypes of each prompt's tensors; rows of equal signature may share a
            forward.
        kind: The set of all signatures; jobs of equal kind may share a tick.
        networks: The network of each signature that is not asked of the job's own.
    """

    input_BChw: Tensor
    timestep: float
    prompts: tuple[Prompt, ...]
    signatures: tuple[Hashable, ...]
    kind: frozenset[Hashable]
    networks: Mapping[Hashable, Network] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class _Cast:
    """The prompts that apply at some steps, and how much each one counts at each place.

    Weights are None for a single prompt, else one tensor per prompt; they add up to 1 everywhere. The
    positive prompts come first, then the negative ones, the neutral ones, and the positive ones once more for
    each weakened network.
    """

    prompts: tuple[Prompt, ...]
    signatures: tuple[Hashable, ...]
    kind: frozenset[Hashable]
    positives: int
    negatives: int
    positive_weights: tuple[Tensor, ...] | None
    negative_weights: tuple[Tensor, ...] | None
    neutral_weights: tuple[Tensor, ...] | None
    weakened: tuple[int, ...]
    networks: Mapping[Hashable, Network]


class Denoiser:
    """Turns a sampler's questions into network rows, and the answers into denoised latents.

    Args:
        job: The job. Its prompts are put on the network's device once, here.

    Raises:
        ConditioningError: No positive prompt applies at some step.
    """

    def __init__(self, job: SampleJob) -> None:
        self.job = job
        self.noise = SeededNoise(job.seed, job.latent_BChw.shape, job.network.device)
        self._space = job.space
        device = job.network.device
        methods = job.guidance.methods
        self._positive, self._negative, self._neutral = (
            tuple(entry.on(device) for entry in side.entries) if side else ()
            for side in (job.positive, job.negative, methods.neutral)
        )
        self._negative = following(self._negative, self._positive)
        self._neutral = (
            hiding(self._negative) if methods.hides_pictures else following(self._neutral, self._positive)
        )
        height, width = job.latent_BChw.shape[-2:]
        prompts = (*self._positive, *self._negative, *self._neutral)
        is_controlled = any(entry.controls for entry in prompts)
        self._controlled = ControlledPrompts((int(height), int(width)), device) if is_controlled else None
        self._guide = None if methods.is_plain else Guide(job.guidance)
        self._casts_by_members: dict[Hashable, _Cast] = {}
        self._casts = tuple(self._cast_at(step) for step in range(max(job.steps, 1)))
        self._identities: dict[_Cast, Hashable] = {}
        self._unshared: Hashable = object()
        self._kept: KeptPart | None = None

    def begin(self) -> Tensor:
        """Return the latent that the sampler begins with, float32 on the network's device."""
        job = self.job
        latent = job.latent_BChw.to(job.network.device, torch.float32)
        has_mask = job.mask_B1hw is not None
        noise = self._first_noise()
        if job.mask_B1hw is not None and noise is not None:
            original = latent if job.original_BChw is None else job.original_BChw.to(latent)
            self._kept = KeptPart(
                job.mask_B1hw.to(latent),
                original,
                noise,
                space=self._space,
                steps=job.steps,
                is_gradual=job.is_mask_gradual,
            )
        if noise is None or job.start == "none":
            return latent
        if job.start == "added":
            return self._space.mix(latent, noise, job.sigmas[0])
        first = self._space.first(noise, job.sigmas[0])
        # Inside a mask nothing may shine through of what was there; outside it is put back anyway.
        return first if has_mask else torch.add(first, latent, alpha=self._space.alpha(job.sigmas[0]))

    def _first_noise(self) -> Tensor | None:
        """Draw the noise that the job begins with; None where it needs none. A mask always does."""
        job = self.job
        has_mask = job.mask_B1hw is not None
        if has_mask and job.skipped_draws:
            # The kept part goes on with the noise of the first draw, as the earlier stage left it.
            noise = self.noise()
            self.noise.skip(job.skipped_draws - 1)
            return noise
        self.noise.skip(job.skipped_draws)
        return self.noise() if has_mask or (job.start != "none" and job.sigmas[0] > 0) else None

    def rows(self, x: Tensor, sigma: float, step: int) -> Rows:
        """List the rows that answer one question.

        Args:
            x: Noisy latent, as `prepared`.
            sigma: Its noise level.
            step: The step it belongs to, 0..steps-1; decides which prompts apply.
        """
        cast = self._casts[step]
        space = self._space
        scaled, told = space.scale_input(x, sigma), space.timestep(sigma)
        return Rows(scaled, told, cast.prompts, cast.signatures, cast.kind, cast.networks)

    def prepared(self, x: Tensor, sigma: float, step: int) -> Tensor:
        """Return the latent with its kept part, if there is a mask, put back at the given noise level."""
        return x if self._kept is None else self._kept.noisy(x, sigma, step)

    def denoised(self, outputs_BChw: Tensor, x: Tensor, sigma: float, step: int) -> Tensor:
        """Join the network's outputs to the denoised latent.

        Args:
            outputs_BChw: Raw outputs, one row per prompt in the order of `rows`.
            x: The latent the rows were made from, as `prepared`.
            sigma: Its noise level.
            step: The step it belongs to, 0..steps-1.

        Returns:
            The denoised latent, one item, with the kept part restored.
        """
        cast = self._casts[step]
        positive = _weighted(outputs_BChw[: cast.positives], cast.positive_weights)
        if self._guide is not None:
            result = self._steered(self._guide, outputs_BChw, x, sigma, step)
        else:
            if cast.negatives:
                negative = _weighted(outputs_BChw[cast.positives :], cast.negative_weights)
                positive = self.job.guidance.combine(positive, negative)
            result = self._space.to_denoised(positive, x, sigma)
        return result if self._kept is None else self._kept.clean(result, step)

    def _steered(self, guide: Guide, outputs_BChw: Tensor, x: Tensor, sigma: float, step: int) -> Tensor:
        """Join the outputs by more than plain guidance."""
        cast = self._casts[step]
        ends = (cast.positives, cast.positives + cast.negatives)
        further = len(cast.prompts) - len(cast.weakened) * cast.positives
        against = []
        if cast.negatives:
            against.append(_weighted(outputs_BChw[ends[0] : ends[1]], cast.negative_weights))
        if further > ends[1]:
            against.append(_weighted(outputs_BChw[ends[1] : further], cast.neutral_weights))
        weakened = zip(cast.weakened, torch.split(outputs_BChw[further:], cast.positives), strict=False)
        return guide.denoised(
            _weighted(outputs_BChw[: cast.positives], cast.positive_weights),
            against,
            [(place, _weighted(output, cast.positive_weights)) for place, output in weakened],
            lambda output: self._space.to_denoised(output, x, sigma),
            step=step,
        )

    def finished(self, x: Tensor) -> Tensor:
        """Return the sampler's result with the kept part restored at the last noise level."""
        return self.prepared(x, self.job.sigmas[-1], self.job.steps - 1)

    def identity(self, step: int) -> Hashable:
        """Return everything but the latent and its noise level that an answer at a step depends on.

        Args:
            step: The step, 0..steps-1.
        """
        cast = self._casts[step]
        if self._guide is not None:
            # A guide may remember the steps before, which a replayed job would not show it.
            return self._unshared
        if cast not in self._identities:
            job = self.job
            tensors = [tensor for prompt in cast.prompts for _, tensor in sorted(prompt.tensors.items())]
            tensors += [*(cast.positive_weights or ()), *(cast.negative_weights or ())]
            digests = tuple(tensor_digest(tensor) for tensor in tensors)
            is_guided = len(cast.prompts) > cast.positives
            guidance = (job.guidance.scale, job.guidance.rescale) if is_guided else None
            names = (job.network.batch_key, job.space.key, guidance, cast.positives, cast.signatures)
            self._identities[cast] = (names, digests)
        return self._identities[cast], None if self._kept is None else self._kept.identity(step)

    def _cast_at(self, step: int) -> _Cast:
        share = step / max(self.job.steps, 1)
        positives = _applying(self._positive, step, share)
        negatives = _applying(self._negative, step, share)
        neutrals = _applying(self._neutral, step, share)
        if not self.job.guidance.is_active(share):
            negatives, neutrals = [], []
        weakened = () if self._guide is None else self._guide.weakenings_at(share)
        if not positives:
            raise ConditioningError(
                f"No positive prompt applies after {share:.0%} of the steps.",
                hint="Let the step ranges of the positive prompts cover 0..1 without a gap.",
            )
        groups = (positives, negatives, neutrals)
        if self._controlled is not None:
            groups = (
                self._controlled.own(positives, share),
                self._controlled.following(negatives, positives, share),
                self._controlled.following(neutrals, positives, share),
            )
        members = (tuple(tuple(id(entry) for entry in group) for group in groups), weakened)
        if members not in self._casts_by_members:
            self._casts_by_members[members] = self._new_cast(*groups, weakened)
        return self._casts_by_members[members]

    def _new_cast(
        self,
        positives: Sequence[Prompt],
        negatives: Sequence[Prompt],
        neutrals: Sequence[Prompt],
        weakened: tuple[int, ...],
    ) -> _Cast:
        prompts = (*positives, *negatives, *neutrals)
        signatures = [_signature(entry) for entry in prompts]
        networks: dict[Hashable, Network] = {}
        for network in (self.job.weakened[place] for place in weakened):
            names = [(network.batch_key, _signature(entry)) for entry in positives]
            networks |= dict.fromkeys(names, network)
            signatures += names
        return _Cast(
            prompts=(*prompts, *(entry for _ in weakened for entry in positives)),
            signatures=tuple(signatures),
            kind=frozenset(signatures),
            positives=len(positives),
            negatives=len(negatives),
            positive_weights=self._weights(positives),
            negative_weights=self._weights(negatives),
            neutral_weights=self._weights(neutrals),
            weakened=weakened,
            networks=networks,
        )

    def _weights(self, prompts: Sequence[Prompt]) -> tuple[Tensor, ...] | None:
        """Return the share of each prompt at each place; None for a single prompt."""
        if len(prompts) < 2:
            return None
        device, size = self.job.network.device, self.job.latent_BChw.shape[-2:]
        raw = [_region(prompt, size).to(device) * prompt.strength for prompt in prompts]
        total = torch.stack(raw).sum(dim=0)
        # Where no region reaches, all prompts count alike: the network must be asked for something.
        covered = total > 0
        even = 1.0 / len(prompts)
        return tuple(torch.where(covered, weight / total.where(covered, 1.0), even) for weight in raw)


def _applying(prompts: Sequence[Prompt], step: int, share: float) -> list[Prompt]:
    return [
        entry
        for entry in prompts
        if applies(entry.start, entry.end, share) and step % entry.turns == entry.turn
    ]


def _weighted(outputs_BChw: Tensor, weights: tuple[Tensor, ...] | None) -> Tensor:
    if weights is None:
        return outputs_BChw
    # Added to the last prompt as differences, so that equal predictions give exactly that prediction.
    result = outputs_BChw[-1:]
    for row, weight in zip(outputs_BChw[:-1], weights[:-1], strict=True):
        result = result + weight * (row[None] - outputs_BChw[-1:])
    return result


def _region(prompt: Prompt, size: Sequence[int]) -> Tensor:
    """Return a prompt's mask at latent resolution, averaged over the area of each latent pixel."""
    if prompt.mask_hw is None:
        return torch.ones(1, 1, *size)
    return at_size(prompt.mask_hw, size)


def _signature(prompt: Prompt) -> Hashable:
    return tuple((name, tuple(tensor.shape), tensor.dtype) for name, tensor in sorted(prompt.tensors.items()))


def _shortened(sigmas: Sequence[float]) -> str:
    shown = ", ".join(f"{sigma:g}" for sigma in sigmas[:8])
    return f"{shown}, …" if len(sigmas) > 8 else shown or "none given"
