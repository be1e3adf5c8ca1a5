"""How far our stages are from diffusers' own pipeline: one picture asked of both, on tiny random weights."""

import functools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import tiny_models
import torch
from parity.conftest import Opened
from parity.staged import NEGATIVE, PROMPT, SEED
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.foreign import scheduler_levels, scheduler_program
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.methods import Methods
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.steps import Program
from weft_nodes.diffusion.values import Conditioning, Latent
from weft_nodes.families import FACTS
from weft_nodes.models.seeing import Shown

STEPS = 5
HEIGHT, WIDTH = 64, 96

MOST_SCHEDULER = 2e-6
MOST_NATIVE = 5e-6
MOST_DECODED = 3e-6
MOST_LEVELS = 1e-6


def as_it_is(latent: Tensor) -> Tensor:
    """The latent of a pipeline that does not pack it."""
    return latent


@dataclass(frozen=True)
class Case:
    """One family's pipeline, and how to ask it for what our stages make.

    Args:
        family: Its id; the pipeline is the one of `tiny_models.MAKERS`.
        sampler: Our sampler that takes the steps of the family's scheduler.
        arguments: What the pipeline is given besides prompt, seed, steps and size.
        scale: Guidance scale of our side; 1 samples without the negative prompt.
        title: What the table calls it; the family's own title if empty.
        schedule: Our schedule that has the levels of the pipeline; empty where there is none.
        unpacked: Brings the pipeline's latent to the shape of ours.
        scheduler: Options of the pipeline's scheduler that are changed.
        condition: Changes our prompts, for what the pipeline is told besides the text.
        relative: Name of another pipeline of the family in `tiny_models.MAKERS`.
        pipeline: Makes another pipeline of the same parts.
        shown: Pictures that the prompts speak of, where the text encoder sees them.
        methods: How our predictions are joined, where the pipeline has a guidance of its own.
        is_drawing: Whether the scheduler draws noise, so that it cannot run in our loop.
    """

    family: str
    sampler: str
    arguments: Mapping[str, Any]
    scale: float
    title: str = ""
    schedule: str = ""
    unpacked: Callable[[Tensor], Tensor] = as_it_is
    scheduler: Mapping[str, Any] = field(default_factory=dict)
    condition: Callable[[Conditioning], Conditioning] = field(default=lambda prompt: prompt)
    relative: str = ""
    pipeline: Callable[[Any], Any] = field(default=lambda pipeline: pipeline)
    shown: Shown | None = None
    methods: Methods = field(default_factory=Methods)
    is_drawing: bool = False


class Measured(NamedTuple):
    """Largest differences, relative to the largest value of the pipeline's result.

    Args:
        scheduler: Of the latents, with the family's scheduler in our loop.
        native: Of the latents, with our sampler.
        decoded: Of the pictures.
        levels: Of the noise levels; 0 where none of our schedules has them.
    """

    scheduler: float
    native: float
    decoded: float
    levels: float


def measure(opened: Callable[[str, str], Opened], case: Case) -> Measured:
    """Make a picture by our stages and by the pipeline, and compare each stage."""
    store, checkpoint = opened(case.relative or case.family, "folder")
    theirs, picture, scheduler = _reference(case)
    levels = scheduler_levels(scheduler)
    empty = torch.zeros_like(theirs)
    space = store.noise_space(checkpoint.model, size_hw=Latent(empty, "").size_hw, steps=STEPS)

    def sampled(sampler: str | Program) -> Tensor:
        job = SampleJob(
            network=store.network(checkpoint.model),
            space=space,
            sigmas=levels,
            positive=case.condition(store.encode_prompt(checkpoint.encoder, PROMPT, case.shown)),
            negative=case.condition(store.encode_prompt(checkpoint.encoder, NEGATIVE, case.shown)),
            latent_BChw=empty,
            sampler=sampler,
            guidance=Guidance(case.scale, methods=case.methods, token=FACTS[case.family].kept_token),
            seed=SEED,
        )
        with Batcher() as batcher:
            return batcher.drive(job)

    decoded = store.decode(checkpoint.vae, Latent(theirs, checkpoint.vae.space)).pixels_BHWC
    ours = schedule(case.schedule, space, STEPS) if case.schedule else levels
    program = case.sampler if case.is_drawing else scheduler_program(scheduler)
    return Measured(
        _relative(sampled(program), theirs),
        _relative(sampled(case.sampler), theirs),
        _relative(decoded.movedim(-1, 1), picture),
        _relative(torch.tensor(ours), torch.tensor(levels)),
    )


def assert_parity(opened: Callable[[str, str], Opened], case: Case) -> None:
    """Every stage is as close as the table promises."""
    found = measure(opened, case)

    assert found.scheduler <= MOST_SCHEDULER
    assert found.native <= MOST_NATIVE
    assert found.decoded <= MOST_DECODED
    assert found.levels <= MOST_LEVELS


def title_of(case: Case) -> str:
    """What the table calls a case."""
    return case.title or FACTS[case.family].title


def _reference(case: Case) -> tuple[Tensor, Tensor, Any]:
    """Return latent and picture of the pipeline, and a fresh scheduler with the time steps it took."""
    pipeline = tiny_models.quiet(case.pipeline(tiny_models.MAKERS[case.relative or case.family]()))
    kind, options = type(pipeline.scheduler), dict(pipeline.scheduler.config) | dict(case.scheduler)
    pipeline.scheduler = scheduler = kind.from_config(options)
    fresh = kind.from_config(options)
    original = scheduler.set_timesteps

    @functools.wraps(original)
    def recorded(*positions: Any, **names: Any) -> None:
        fresh.set_timesteps(*positions, **names)
        original(*positions, **names)

    scheduler.set_timesteps = recorded
    made = []
    for output in ("latent", "pt"):
        arguments: dict[str, Any] = {
            "prompt": PROMPT,
            "num_inference_steps": STEPS,
            "height": HEIGHT,
            "width": WIDTH,
            "generator": torch.Generator().manual_seed(SEED),
            "output_type": output,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made.append(pipeline(**(arguments | dict(case.arguments)))[0])
    return case.unpacked(made[0]).float(), made[1], fresh


def _relative(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    largest = float(theirs.abs().max())
    assert largest > 0.1
    return float((ours - theirs).abs().max()) / largest
