"""How far our stages are from diffusers' own pipeline: one picture asked of both, on tiny random weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from parity.conftest import Opened
from parity.staged import NEGATIVE, PROMPT, STEPS, as_it_is, asked, pipeline_of, relative, sampled
from torch import Tensor
from weft_nodes.diffusion.foreign import scheduler_levels, scheduler_program
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.methods import Methods
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.steps import Program
from weft_nodes.diffusion.values import Conditioning, Latent
from weft_nodes.families import FACTS
from weft_nodes.models.seeing import Shown

MOST_SCHEDULER = 2e-6
MOST_NATIVE = 5e-6
MOST_DECODED = 3e-6
MOST_LEVELS = 1e-6


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
        pipeline: Makes another pipeline of the same parts, which others use too.
        shown: Pictures that the prompts speak of, where the text encoder sees them.
        methods: How our predictions are joined, where the pipeline has a guidance of its own.
        is_drawing: Whether the scheduler draws noise, so that it cannot run in our loop.
        wider: Why the family's scheduler in our loop has the limit of our sampler; empty where it has not.
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
    wider: str = ""


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
    store, checkpoint = found = opened(case.relative or case.family, "folder")
    pipeline = case.pipeline(pipeline_of(case.relative or case.family))
    answer = asked(pipeline, scheduler=case.scheduler, **({"output_type": "pt"} | dict(case.arguments)))
    theirs = case.unpacked(answer.last).float()
    levels, empty = scheduler_levels(answer.scheduler), torch.zeros_like(theirs)
    positive, negative = (
        case.condition(store.encode_prompt(checkpoint.encoder, words, case.shown))
        for words in (PROMPT, NEGATIVE)
    )

    def drawn(sampler: str | Program) -> Tensor:
        return sampled(
            found,
            positive,
            levels,
            sampler,
            latent_BChw=empty,
            negative=negative,
            guidance=Guidance(case.scale, methods=case.methods, token=FACTS[case.family].kept_token),
        )

    decoded = store.decode(checkpoint.vae, Latent(theirs, checkpoint.vae.space)).pixels_BHWC
    space = store.noise_space(checkpoint.model, size_hw=Latent(empty, "").size_hw, steps=STEPS)
    ours = schedule(case.schedule, space, len(levels) - 1) if case.schedule else levels
    # What draws noise cannot run in our loop, but its only sampler is ours.
    program = case.sampler if case.is_drawing else scheduler_program(answer.scheduler)
    native = drawn(case.sampler)
    return Measured(
        relative(native if case.is_drawing else drawn(program), theirs),
        relative(native, theirs),
        relative(decoded.movedim(-1, 1), answer.made),
        relative(torch.tensor(ours), torch.tensor(levels)),
    )


def assert_parity(opened: Callable[[str, str], Opened], case: Case) -> None:
    """Every stage is as close as the table promises."""
    found = measure(opened, case)

    assert found.scheduler <= (MOST_NATIVE if case.wider else MOST_SCHEDULER)
    assert found.native <= MOST_NATIVE
    assert found.decoded <= MOST_DECODED
    assert found.levels <= MOST_LEVELS


def title_of(case: Case) -> str:
    """What the table calls a case."""
    return case.title or FACTS[case.family].title
