"""Sampling: from noise to latents, step by step."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor
from weft.sdk import (
    Advice,
    CancelledRunError,
    Choice,
    Number,
    Run,
    Seed,
    Slider,
    Traits,
    choices,
    node,
)

from weft_nodes.diffusion.denoiser import SampleJob, Start, split_latent
from weft_nodes.diffusion.errors import SamplingCancelledError, ScheduleError
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.runs import StepReport
from weft_nodes.diffusion.samplers import SAMPLERS, find_sampler
from weft_nodes.diffusion.schedules import SCHEDULES, schedule
from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.values import Conditioning, Latent, Sigmas
from weft_nodes.families.facts import FACTS, check_size
from weft_nodes.families.previews import Previewer
from weft_nodes.families.registry import ModelStore
from weft_nodes.families.sides import completed
from weft_nodes.models.controls import control_nets
from weft_nodes.models.guiding import Guiding
from weft_nodes.models.handles import (
    BESIDE_TRAITS,
    GUIDANCE_TRAITS,
    MODEL_TRAITS,
    PROMPT_TRAITS,
    TRAIT_HINTS,
    Model,
)
from weft_nodes.models.service import SamplerService
from weft_nodes.models.step_caches import for_job

_MOST_STEPS = 1000

# What is sampled together must be of one family and one latent space.
_SAMPLED: Mapping[str, Traits] = MappingProxyType(
    {
        "model": MODEL_TRAITS,
        "positive": PROMPT_TRAITS,
        "negative": {**BESIDE_TRAITS, "negative": "$negative"},
        "latent": {"space": "$space"},
        "guidance": GUIDANCE_TRAITS,
    }
)
_ADVISED: Mapping[str, Sequence[Advice]] = MappingProxyType(
    {
        "guidance_scale": (
            Advice(
                1,
                "model",
                "guidance",
                "none",
                reason="was distilled to need no guidance",
                hint="Set it to 1, or disconnect the negative prompt: such a model follows one prompt.",
                beside="negative",
            ),
            Advice(
                1,
                "model",
                "guidance",
                "told",
                reason="is told with the prompt how strictly to follow it",
                hint="Set it to 1, and put prompt.guidance behind the prompt for another strength.",
                beside="negative",
            ),
            Advice(
                1,
                "model",
                "guidance",
                "unprompted",
                reason="reads no prompt, so that there is nothing to follow",
                hint="Set it to 1, or disconnect the negative prompt.",
                beside="negative",
            ),
        )
    }
)
_SAMPLES: Mapping[str, Traits] = MappingProxyType({"latent": {"space": "$space"}})


@choices("samplers")
def sampler_names() -> Sequence[str]:
    """Name the samplers."""
    return tuple(SAMPLERS)


@choices("schedules")
def schedule_names() -> Sequence[str]:
    """Name the schedules."""
    return tuple(SCHEDULES)


@node("latent.sample", accepts=_SAMPLED, gives=_SAMPLES, advises=_ADVISED, hints=TRAIT_HINTS)
async def sample_latent(  # noqa: PLR0913 - its widgets are what sampling takes
    run: Run,
    model: Model,
    positive: Conditioning,
    negative: Conditioning | None,
    latent: Latent,
    *,
    seed: Seed = 0,
    steps: Annotated[int, Slider(1, 200)] = 20,
    guidance_scale: Annotated[float, Slider(0, 30, step=0.1)] = 7.0,
    guidance_rescale: Annotated[float, Slider(0, 1)] = 0.0,
    sampler: Annotated[str, Choice("samplers")] = "dpmpp_2m",
    schedule: Annotated[str, Choice("schedules")] = "karras",
    denoise: Annotated[float, Slider(0, 1)] = 1.0,
    guidance: Guiding | None = None,
) -> Latent:
    """Sample latents: from nothing, or on from a picture.

    What takes shape is shown in rough colours, or as it will be where the small decoder of its latents lies
    in the folder `vae_approx` of a models folder: taesd, taesdxl, taesd3 or taef1, as its makers call it.

    Args:
        run: The run this is part of.
        model: The model that denoises.
        positive: What the picture shall show.
        negative: What it shall not show; without it there is no guidance, and each step costs half.
        latent: Where to begin: an empty latent, or the latent of a picture. Its mask, if it has one, says
            which part may change.
        seed: The same seed gives the same picture; picture k of a batch uses seed + k.
        steps: Steps to take, 1..200; more is finer and slower.
        guidance_scale: How strictly the prompt is followed, 0..30; 1 ignores the negative prompt.
        guidance_rescale: Share of the contrast that strong guidance adds which is taken back, 0..1.
        sampler: How a step is taken.
        schedule: How the noise levels are spread over the steps; "lcm" is for latent consistency models.
        denoise: How much of the picture is made anew, 0 (nothing) .. 1 (everything).
        guidance: Methods that guide in place of plain guidance or beside it; without it there is only that.

    Returns:
        Latents without noise, as many as were given.

    Raises:
        DiffusionError: Steps, schedule or prompts cannot be used together.
        NonFiniteLatentError: The model computed something that is no number.
        CancelledRunError: The run was cancelled; it stops within one step.
    """
    space = _space_for(run, model, latent, steps)
    plan = _Plan(
        model=model,
        space=space,
        positive=positive,
        negative=negative,
        guidance=Guidance(guidance_scale, guidance_rescale),
        guiding=guidance,
        sampler=sampler,
        sigmas=_levels(schedule, space, steps, denoise=denoise),
        start="full" if denoise == 1 else "added",
    )
    return await _sample(run, plan, latent, seed)


@node("latent.sample_steps", accepts=_SAMPLED, gives=_SAMPLES, advises=_ADVISED, hints=TRAIT_HINTS)
async def sample_steps(  # noqa: PLR0913 - its widgets are what sampling takes
    run: Run,
    model: Model,
    positive: Conditioning,
    negative: Conditioning | None,
    latent: Latent,
    *,
    seed: Seed = 0,
    steps: Annotated[int, Slider(1, 200)] = 20,
    start_step: Annotated[int, Number(0, _MOST_STEPS)] = 0,
    end_step: Annotated[int, Number(0, _MOST_STEPS)] = _MOST_STEPS,
    add_noise: bool = True,
    guidance_scale: Annotated[float, Slider(0, 30, step=0.1)] = 7.0,
    guidance_rescale: Annotated[float, Slider(0, 1)] = 0.0,
    sampler: Annotated[str, Choice("samplers")] = "dpmpp_2m",
    schedule: Annotated[str, Choice("schedules")] = "karras",
    guidance: Guiding | None = None,
) -> Latent:
    """Take some of the steps of a sampling, so that another node can take the rest.

    Args:
        run: The run this is part of.
        model: The model that denoises.
        positive: What the picture shall show.
        negative: What it shall not show; without it there is no guidance.
        latent: Where to begin: an empty latent, the latent of a picture, or one that still has noise.
        seed: The same seed gives the same picture; picture k of a batch uses seed + k.
        steps: Steps of the whole sampling, 1..200.
        start_step: First step to take, 0..1000; above 0 an earlier node took the others.
        end_step: Step to stop before, 0..1000; beyond `steps` it means the end. Stopping earlier leaves noise
            in the latent, which the next node goes on from with `add_noise` off.
        add_noise: Whether noise is added at the beginning: on for a first part, off for what follows it.
        guidance_scale: How strictly the prompt is followed, 0..30; 1 ignores the negative prompt.
        guidance_rescale: Share of the contrast that strong guidance adds which is taken back, 0..1.
        sampler: How a step is taken.
        schedule: How the noise levels are spread over the steps; "lcm" is for latent consistency models.
        guidance: Methods that guide in place of plain guidance or beside it; without it there is only that.

    Returns:
        Latents, as many as were given; they still have noise if the last step was not taken.

    Raises:
        ScheduleError: `end_step` does not lie behind `start_step`.
        DiffusionError: Steps, schedule or prompts cannot be used together.
        NonFiniteLatentError: The model computed something that is no number.
        CancelledRunError: The run was cancelled; it stops within one step.
    """
    space = _space_for(run, model, latent, steps)
    whole = _levels(schedule, space, steps)
    first: Start = "full" if start_step == 0 else "added"
    plan = _Plan(
        model=model,
        space=space,
        positive=positive,
        negative=negative,
        guidance=Guidance(guidance_scale, guidance_rescale),
        guiding=guidance,
        sampler=sampler,
        sigmas=_steps_of(whole, start_step, end_step),
        start=first if add_noise else "none",
        skipped_draws=0 if add_noise else _draws_of(sampler, space, whole[: start_step + 1]),
    )
    return await _sample(run, plan, latent, seed)


@node(
    "latent.sample_custom",
    accepts={**_SAMPLED, "sigmas": {"family": "$family"}},
    gives=_SAMPLES,
    advises=_ADVISED,
    hints=TRAIT_HINTS,
)
async def sample_custom(  # noqa: PLR0913 - its widgets are what sampling takes
    run: Run,
    model: Model,
    positive: Conditioning,
    negative: Conditioning | None,
    latent: Latent,
    sigmas: Sigmas,
    *,
    seed: Seed = 0,
    add_noise: bool = True,
    guidance_scale: Annotated[float, Slider(0, 30, step=0.1)] = 7.0,
    guidance_rescale: Annotated[float, Slider(0, 1)] = 0.0,
    guidance_start: Annotated[float, Slider(0, 1)] = 0.0,
    guidance_end: Annotated[float, Slider(0, 1)] = 1.0,
    sampler: Annotated[str, Choice("samplers")] = "dpmpp_2m",
    guidance: Guiding | None = None,
) -> Latent:
    """Sample latents at noise levels of your own.

    Args:
        run: The run this is part of.
        model: The model that denoises.
        positive: What the picture shall show.
        negative: What it shall not show; without it there is no guidance.
        latent: Where to begin: an empty latent, the latent of a picture, or one that still has noise.
        sigmas: Falling noise levels; where they do not end in 0, noise is left in the latent.
        seed: The same seed gives the same picture; picture k of a batch uses seed + k.
        add_noise: Whether noise of the first level is added at the beginning; off to go on from a latent
            that still has it.
        guidance_scale: How strictly the prompt is followed, 0..30; 1 ignores the negative prompt.
        guidance_rescale: Share of the contrast that strong guidance adds which is taken back, 0..1.
        guidance_start: Share of the steps after which guidance begins, 0..1.
        guidance_end: Share of the steps after which it stops, 0..1.
        sampler: How a step is taken.
        guidance: Methods that guide in place of plain guidance or beside it; without it there is only that.

    Returns:
        Latents, as many as were given.

    Raises:
        ScheduleError: The levels do not fall, or go beyond what the model knows.
        DiffusionError: Prompts and model cannot be used together.
        NonFiniteLatentError: The model computed something that is no number.
        CancelledRunError: The run was cancelled; it stops within one step.
    """
    space = _space_for(run, model, latent, sigmas.steps)
    first: Start = "full" if sigmas.values[0] >= space.sigma_max else "added"
    plan = _Plan(
        model=model,
        space=space,
        positive=positive,
        negative=negative,
        guidance=Guidance(guidance_scale, guidance_rescale, guidance_start, guidance_end),
        guiding=guidance,
        sampler=sampler,
        sigmas=sigmas.values,
        start=first if add_noise else "none",
        skipped_draws=0 if add_noise else 1,
    )
    return await _sample(run, plan, latent, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What all items of a batch have in common."""

    model: Model
    space: Space
    positive: Conditioning
    negative: Conditioning | None
    guidance: Guidance
    guiding: Guiding | None
    sampler: str
    sigmas: tuple[float, ...]
    start: Start
    skipped_draws: int = 0


