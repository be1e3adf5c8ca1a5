"""What steers a model, asked of our stages and of diffusers' pipelines, for tests and for the table."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from parity import (
    test_auraflow,
    test_chroma,
    test_flux,
    test_flux2,
    test_kolors,
    test_lumina2,
    test_qwenimage,
    test_sana,
    test_sd3,
    test_unets,
    test_zimage,
)
from parity.conftest import Openings
from parity.measuring import MOST_NATIVE, MOST_SCHEDULER, Case
from parity.staged import PROMPT, asked, relative, sampled
from torch import Tensor
from weft_nodes.diffusion.foreign import scheduler_levels, scheduler_program
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families import FACTS, Checkpoint

STEPS = 2
"""How many steps a steered picture takes: one in noise alone, and one in what came of it."""

_PLAIN = (
    *test_unets.CASES,
    *test_kolors.CASES,
    *test_sd3.CASES,
    *test_flux.CASES,
    *test_flux2.CASES,
    *test_chroma.CASES,
    *test_auraflow.CASES,
    *test_sana.CASES,
    *test_lumina2.CASES,
    *test_zimage.CASES,
    *test_qwenimage.CASES,
)
BASES: Mapping[str, Case] = {case.relative or case.family: case for case in reversed(_PLAIN)}
"""How the pipelines of a family are asked for a picture that nothing steers."""

LEAST_EFFECT = 1e-4
"""How much a picture must differ where nothing steers it, so that a comparison shows something."""


@dataclass(frozen=True, kw_only=True)
class Steered:
    """A steered picture, as both sides are asked for it.

    Args:
        pipeline: That of diffusers, which is steered.
        arguments: What it is given besides what all pipelines of its family are.
        checkpoint: Ours, where its handles are steered.
        words: Our prompt.
        prompt: Steers our prompt.
        begun: How our job begins, where it does not with noise alone.
        job: What else our job says.
        steps: How many steps there are.
        skipped: How many of the first ones are not taken.
    """

    pipeline: Any
    arguments: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    words: str = PROMPT
    prompt: Callable[[Conditioning], Conditioning] = field(default=lambda prompt: prompt)
    begun: Mapping[str, Any] = field(default_factory=dict)
    job: Mapping[str, Any] = field(default_factory=dict)
    steps: int = STEPS
    skipped: int = 0


@dataclass(frozen=True)
class Steering:
    """A row of the table: what steers which family.

    Args:
        kind: What steers.
        base: How the family is asked without it.
        steer: Steers both sides.
        title: What is special of it.
        is_native: Whether our sampler takes the steps, rather than the pipeline's scheduler in our loop.
        is_effect_measured: Whether the picture is also made without steering, which must be another.
    """

    kind: str
    base: Case
    steer: Callable[[Openings], Steered]
    title: str = ""
    is_native: bool = False
    is_effect_measured: bool = True

    @property
    def family(self) -> str:
        """Id of the family, or of a relative."""
        return self.base.relative or self.base.family

    @property
    def most(self) -> float:
        """How far the two sides may be from each other."""
        return MOST_NATIVE if self.is_native else MOST_SCHEDULER

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind, self.family, self.title) if word)


class Compared(NamedTuple):
    """Largest differences, relative to the largest value of the pipeline's latent.

    Args:
        steered: Of ours.
        free: Of ours without steering; None where it was not made.
    """

    steered: float
    free: float | None


def compare(opened: Openings, row: Steering) -> Compared:
    """Make a steered picture by our stages and by the pipeline."""
    steered, base = row.steer(opened), row.base
    usual = {"num_inference_steps": steered.steps} | dict(base.arguments)
    answer = asked(steered.pipeline, scheduler=base.scheduler, **(usual | dict(steered.arguments)))
    theirs = base.unpacked(answer.made).float()
    levels = scheduler_levels(answer.scheduler)[steered.skipped :]
    store, plain = opened(row.family)

    def drawn(checkpoint: Checkpoint, positive: Conditioning, **job: Any) -> Tensor:
        # A scheduler counts its steps, so that each run needs one of its own.
        sampler = base.sampler if row.is_native else scheduler_program(copy.deepcopy(answer.scheduler))
        usual: dict[str, Any] = {
            "latent_BChw": torch.zeros_like(theirs),
            "guidance": Guidance(base.scale, token=FACTS[base.family].kept_token),
        }
        return sampled(
            (store, checkpoint),
            base.condition(positive),
            levels,
            sampler,
            scale=base.scale,
            **(usual | dict(steered.begun) | job),
        )

    ours = steered.checkpoint or plain
    words = steered.prompt(store.encode_prompt(ours.encoder, steered.words))
    found = relative(drawn(ours, words, **steered.job), theirs)
    if not row.is_effect_measured:
        return Compared(found, None)
    # What nothing steers is the same in all rows that are asked alike.
    alike = (id(base), row.is_native, levels)
    if alike not in opened.free:
        opened.free[alike] = drawn(plain, store.encode_prompt(plain.encoder, PROMPT))
    return Compared(found, relative(opened.free[alike], theirs))


def assert_steered(opened: Openings, row: Steering) -> None:
    """The picture is as close as the table promises, and is another where nothing steers it."""
    found = compare(opened, row)

    assert found.steered <= row.most
    assert found.free is None or found.free > LEAST_EFFECT
