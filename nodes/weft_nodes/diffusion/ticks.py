"""Step-level batching: many runs advance together, one shared forward per tick.

Each tick takes the runs that agree in weights, patches and shapes, evaluates all their rows at once and gives
each run its own. Runs join and leave at step boundaries. Everything random belongs to a run, so company
changes a result by rounding at most; with `exact`, where every forward has the same number of rows, not at
all.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weft_nodes.diffusion.denoiser import Network, Rows
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.runs import Run
from weft_nodes.diffusion.trajectories import TrajectoryCache
from weft_nodes.diffusion.values import Prompt


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a batcher has done so far.

    Args:
        ticks: Shared evaluations.
        forwards: Network calls; more than ticks where prompts differ in shape or rows exceed the limit.
        rows: Rows evaluated, without padding.
        jobs: Jobs that ended, with a result or an error.
        reused: Evaluations that were known already and cost nothing.
    """

    ticks: int = 0
    forwards: int = 0
    rows: int = 0
    jobs: int = 0
    reused: int = 0


# The rows of a forward, by column: scaled latents, what the network is told about their noise, and prompts.
_Columns = tuple[tuple[Tensor, ...], tuple[float, ...], tuple[Prompt, ...]]


class Ticker:
    """Advances runs, one tick at a time. Not for several threads; call it under `torch.no_grad()`.

    Args:
        max_rows: Most rows of one forward, >= 1. A run with more rows is served in several forwards.
        max_cells: Most latent pixels, all rows of a forward together, up to which several runs share it; a
            run alone may have more. None sets no limit.
        exact: Pad every forward to `max_rows`, so that results are bitwise independent of the company.
        trajectories: Where denoised latents are remembered and looked up; None evaluates everything.

    Raises:
        JobError: `max_rows` is below 1.
    """

    def __init__(
        self,
        *,
        max_rows: int = 16,
        max_cells: int | None = None,
        exact: bool = False,
        trajectories: TrajectoryCache | None = None,
    ) -> None:
        if max_rows < 1:
            raise JobError(f"A batcher was given {max_rows} rows.", hint="Give it at least one.")
        self.max_rows = max_rows
        self.max_cells = max_cells
        self.exact = exact
        self.trajectories = trajectories
        self._runs: list[Run] = []
        self._arrivals = 0
        self._served: dict[Hashable, int] = {}
        self._collated: tuple[tuple[Prompt, ...], Mapping[str, Tensor]] = ((), {})
        self._ticks = self._forwards = self._rows = self._jobs = self._reused = 0

    @property
    def is_idle(self) -> bool:
        """Whether there is no run to advance."""
        return not self._runs

    def statistics(self) -> Statistics:
        """Return what was done so far."""
        return Statistics(self._ticks, self._forwards, self._rows, self._jobs, self._reused)

    def add(self, run: Run) -> None:
        """Take a run in; it joins at the next tick. A run that cannot begin fails then."""
        self._arrivals += 1
        run.arrival = self._arrivals
        try:
            run.begin()
        # A sampler may be anyone's code.
        except Exception as error:  # noqa: BLE001
            run.fail(error)
        self._runs.append(run)

    def tick(self) -> list[Run]:
        """Advance one group of runs by one evaluation.

        Returns:
            The runs that ended, with their result or error.
        """
        if self.trajectories is not None:
            for run in self._runs:
                self._replay(run, self.trajectories)
        chosen = self._choose([run for run in self._runs if not run.stopped()])
        if chosen:
            self._ticks += 1
            self._advance(chosen)
        ended = [run for run in self._runs if run.is_done]
        if ended:
            self._forget(ended)
        return ended

    def abandon(self, error: BaseException) -> list[Run]:
        """End all runs with an error, and return them."""
        ended, self._runs = self._runs, []
        for run in ended:
            if not run.is_done:
                run.fail(error)
        self._jobs += len(ended)
        return ended

    def _forget(self, ended: Sequence[Run]) -> None:
        self._jobs += len(ended)
        self._runs = [run for run in self._runs if not run.is_done]
        if not self._runs:
            self._served.clear()
            self._collated = ((), {})

    def _choose(self, runs: Sequence[Run]) -> list[Run]:
        """Pick the runs of the next tick: highest priority first, then the group that has waited longest."""
        if len(runs) <= 1:
            return list(runs)
        if self.trajectories is not None:
            # Of runs with the same question one asks; the others find its answer in the next tick.
            runs = list({run.question(): run for run in reversed(runs)}.values())
        groups: dict[Hashable, list[Run]] = {}
        for run in runs:
            groups.setdefault(run.group, []).append(run)

        def rank(key: Hashable) -> tuple[int, int, int]:
            members = groups[key]
            urgency = max(run.job.priority for run in members)
            return -urgency, self._served.get(key, 0), min(run.arrival for run in members)

        best = min(groups, key=rank)
        self._served[best] = self._ticks + 1
        return self._fitting(groups[best])

    def _fitting(self, runs: list[Run]) -> list[Run]:
        """Return the most urgent runs, oldest first, whose rows fit into one forward; at least one."""
        limit = self.max_rows
        if self.max_cells is not None:
            limit = min(limit, self.max_cells // math.prod(runs[0].rows.input_BChw.shape[2:]))
        fitting: list[Run] = []
        rows = 0
        for run in sorted(runs, key=lambda run: (-run.job.priority, run.arrival)):
            rows += len(run.rows.prompts)
            if fitting and rows > limit:
                break
            fitting.append(run)
        return fitting

    def _advance(self, runs: Sequence[Run]) -> None:
        """Evaluate the rows of some runs together; an error hits only the runs it concerns."""
        try:
            outputs = self._evaluate(runs[0].job.network, [run.rows for run in runs])
        # A network is foreign code, and it may run out of memory for many rows where few would fit.
        except Exception as error:  # noqa: BLE001
            if len(runs) == 1:
                runs[0].fail(error)
                return
            for run in runs:
                self._advance([run])
            return
        for run, output_BChw in zip(runs, outputs, strict=True):
            try:
                denoised = run.denoised(output_BChw)
                if self.trajectories is not None:
                    self.trajectories.put(run.question(), denoised)
                run.answer(denoised)
            # Samplers and observers are anyone's code.
            except Exception as error:  # noqa: BLE001
                run.fail(error)

    def _replay(self, run: Run, trajectories: TrajectoryCache) -> None:
        """Answer a run from memory as far as it goes."""
        while not run.stopped():
            known = trajectories.get(run.question())
            if known is None:
                return
            self._reused += 1
            try:
                run.answer(known)
            # Samplers and observers are anyone's code.
            except Exception as error:  # noqa: BLE001
                run.fail(error)

    def _evaluate(self, network: Network, requests: Sequence[Rows]) -> list[Tensor]:
        """Return the raw outputs for each request, in the order of its prompts."""
        if len(requests) == 1 and len(requests[0].kind) == 1:
            return [self._predict(network, _columns(requests[0]))]
        columns = _joined([_columns(request) for request in requests])
        if len(requests[0].kind) == 1:
            flat = self._predict(network, columns)
        else:
            signatures = [signature for request in requests for signature in request.signatures]
            flat = self._predict_mixed(network, columns, signatures, requests[0].networks)
        return list(torch.split(flat, [len(request.prompts) for request in requests]))

    def _predict_mixed(
        self,
        network: Network,
        columns: _Columns,
        signatures: list[Hashable],
        others: Mapping[Hashable, Network],
    ) -> Tensor:
        """Evaluate rows that differ in shape or network: one forward for each, put back into order."""
        places: dict[Hashable, list[int]] = {}
        for place, signature in enumerate(signatures):
            places.setdefault(signature, []).append(place)
        parts = [
            self._predict(others.get(signature, network), _picked(columns, own))
            for signature, own in places.items()
        ]
        order = [place for own in places.values() for place in own]
        back = torch.tensor(order, device=network.device).argsort()
        return torch.cat(parts)[back]

    def _predict(self, network: Network, columns: _Columns) -> Tensor:
        """Evaluate rows of one shape, `max_rows` at a time."""
        inputs, times, prompts = columns
        count, limit = len(inputs), self.max_rows
        if count > limit:
            parts = [range(start, min(start + limit, count)) for start in range(0, count, limit)]
            return torch.cat([self._predict(network, _picked(columns, part)) for part in parts])
        if self.exact and count < limit:
            missing = limit - count
            inputs = (*inputs, *[torch.zeros_like(inputs[0])] * missing)
            times, prompts = times + times[:1] * missing, prompts + prompts[:1] * missing
        self._forwards += 1
        self._rows += count
        told = torch.tensor(times, dtype=torch.float32)
        if network.device.type != "cpu":
            told = told.to(network.device, non_blocking=True)
        output = network.predict(torch.cat(inputs), told, self._collate(prompts))
        wanted = output if output.shape[0] == count else output[:count]
        return wanted if wanted.dtype == torch.float32 else wanted.float()

    def _collate(self, prompts: tuple[Prompt, ...]) -> Mapping[str, Tensor]:
        """Stack the prompts' tensors; the same company as in the last tick is stacked already."""
        if self._collated[0] != prompts:
            names = prompts[0].tensors
            stacked = {name: torch.cat([prompt.tensors[name] for prompt in prompts]) for name in names}
            self._collated = (prompts, stacked)
        return self._collated[1]


def _columns(request: Rows) -> _Columns:
    count = len(request.prompts)
    return (request.input_BChw,) * count, (request.timestep,) * count, request.prompts


def _joined(parts: Sequence[_Columns]) -> _Columns:
    return (
        tuple(latent for inputs, _, _ in parts for latent in inputs),
        tuple(time for _, times, _ in parts for time in times),
        tuple(prompt for _, _, prompts in parts for prompt in prompts),
    )


def _picked(columns: _Columns, places: Iterable[int]) -> _Columns:
    inputs, times, prompts = columns
    chosen = list(places)
    return (
        tuple(inputs[place] for place in chosen),
        tuple(times[place] for place in chosen),
        tuple(prompts[place] for place in chosen),
    )
