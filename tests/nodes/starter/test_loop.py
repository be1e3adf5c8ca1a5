"""The training loop: it learns, resumes bit for bit, averages and keeps to its schedule."""

import json
import multiprocessing
import socket
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, nn
from weft_nodes.starter.loop import (
    AveragedWeights,
    Habits,
    Run,
    Schedule,
    Team,
    mixed_precision,
    noise_generator,
)


class LineFit:
    """Learn y = 3 x + 1 from noisy samples."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.module: nn.Module = nn.Linear(1, 1)

    def losses(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        x = torch.from_numpy(rng.normal(size=(32, 1))).float()
        noise = 0.01 * torch.randn(x.shape, generator=noise_generator(rng))
        return {"loss": (self.module(x) - 3 * x - 1 - noise).square().mean()}


def run_in(folder: Path, schedule: Schedule | None = None, *, habits: Habits | None = None) -> Run:
    schedule = schedule or Schedule(steps=60, rate=0.1, warmup=5)
    return Run(LineFit(), schedule, folder, seed=7, habits=habits or Habits(log_every=10))


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    run_in(tmp_path).train()
    losses = [json.loads(line)["loss"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]

    assert len(losses) == 6
    assert losses[-1] < 0.1 * losses[0]


def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path: Path) -> None:
    whole = run_in(tmp_path / "whole")
    whole.train()
    run_in(tmp_path / "parts").train(until=23)
    resumed = run_in(tmp_path / "parts")

    assert resumed.step == 23
    resumed.train()
    for name, value in whole.objective.module.state_dict().items():
        assert torch.equal(value, resumed.objective.module.state_dict()[name])
        assert torch.equal(whole.average[name], resumed.average[name])


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    run_in(tmp_path).train()
    again = run_in(tmp_path)
    again.train()

    assert again.step == 60


def test_the_averaged_weights_stand_in_only_within_the_block(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    run.train(until=5)
    module = run.objective.module
    trained = {name: value.clone() for name, value in module.state_dict().items()}
    with AveragedWeights(run):
        inside = module.training
        assert all(torch.equal(value, run.average[name]) for name, value in module.state_dict().items())
        assert any(not torch.equal(value, trained[name]) for name, value in module.state_dict().items())

    assert (inside, module.training) == (False, True)
    assert all(torch.equal(value, trained[name]) for name, value in module.state_dict().items())


def test_probes_are_logged(tmp_path: Path) -> None:
    habits = Habits(log_every=1000, probe_every_s=0.0)
    run_in(tmp_path, Schedule(steps=3), habits=habits).train(lambda: {"accuracy": 0.5})
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]

    assert [record["accuracy"] for record in records] == [0.5, 0.5, 0.5]


def test_the_rate_warms_up_stays_and_falls_to_zero() -> None:
    schedule = Schedule(steps=1000, rate=0.1, warmup=10, decay=0.4)

    assert schedule.rate_at(0, 0) == pytest.approx(0.01)
    assert schedule.rate_at(300, 0) == schedule.rate_at(600, 0) == pytest.approx(0.1)
    assert schedule.rate_at(800, 0) == pytest.approx(0.05)
    assert schedule.rate_at(1000, 0) == pytest.approx(0, abs=1e-9)


def test_the_clock_can_end_a_run_before_its_steps() -> None:
    schedule = Schedule(steps=1000, minutes=10)

    assert schedule.progress(100, 300) == 0.5
    assert schedule.progress(900, 300) == 0.9
    assert schedule.progress(100, 6000) == 1.0


def test_a_noise_generator_follows_from_the_state_of_the_run() -> None:
    draws = [torch.randn(3, generator=noise_generator(np.random.default_rng(5))) for _ in range(2)]

    assert torch.equal(*draws)


def test_a_process_alone_is_a_team_of_its_own() -> None:
    team = Team.joined()

    assert (team.rank, team.size) == (0, 1)
    assert team.agree(1.5) == 1.5


def train_as_one_of_two(rank: int, folder: str, port: int) -> None:
    # Whoever waits in the other process's stead for ever could not be interrupted.
    distributed.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=120),
    )
    run = run_in(Path(folder) / "shared", Schedule(steps=4, rate=0.1, warmup=1), habits=Habits(log_every=1))
    run.train()
    torch.save(run.objective.module.state_dict(), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


def test_processes_that_train_together_keep_the_same_weights_and_one_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo" if sys.platform == "linux" else "lo0")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = multiprocessing.get_context("spawn")
    other = both.Process(target=train_as_one_of_two, args=(1, str(tmp_path), port), daemon=True)
    other.start()
    train_as_one_of_two(0, str(tmp_path), port)
    other.join(60)
    assert other.exitcode == 0
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    alone = run_in(tmp_path / "alone", Schedule(steps=4, rate=0.1, warmup=1))
    alone.train()

    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(
        not torch.equal(first[name], value) for name, value in alone.objective.module.state_dict().items()
    )
    assert len((tmp_path / "shared" / "log.jsonl").read_text().splitlines()) == 4


def test_a_cpu_computes_in_half_precision_only_where_it_has_instructions_for_it() -> None:
    is_fast = bool(torch.cpu.get_capabilities().get("avx512_bw"))
    with mixed_precision("cpu"):
        product = torch.ones(2, 2) @ torch.ones(2, 2)

    assert product.dtype == (torch.bfloat16 if is_fast else torch.float32)