# The nodes have a parameter named as the function of the core.
_levels = schedule


def _space_for(run: Run, model: Model, latent: Latent, steps: int) -> Space:
    """Return the noise space in which a model samples latents of a size, in a number of steps."""
    check_size(model.family, latent.size_hw)
    return run.service(ModelStore).noise_space(model, size_hw=latent.size_hw, steps=steps)


def _steps_of(levels: tuple[float, ...], start_step: int, end_step: int) -> tuple[float, ...]:
    """Cut the steps from one to before another out of a whole sampling."""
    cut = levels[start_step : end_step + 1]
    if len(cut) < 2:
        steps = len(levels) - 1
        raise ScheduleError(
            f"There is no step from {start_step} to {min(end_step, steps)} in a sampling of {steps} steps.",
            hint="Let start_step lie before end_step and before steps.",
        )
    return cut


def _draws_of(sampler: str, space: Space, sigmas: tuple[float, ...]) -> int:
    """Count the draws of noise that an earlier part has used, by letting it run on a single number."""
    draws = 1
    x = torch.zeros(1)

    def noise() -> Tensor:
        nonlocal draws
        draws += 1
        return x

    if len(sigmas) < 2:
        return draws
    program = find_sampler(sampler)(space, x, sigmas, noise)
    with suppress(StopIteration):
        next(program)
        while True:
            program.send(x)
    return draws


