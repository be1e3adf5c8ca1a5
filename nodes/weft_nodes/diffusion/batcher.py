"""The batcher: sampling as a service that any number of jobs share.

Jobs may come from any coroutine of any event loop, at any time; one worker thread runs the networks, so event
loops stay responsive. What jobs share and what they do not is said in `ticks`.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.runs import OnStep, Run, StepReport
from weft_nodes.diffusion.ticks import Statistics, Ticker
from weft_nodes.diffusion.trajectories import TrajectoryCache

Deliver = Callable[[Run], None]


class Batcher:
    """Samples jobs, together where they may share a forward.

    Jobs that share network, patches and shapes advance together, whatever their prompts, seeds, steps,
    samplers and guidance; other jobs take turns, tick by tick. Higher priorities go first.

    Args:
        max_rows: Most rows of one forward, >= 1; a guided job takes two. More rows are faster until the
            device is busy.
        max_cells: Most latent pixels, all rows of a forward together, up to which jobs share it; None sets no
            limit.
        exact: Pad every forward to `max_rows`, so that a job's result is bitwise the same in any company;
            without it the company changes results by float rounding (about 1e-6 of their size).
        trajectories: Where denoised latents are remembered and looked up; None evaluates everything.
    """

    def __init__(
        self,
        *,
        max_rows: int = 16,
        max_cells: int | None = None,
        exact: bool = False,
        trajectories: TrajectoryCache | None = None,
    ) -> None:
        self._ticker = Ticker(max_rows=max_rows, max_cells=max_cells, exact=exact, trajectories=trajectories)
        self._lock = threading.Lock()
        self._arrivals: list[tuple[Run, Deliver]] = []
        self._deliveries: dict[Run, Deliver] = {}
        self._is_draining = False
        self._is_closed = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="weft-sampling")

    async def sample(
        self,
        job: SampleJob,
        *,
        on_step: OnStep | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Tensor:
        """Sample one job, together with all others that are under way.

        Cancelling the awaiting task ends the job within one step.

        Args:
            job: The job.
            on_step: Told once per step, in order, on the event loop of the caller and before the result. What
                it raises ends this job within one step and is raised here.
            cancelled: Asked before each evaluation, in the worker thread; True ends the job.

        Returns:
            The latent, one item, float32, on the network's device.

        Raises:
            SamplingCancelledError: `cancelled` returned True, or the batcher was closed.
            NonFiniteLatentError: The latent became NaN or infinite.
            DiffusionError: The job cannot be run.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def observe(report: StepReport) -> None:
            loop.call_soon_threadsafe(tell, report)

        def tell(report: StepReport) -> None:
            try:
                if on_step is not None:
                    on_step(report)
            # An observer is anyone's code; its error belongs to this job.
            except Exception as error:  # noqa: BLE001
                run.cancel(error)

        def deliver(_: Run) -> None:
            loop.call_soon_threadsafe(_resolve, ended)

        run = Run(job, on_step=None if on_step is None else observe, cancelled=cancelled)
        self._submit(run, deliver)
        try:
            await ended
        except asyncio.CancelledError:
            run.cancel()
            raise
        return run.outcome()

    def drive(
        self,
        job: SampleJob,
        *,
        on_step: OnStep | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Tensor:
        """Sample one job alone, in the calling thread; for scripts, tests and measurements.

        Args:
            job: The job.
            on_step: Told once per step, in the calling thread.
            cancelled: Asked before each evaluation.

        Returns:
            The latent, one item.

        Raises:
            DiffusionError: As for `sample`; also whatever `on_step` or the network raises.
        """
        return self._drive([Run(job, on_step=on_step, cancelled=cancelled)])[0].outcome()

    def drive_all(self, jobs: Sequence[SampleJob]) -> list[Tensor]:
        """Sample several jobs together, in the calling thread.

        Args:
            jobs: The jobs.

        Returns:
            One latent per job, in order.

        Raises:
            DiffusionError: What ended the first job that failed.
        """
        return [run.outcome() for run in self._drive([Run(job) for job in jobs])]

    def statistics(self) -> Statistics:
        """Return what was done so far."""
        return self._ticker.statistics()

    def close(self) -> None:
        """End all jobs within one step, wait for the worker thread, and take no more jobs."""
        with self._lock:
            self._is_closed = True
            for run, _ in self._arrivals:
                run.cancel()
            for run in self._deliveries:
                run.cancel()
        self._worker.shutdown(wait=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _drive(self, runs: list[Run]) -> list[Run]:
        # A ticker of its own: the caller's thread must not meet the worker's.
        own = self._ticker
        ticker = Ticker(max_rows=own.max_rows, max_cells=own.max_cells, exact=own.exact)
        with torch.no_grad():
            for run in runs:
                ticker.add(run)
            while not ticker.is_idle:
                ticker.tick()
        return runs

    def _submit(self, run: Run, deliver: Deliver) -> None:
        with self._lock:
            if self._is_closed:
                raise JobError("The batcher is closed.", hint="Start the worker again.")
            self._arrivals.append((run, deliver))
            if self._is_draining:
                return
            self._is_draining = True
            self._worker.submit(self._drain)

    @torch.no_grad()
    def _drain(self) -> None:
        """Tick until no run is left. Runs in the worker thread."""
        while True:
            with self._lock:
                arrivals, self._arrivals = self._arrivals, []
                self._deliveries.update(arrivals)
                if not self._deliveries:
                    self._is_draining = False
                    return
            for run, _ in arrivals:
                self._ticker.add(run)
            self._deliver(self._tick())

    def _tick(self) -> list[Run]:
        try:
            return self._ticker.tick()
        # Whatever went wrong, nobody may be left waiting.
        except Exception as error:  # noqa: BLE001
            return self._ticker.abandon(error)

    def _deliver(self, ended: Sequence[Run]) -> None:
        for run in ended:
            with self._lock:
                deliver = self._deliveries.pop(run)
            try:
                deliver(run)
            except RuntimeError:
                # The event loop that waited is closed: there is nobody left to tell.
                continue


def _resolve(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)
