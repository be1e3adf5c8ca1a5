"""One sampling job under way: a sampler that waits for an answer, and what became of it."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

from weft_nodes.diffusion.denoiser import Denoiser, Rows, SampleJob
from weft_nodes.diffusion.errors import NonFiniteLatentError, SamplingCancelledError
from weft_nodes.diffusion.samplers import find_sampler
from weft_nodes.diffusion.steps import Asking
from weft_nodes.diffusion.trajectories import tensor_digest


@dataclass(frozen=True, slots=True, eq=False)
class StepReport:
    """What a job tells its observer, once per step.

    Args:
        step: The step whose first evaluation is done, 1..steps.
        steps: How many steps the job has.
        sigma: The noise level of that evaluation.
        denoised_BChw: The picture as the network sees it so far: a normalised latent, good for a preview.
    """

    step: int
    steps: int
    sigma: float
    denoised_BChw: Tensor


OnStep = Callable[[StepReport], None]

_STEPS_BETWEEN_CHECKS = 4


class Run:
    """A job under way.

    Args:
        job: The job.
        on_step: Told once per step; what it raises ends this run, and only this one.
        cancelled: Asked before each evaluation; True ends the run with `SamplingCancelledError`.

    Attributes:
        rows: The network rows the run is waiting for, once it has begun.
    """

    rows: Rows
    _denoiser: Denoiser
    _x: Tensor
    _sigma: float

    def __init__(
        self,
        job: SampleJob,
        *,
        on_step: OnStep | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.job = job
        self.arrival = 0
        self.step = 0
        self.result: Tensor | None = None
        self.error: BaseException | None = None
        self._on_step = on_step
        self._cancelled = cancelled
        self._abort: BaseException | None = None
        self._reported = -1
        self._key: Hashable | None = None
        self._program: Asking | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is a result or an error."""
        return self.result is not None or self.error is not None

    @property
    def group(self) -> Hashable:
        """What runs must agree in to share a forward: weights, patches and all shapes."""
        return self.job.network.batch_key, self.rows.input_BChw.shape, self.rows.kind

    def begin(self) -> None:
        """Draw the first noise and ask the first question; a job without steps is done at once.

        Raises:
            DiffusionError: The job cannot be run.
        """
        job = self.job
        self._denoiser = Denoiser(job)
        start = self._denoiser.begin()
        if job.steps == 0:
            self.result = start
            return
        program = find_sampler(job.sampler) if isinstance(job.sampler, str) else job.sampler
        self._program = program(job.space, start, job.sigmas, self._denoiser.noise)
        self._ask(next(self._program))

    def denoised(self, outputs_BChw: Tensor) -> Tensor:
        """Join network outputs to the denoised latent the run waits for.

        Args:
            outputs_BChw: Raw outputs, one per row of `rows`, in order.
        """
        return self._denoiser.denoised(outputs_BChw, self._x, self._sigma, self.step)

    def question(self) -> Hashable:
        """Return everything that the answer depends on, the latent included, as a key."""
        if self._key is None:
            self._key = (self._denoiser.identity(self.step), self._sigma, tensor_digest(self._x))
        return self._key

    def answer(self, denoised: Tensor) -> None:
        """Give the run its denoised latent, and take its next question.

        Args:
            denoised: The denoised latent, one item.

        Raises:
            NonFiniteLatentError: It is not finite. That is looked at every few steps and at the end; on
                other devices than the CPU at the end only, because looking makes the device wait.
        """
        if (
            self.step % _STEPS_BETWEEN_CHECKS == 0
            and denoised.device.type == "cpu"
            and not _is_finite(denoised)
        ):
            raise self._non_finite()
        if self._on_step is not None and self._reported < self.step:
            self._reported = self.step
            self._on_step(StepReport(self.step + 1, self.job.steps, self._sigma, denoised))
        if self._program is None:
            raise RuntimeError("This run has not begun.")
        try:
            self._ask(self._program.send(denoised))
        except StopIteration as end:
            self._finish(end.value)

    def cancel(self, reason: BaseException | None = None) -> None:
        """End the run before its next evaluation; may be called from any thread.

        Args:
            reason: What to raise to whoever waits; None is `SamplingCancelledError`.
        """
        self._abort = reason or SamplingCancelledError(step=self.step, steps=self.job.steps)

    def fail(self, error: BaseException) -> None:
        """End the run with an error."""
        self.error = error
        if self._program is not None:
            self._program.close()

    def stopped(self) -> bool:
        """Tell whether the run is over or was told to end, and end it then."""
        if self.is_done:
            return True
        if self._abort is None and self._cancelled is not None:
            try:
                if self._cancelled():
                    self.cancel()
            # The question is anyone's code; its error belongs to this run.
            except Exception as error:  # noqa: BLE001
                self.cancel(error)
        if self._abort is not None:
            self.fail(self._abort)
        return self.is_done

    def outcome(self) -> Tensor:
        """Return the result.

        Returns:
            The latent, one item, float32, on the network's device.

        Raises:
            BaseException: What ended the run.
        """
        error = self.error or self._abort
        if error is not None:
            raise error
        if self.result is None:
            raise RuntimeError("This run is not done.")
        return self.result

    def _ask(self, question: tuple[Tensor, float]) -> None:
        x, sigma = question
        sigmas = self.job.sigmas
        # A second evaluation at the end of a step already counts for the next one, so each step is told once.
        if self.step < len(sigmas) - 2 and sigma <= sigmas[self.step + 1]:
            self.step += 1
        self._x, self._sigma = self._denoiser.prepared(x, sigma, self.step), sigma
        self.rows = self._denoiser.rows(self._x, sigma, self.step)
        self._key = None

    def _finish(self, x: Tensor) -> None:
        if not _is_finite(x):
            raise self._non_finite()
        self.result = self._denoiser.finished(x)

    def _non_finite(self) -> NonFiniteLatentError:
        sampler = self.job.sampler if isinstance(self.job.sampler, str) else "custom"
        return NonFiniteLatentError(step=self.step + 1, steps=self.job.steps, sampler=sampler)


def _is_finite(x: Tensor) -> bool:
    # A finite sum says it all at a tenth of the cost; only huge numbers need the second look.
    return math.isfinite(float(x.sum())) or bool(torch.isfinite(x).all())