async def _sample(run: Run, plan: _Plan, latent: Latent, seed: int) -> Latent:
    """Sample every item of a latent in the company of whatever else is being sampled."""
    store = run.service(ModelStore)
    # Weights may have to be read first, which must not hold up the event loop.
    guiding = plan.guiding or Guiding()
    controls = control_nets([plan.positive, plan.negative, guiding.methods.neutral])
    network = await asyncio.to_thread(store.network, plan.model, controls)
    weakened = [
        await asyncio.to_thread(store.network, model, controls) for model in guiding.weakened(plan.model)
    ]

    steps = len(plan.sigmas) - 1
    positive, negative = completed(plan.model.family, plan.positive, plan.negative)

    def job(item: Latent, item_seed: int) -> SampleJob:
        return SampleJob(
            network=for_job(network, steps),
            space=plan.space,
            sampler=plan.sampler,
            sigmas=plan.sigmas,
            positive=positive,
            negative=negative,
            guidance=replace(guiding.applied_to(plan.guidance), token=FACTS[plan.model.family].kept_token),
            weakened=tuple(for_job(each, steps) for each in weakened),
            latent_BChw=item.samples_BChw,
            seed=item_seed,
            start=plan.start,
            skipped_draws=plan.skipped_draws,
            mask_B1hw=item.mask_B1hw,
            original_BChw=item.original_BChw,
            is_mask_gradual=item.is_mask_gradual,
        )

    jobs = split_latent(latent, seed, job)
    samples = torch.cat(await _sample_all(run, jobs, Previewer(run, plan.model)))
    return replace(latent, samples_BChw=samples, original_BChw=_original_behind(latent, plan.sigmas))


