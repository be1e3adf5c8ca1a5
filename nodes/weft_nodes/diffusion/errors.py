"""What can go wrong in the sampling core, each with a stable code.

DiffusionError
├── UnknownNameError
│   ├── UnknownSamplerError  unknown-sampler
│   └── UnknownScheduleError unknown-schedule
├── ScheduleError            bad-schedule
├── SpaceError               bad-space
├── ConditioningError        bad-conditioning
├── JobError                 bad-sample-job
├── GuidanceClashError       guidance-clash
├── NonFiniteLatentError     non-finite
└── SamplingCancelledError   cancelled
"""

from collections.abc import Iterable
from typing import ClassVar

from weft.sdk import NodeError, suggest


class DiffusionError(NodeError):
    """Base of every error of the sampling core.

    Args:
        message: One sentence of fact: who, has what, expects what.
        hint: One sentence of help.
    """

    code = "diffusion"


class UnknownNameError(DiffusionError):
    """Something was asked for by a name that does not exist.

    Args:
        name: The name as given.
        known: All names that exist.
    """

    code = "unknown-name"
    kind: ClassVar[str] = "name"

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(
            f"There is no {self.kind} '{name}'.",
            hint=suggest(name, names) or f"Known {self.kind}s: {', '.join(names)}.",
        )


class UnknownSamplerError(UnknownNameError):
    """There is no sampler of that name."""

    code = "unknown-sampler"
    kind = "sampler"


class UnknownScheduleError(UnknownNameError):
    """There is no schedule of that name."""

    code = "unknown-schedule"
    kind = "schedule"


class ScheduleError(DiffusionError):
    """The number of steps, the share of denoising or a list of noise levels makes no sense."""

    code = "bad-schedule"


class SpaceError(DiffusionError):
    """A scheduler configuration describes no noise space that is known here."""

    code = "bad-space"


class ConditioningError(DiffusionError):
    """A conditioning has no prompt where one is needed, or prompts that do not fit together."""

    code = "bad-conditioning"


class JobError(DiffusionError):
    """A sampling job contradicts itself: shapes, seed or mask do not fit."""

    code = "bad-sample-job"


class GuidanceClashError(DiffusionError):
    """Two guidance methods want to do the same thing.

    Args:
        first: The method that is there already.
        second: The method that was to be added.
        both: What each of them does, as the end of a sentence.
    """

    code = "guidance-clash"

    def __init__(self, *, first: str, second: str, both: str) -> None:
        super().__init__(
            f"The guidance methods {first} and {second} cannot be used together: each of them {both}.",
            hint="Keep one of them.",
        )


class NonFiniteLatentError(DiffusionError):
    """A network or sampler produced NaN or infinity.

    Args:
        step: The step that showed it, counted from 1.
        steps: How many steps the job has.
        sampler: Name of the sampler.
    """

    code = "non-finite"

    def __init__(self, *, step: int, steps: int, sampler: str) -> None:
        super().__init__(
            f"The latent became NaN or infinite at step {step} of {steps} (sampler '{sampler}').",
            hint="Load the model in float32 or bfloat16, or lower the guidance scale.",
        )


class SamplingCancelledError(DiffusionError):
    """A sampling job was cancelled before it was done.

    Args:
        step: How many steps were done.
        steps: How many steps the job has.
    """

    code = "cancelled"

    def __init__(self, *, step: int, steps: int) -> None:
        super().__init__(
            f"Sampling was cancelled after {step} of {steps} steps.",
            hint="Run the workflow again to sample from the start.",
        )
