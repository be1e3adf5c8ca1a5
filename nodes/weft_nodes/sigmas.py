"""Noise levels: made by a schedule, written by hand, cut in two."""

import re
from typing import Annotated, ClassVar, NamedTuple

from weft.sdk import Choice, NodeError, Number, Run, Slider, Text, node

from weft_nodes.diffusion.schedules import is_falling
from weft_nodes.diffusion.schedules import schedule as levels_of
from weft_nodes.diffusion.values import Latent, Sigmas
from weft_nodes.families.registry import ModelStore
from weft_nodes.models.handles import Model

_MOST_STEPS = 1000


class SigmasError(NodeError):
    """Noise levels cannot be read or cut as asked."""

    code: ClassVar[str] = "sigmas-unusable"


class SplitSigmas(NamedTuple):
    """Noise levels in two parts that join.

    Attributes:
        high: The first steps, from the most noise to where the parts meet.
        low: The remaining steps, from there to the end.
    """

    high: Sigmas
    low: Sigmas


@node(
    "sigmas.schedule",
    lane="io",
    output="sigmas",
    accepts={"model": {"family": "$family", "space": "$space"}, "latent": {"space": "$space"}},
    gives={"sigmas": {"family": "$family"}},
)
def make_sigmas(
    run: Run,
    model: Model,
    schedule: Annotated[str, Choice("schedules")] = "karras",
    *,
    steps: Annotated[int, Slider(1, 200)] = 20,
    denoise: Annotated[float, Slider(0, 1)] = 1.0,
    latent: Latent | None = None,
) -> Sigmas:
    """Make the noise levels of a schedule, to look at, cut or change them.

    Args:
        run: The run this is part of.
        model: The model they are for.
        schedule: How they are spread.
        steps: Steps to take, 1..200.
        denoise: Share of the whole way that is gone, 0..1: below 1 it begins with less noise.
        latent: What is to be sampled; some models want more noise for larger pictures. Without it, the size
            that the model was trained on is taken.

    Returns:
        One level more than there are steps, falling to 0.

    Raises:
        ScheduleError: The schedule has not so many levels for this model.
    """
    size = None if latent is None else latent.size_hw
    space = run.service(ModelStore).noise_space(model, size_hw=size, steps=steps)
    return Sigmas(levels_of(schedule, space, steps, denoise=denoise), space.key)


@node("sigmas.manual", lane="inline", output="sigmas")
def read_sigmas(
    levels: Annotated[str, Text(placeholder="14.6, 6.5, 2.8, 1.2, 0.5, 0")],
) -> Sigmas:
    """Write down noise levels by hand.

    Args:
        levels: Falling numbers, from the noise at the beginning to that at the end (usually 0), with commas
            or spaces between them.

    Returns:
        The levels.

    Raises:
        SigmasError: Something is no number, the numbers do not fall, or there are fewer than two.
    """
    words = [word for word in re.split(r"[,;\s]+", levels.strip()) if word]
    try:
        values = tuple(float(word) for word in words)
    except ValueError as error:
        raise SigmasError(
            f"The noise levels {levels!r} cannot be read: {error}.",
            hint="Write numbers with commas between them, such as 14.6, 2.8, 0.",
        ) from error
    if len(values) < 2 or not is_falling(values):
        raise SigmasError(
            f"The noise levels {levels!r} are not at least two falling numbers down to 0 or more.",
            hint="Begin with the most noise and end with the least, usually 0.",
        )
    return Sigmas(values)


@node(
    "sigmas.split",
    lane="inline",
    accepts={"sigmas": {"family": "$family"}},
    gives={"high": {"family": "$family"}, "low": {"family": "$family"}},
)
def split_sigmas(sigmas: Sigmas, step: Annotated[int, Number(0, _MOST_STEPS)] = 10) -> SplitSigmas:
    """Cut noise levels in two, to sample both parts differently.

    Args:
        sigmas: Noise levels.
        step: Steps of the first part, from 0 to all of them.

    Returns:
        Both parts; the level at which they meet belongs to both.

    Raises:
        SigmasError: There are fewer steps than that.
    """
    if step > sigmas.steps:
        raise SigmasError(
            f"Noise levels of {sigmas.steps} steps cannot be cut after step {step}.",
            hint=f"Use a step from 0 to {sigmas.steps}.",
        )
    high = Sigmas(sigmas.values[: step + 1], sigmas.space)
    return SplitSigmas(high, Sigmas(sigmas.values[step:], sigmas.space))


@node("sigmas.values", lane="inline", output="numbers")
def list_sigmas(sigmas: Sigmas) -> list[float]:
    """Give noise levels as a list of numbers.

    Args:
        sigmas: Noise levels.

    Returns:
        The levels in their order.
    """
    return list(sigmas.values)
