"""One training loop for every stage: seeded, resumable, with averaged weights and a log of its losses.

Several processes can train together (started by torchrun): each computes the losses of its own batch, and
they share the mean of their gradients. On a CPU two processes of one thread are faster than one of two
threads.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import distributed, nn

logger = logging.getLogger(__name__)

AVERAGE = "average.pt"
"""Name of the file with the averaged weights of a stage, which later stages go on from."""


class Objective(Protocol):
    """What a stage trains, and the loss it trains with."""

    module: nn.Module

    def losses(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """Draw a batch and return its losses by name; the one named "loss" is minimised."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a stage trains and how fast it learns.

    Attributes:
        steps: Optimizer steps after which the stage ends.
        minutes: Minutes of training after which it ends as well; None sets no limit. A run that ends by
            the clock cannot be repeated bit for bit.
        rate: Learning rate of the plateau.
        warmup: Steps over which the rate rises to it.
        decay: Last share of the run, 0..1, over which the rate falls to zero along a cosine.
    """

    steps: int
    minutes: float | None = None
    rate: float = 1e-3
    warmup: int = 100
    decay: float = 0.4

    def progress(self, step: int, seconds: float) -> float:
        """Return how much of the run is done, 0..1."""
        by_clock = 0.0 if self.minutes is None else seconds / (60 * self.minutes)
        return min(1.0, max(step / self.steps, by_clock))

    def rate_at(self, step: int, seconds: float) -> float:
        """Return the learning rate of a step."""
        into_decay = max(0.0, self.progress(step, seconds) - (1 - self.decay)) / self.decay
        return self.rate * min(1.0, (step + 1) / self.warmup) * 0.5 * (1 + math.cos(math.pi * into_decay))


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a run averages, logs, saves and measures itself."""

    averaging: float = 0.999
    log_every: int = 50
    save_every_s: float = 120.0
    probe_every_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Team:
    """The processes that train together; the first of them, of rank 0, logs, probes and saves."""

    rank: int = 0
    size: int = 1

    @classmethod
    def joined(cls) -> Team:
        """Return the team that this process has joined, or a team of its own."""
        if not distributed.is_initialized():
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    def average_gradients(self, module: nn.Module) -> None:
        """Replace the gradients of a module by their mean over the team."""
        gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
        if self.size == 1:
            return
        together = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(together)
        together /= self.size
        parts = torch.split(together, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def agree(self, seconds: float) -> float:
        """Return the greatest of the team's values, so that all of them end at the same step."""
        if self.size == 1:
            return seconds
        value = torch.tensor(seconds, dtype=torch.float64)
        distributed.all_reduce(value, distributed.ReduceOp.MAX)
        return value.item()


class Run:
    """A training run that can be stopped at any step and taken up again from its folder."""

    def __init__(
        self, objective: Objective, schedule: Schedule, folder: Path, *, seed: int, habits: Habits
    ) -> None:
        self.objective = objective
        self.schedule = schedule
        self.folder = folder
        self.habits = habits
        self.step = 0
        self.seconds = 0.0
        self.seed = seed
        self._team = Team.joined()
        parameters = [parameter for parameter in objective.module.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(
            parameters, lr=schedule.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.average = {name: value.detach().clone() for name, value in objective.module.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._load()

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def train(self, probe: Callable[[], dict[str, float]] | None = None, *, until: int | None = None) -> None:
        """Train to the end of the schedule, or to the step `until`, and save.

        Args:
            probe: Called every `Habits.probe_every_s` seconds with the averaged weights in place; what it
                returns is logged.
            until: Step to stop at before the schedule ends.
        """
        last_step = self.schedule.steps if until is None else min(until, self.schedule.steps)
        saved_at = probed_at = self.seconds
        while self.step < last_step and self.schedule.progress(self.step, self.seconds) < 1:
            self._advance()
            if self.seconds - saved_at > self.habits.save_every_s:
                self.save()
                saved_at = self.seconds
            if probe is not None and self.seconds - probed_at > self.habits.probe_every_s:
                self._probe(probe)
                probed_at = self.seconds
        self.save()

    def _probe(self, probe: Callable[[], dict[str, float]]) -> None:
        if not self._team.rank:
            with AveragedWeights(self):
                self._log(probe())

    def _advance(self) -> None:
        start = time.monotonic()
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate_at(self.step, self.seconds)
        # What a step draws follows from its number alone, which is all that a resumed run has to know.
        losses = self.objective.losses(np.random.default_rng([self.seed, self.step, self._team.rank]))
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(losses["loss"])
        self._team.average_gradients(self.objective.module)
        nn.utils.clip_grad_norm_(self.objective.module.parameters(), 1.0)
        self.optimizer.step()
        self._update_average()
        self.step += 1
        self.seconds = self._team.agree(self.seconds + time.monotonic() - start)
        if self.step % self.habits.log_every == 0 and not self._team.rank:
            rate = self.optimizer.param_groups[0]["lr"]
            self._log({**{name: value.item() for name, value in losses.items()}, "rate": rate})

    @torch.no_grad()
    def _update_average(self) -> None:
        # A young average follows the weights closely; it gets its full memory as the run grows older.
        keep = min(self.habits.averaging, (1 + self.step) / (10 + self.step))
        current = self.objective.module.state_dict()
        floating = [name for name, value in current.items() if value.is_floating_point()]
        averages, values = [self.average[name] for name in floating], [current[name] for name in floating]
        torch._foreach_lerp_(averages, values, 1 - keep)

    def _log(self, figures: dict[str, float]) -> None:
        record = {"step": self.step, "seconds": round(self.seconds, 1), **figures}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(record) + "\n")
        logger.info(
            "%s: %s", self.folder.name, " ".join(f"{name} {value:.6g}" for name, value in record.items())
        )

    def save(self) -> None:
        """Write everything that a later run needs to go on from here, in one atomic step, and the result."""
        if self._team.rank:
            return
        state = {
            "module": self.objective.module.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        draft = self._checkpoint.with_suffix(".draft")
        torch.save(state, draft)
        draft.replace(self._checkpoint)
        # Apart, since reading all of the rest would take later stages many times as long.
        torch.save(self.average, draft)
        draft.replace(self.folder / AVERAGE)

    def _load(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True, map_location="cpu")
        self.objective.module.load_state_dict(state["module"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        self.step, self.seconds = state["step"], state["seconds"]
        logger.info("%s: resumed at step %d", self.folder.name, self.step)


class AveragedWeights:
    """A block in which the module of a run has its averaged weights and is in evaluation mode."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._module = run.objective.module
        self._trained: dict[str, torch.Tensor] = {}

    def __enter__(self) -> None:
        self._trained = {name: value.clone() for name, value in self._module.state_dict().items()}
        self._module.load_state_dict(self._run.average)
        self._module.eval()

    def __exit__(self, *_: object) -> None:
        self._module.load_state_dict(self._trained)
        self._module.train()


def noise_generator(rng: np.random.Generator) -> torch.Generator:
    """Return a torch generator whose stream follows from the run's own, so that a resumed run repeats it."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


def mixed_precision(device: str) -> torch.autocast:
    """Return a block that computes in bfloat16 where the device is fast at it, else in single precision.

    A CPU without AVX-512 emulates bfloat16 and is ten times slower with it than without.
    """
    kind = torch.device(device).type
    is_fast = kind != "cpu" or bool(torch.cpu.get_capabilities().get("avx512_bw"))
    return torch.autocast(kind, torch.bfloat16, enabled=is_fast)