def _original_behind(latent: Latent, sigmas: tuple[float, ...]) -> Tensor | None:
    """Return what a later part of a sampling must keep outside the mask: the latent from before any noise."""
    if latent.mask_B1hw is None or sigmas[-1] == 0:
        return None
    return latent.samples_BChw if latent.original_BChw is None else latent.original_BChw


async def _sample_all(run: Run, jobs: Sequence[SampleJob], previewer: Previewer) -> list[Tensor]:
    """Sample jobs together; when one fails, the others end within a step."""
    batcher = run.service(SamplerService).batcher
    observer = _observers(run, previewer, total=sum(job.steps for job in jobs))
    tasks = [
        asyncio.ensure_future(batcher.sample(job, on_step=observer(index), cancelled=lambda: run.cancelled))
        for index, job in enumerate(jobs)
    ]
    try:
        return list(await asyncio.gather(*tasks))
    except SamplingCancelledError as error:
        raise CancelledRunError from error
    finally:
        for task in tasks:
            task.cancel()
        await previewer.close()


def _observers(
    run: Run, previewer: Previewer, *, total: int
) -> Callable[[int], Callable[[StepReport], None]]:
    """Turn the steps of all items into one progress, and those of the first into previews."""
    done = 0

    def observer(index: int) -> Callable[[StepReport], None]:
        def observe(report: StepReport) -> None:
            nonlocal done
            done += 1
            run.progress(done, total)
            if index == 0:
                previewer.offer(report.denoised_BChw, is_last=report.step == report.steps)

        return observe

    return observer
