"""Step-level batching: company changes nothing, and faults stay with their own job."""

from collections.abc import Mapping, Sequence

import pytest
import torch
from sampling_toys import SmoothNetwork, UNetNetwork, conditioning, make_job, relative_error
from torch import Tensor
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.errors import JobError, NonFiniteLatentError
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.runs import Run
from weft_nodes.diffusion.samplers import SAMPLERS
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.ticks import Ticker


@pytest.fixture(autouse=True)
def _without_gradients() -> object:
    with torch.no_grad():
        yield


def _finish(ticker: Ticker, jobs: Sequence[SampleJob], *, arrivals: int = 99) -> list[Run]:
    """Drive jobs to their ends, a few arriving at each tick."""
    runs = [Run(job) for job in jobs]
    waiting = list(runs)
    while waiting or not ticker.is_idle:
        for run in waiting[:arrivals]:
            ticker.add(run)
        del waiting[:arrivals]
        ticker.tick()
    return runs


def _results(runs: Sequence[Run]) -> list[Tensor]:
    return [run.outcome() for run in runs]


def _mixed_jobs(network: UNetNetwork | SmoothNetwork) -> list[SampleJob]:
    """One job per sampler, with steps, prompts, seeds and guidance of their own."""
    space = make_job().space
    return [
        make_job(
            network=network,
            sampler=name,
            sigmas=schedule("karras" if number % 2 else "simple", space, 2 + number % 3),
            positive=conditioning(number),
            negative=None if number % 4 == 0 else conditioning(100),
            guidance=Guidance(1.0 + number % 3 * 3.0, rescale=0.3 * (number % 2)),
            seed=number,
        )
        for number, name in enumerate(SAMPLERS)
    ]


@pytest.fixture(scope="module")
def made_alone() -> tuple[list[SampleJob], list[Tensor]]:
    """Mixed jobs, and where each ends alone."""
    jobs = _mixed_jobs(UNetNetwork())
    with torch.no_grad():
        return jobs, [_results(_finish(Ticker(), [job]))[0] for job in jobs]


@pytest.mark.parametrize("max_rows", [4, 16])
def test_jobs_in_company_end_where_they_end_alone(
    made_alone: tuple[list[SampleJob], list[Tensor]], max_rows: int
) -> None:
    jobs, alone = made_alone

    together = _results(_finish(Ticker(max_rows=max_rows), jobs, arrivals=2))

    errors = [relative_error(one, other) for one, other in zip(together, alone, strict=True)]
    assert max(errors) < 1e-5


def test_exact_mode_is_bitwise_independent_of_company_order_and_arrival() -> None:
    jobs = _mixed_jobs(UNetNetwork())[:5]
    alone = [_results(_finish(Ticker(max_rows=8, exact=True), [job]))[0] for job in jobs]

    forth = _results(_finish(Ticker(max_rows=8, exact=True), jobs, arrivals=1))
    back = _results(_finish(Ticker(max_rows=8, exact=True), jobs[::-1], arrivals=3))[::-1]

    assert all(torch.equal(one, other) for one, other in zip(forth, alone, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(back, alone, strict=True))


def test_exact_mode_gives_every_forward_the_same_number_of_rows() -> None:
    network = SmoothNetwork()

    _finish(Ticker(max_rows=6, exact=True), [make_job(network=network) for _ in range(4)], arrivals=1)

    assert set(network.calls) == {6}


def test_jobs_of_one_kind_share_their_forwards() -> None:
    network = SmoothNetwork()
    ticker = Ticker(max_rows=8)

    _finish(ticker, [make_job(network=network, seed=seed) for seed in range(4)])

    assert network.calls == [8] * 8
    statistics = ticker.statistics()
    assert (statistics.ticks, statistics.forwards, statistics.rows, statistics.jobs) == (8, 8, 64, 4)


def test_a_forward_never_has_more_rows_than_allowed() -> None:
    network = SmoothNetwork()

    _finish(Ticker(max_rows=3), [make_job(network=network, seed=seed) for seed in range(5)])

    assert max(network.calls) <= 3


@pytest.mark.parametrize(("height", "rows"), [(4, 8), (8, 4), (16, 2), (32, 2)])
def test_large_latents_share_a_forward_with_fewer_others(height: int, rows: int) -> None:
    network = SmoothNetwork()
    latent_BChw = torch.zeros(1, 4, height, 8)
    jobs = [make_job(network=network, seed=seed, latent_BChw=latent_BChw) for seed in range(4)]

    _finish(Ticker(max_rows=8, max_cells=256), jobs)

    # The two rows of one job are never parted, however large they are.
    assert set(network.calls) == {rows}


def test_a_job_with_more_rows_than_allowed_is_served_in_several_forwards() -> None:
    network = SmoothNetwork()
    crowd = conditioning(1).combined_with(conditioning(2)).combined_with(conditioning(3))

    (result,) = _results(_finish(Ticker(max_rows=1), [make_job(network=network, positive=crowd)]))

    assert network.calls == [1] * 32
    torch.testing.assert_close(result, _results(_finish(Ticker(), [make_job(positive=crowd)]))[0])


def test_prompts_of_different_lengths_in_one_job_find_their_own_rows() -> None:
    network = SmoothNetwork()
    mixed = make_job(network=network, positive=conditioning(1, tokens=12), negative=conditioning(2, tokens=6))
    swapped = Guidance(1 - mixed.guidance.scale)

    (result,) = _results(_finish(Ticker(), [mixed]))

    # Guiding from a to b is guiding from b to a with the mirrored scale.
    mirrored = make_job(network=network, positive=mixed.negative, negative=mixed.positive, guidance=swapped)
    torch.testing.assert_close(result, _results(_finish(Ticker(), [mirrored]))[0], rtol=1e-4, atol=1e-4)
    assert set(network.calls) == {1}


def test_jobs_with_prompts_of_different_lengths_take_turns() -> None:
    network = SmoothNetwork()
    jobs = [
        make_job(
            network=network, positive=conditioning(1, tokens=tokens), negative=conditioning(2, tokens=tokens)
        )
        for tokens in (6, 12)
    ]

    results = _results(_finish(Ticker(), jobs))

    assert network.calls == [2] * 16
    assert len(results) == 2


def test_networks_and_picture_sizes_take_turns_tick_by_tick() -> None:
    small, large = SmoothNetwork("small"), SmoothNetwork("large")
    jobs = [make_job(network=small), make_job(network=large, latent_BChw=torch.zeros(1, 4, 16, 8))]
    ticker = Ticker()
    for job in jobs:
        ticker.add(Run(job))

    counts = []
    for _ in range(6):
        ticker.tick()
        counts.append((len(small.calls), len(large.calls)))

    assert counts == [(1, 0), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3)]


def test_an_urgent_job_overtakes_those_that_wait() -> None:
    network = SmoothNetwork()
    ticker = Ticker(max_rows=4)
    patient = [Run(make_job(network=network, seed=seed)) for seed in range(4)]
    for run in patient:
        ticker.add(run)
    ticker.tick()
    urgent = Run(make_job(network=network, priority=5, sigmas=(4.0, 2.0, 1.0, 0.0)))
    ticker.add(urgent)

    for _ in range(3):
        ticker.tick()

    assert urgent.is_done
    assert not any(run.is_done for run in patient)


def test_an_overtaken_job_still_ends_where_it_ends_alone() -> None:
    network = SmoothNetwork()
    jobs = [make_job(network=network, seed=seed, priority=seed % 3, sampler="dpmpp_2m") for seed in range(6)]

    results = _results(_finish(Ticker(max_rows=2), jobs, arrivals=1))

    alone = [_results(_finish(Ticker(max_rows=2), [job]))[0] for job in jobs]
    assert all(torch.equal(one, other) for one, other in zip(results, alone, strict=True))


class _BrokenNetwork(SmoothNetwork):
    """A network that fails for more rows than fit, and gives NaN for a marked prompt."""

    def __init__(self, most_rows: int = 99) -> None:
        super().__init__("broken")
        self._most_rows = most_rows

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        if len(x_BChw) > self._most_rows:
            raise torch.OutOfMemoryError("too many rows")
        output = super().predict(x_BChw, timestep_B, conditions)
        is_marked = conditions["encoder_hidden_states"].amax(dim=(1, 2)) > 50
        return torch.where(is_marked[:, None, None, None], torch.nan, output)


def test_a_result_that_is_not_a_number_ends_its_own_job_alone() -> None:
    network = _BrokenNetwork()
    marked = conditioning(1)
    marked.entries[0].tensors["encoder_hidden_states"][0, 0, 0] = 99.0
    jobs = [
        make_job(network=network, seed=0),
        make_job(network=network, positive=marked),
        make_job(network=network, seed=2),
    ]

    runs = _finish(Ticker(), jobs)

    assert isinstance(runs[1].error, NonFiniteLatentError)
    assert runs[0].error is None
    assert torch.equal(runs[2].outcome(), _results(_finish(Ticker(), [jobs[2]]))[0])


def test_a_network_too_small_for_all_rows_serves_the_jobs_one_by_one() -> None:
    network = _BrokenNetwork(most_rows=2)

    results = _results(_finish(Ticker(), [make_job(network=network, seed=seed) for seed in range(3)]))

    assert len(results) == 3


def test_an_error_of_the_network_ends_the_jobs_that_need_it() -> None:
    broken, sound = _BrokenNetwork(most_rows=1), SmoothNetwork()

    runs = _finish(Ticker(), [make_job(network=broken), make_job(network=sound)])

    assert isinstance(runs[0].error, torch.OutOfMemoryError)
    assert runs[1].error is None


def test_an_error_of_an_observer_ends_its_own_job_alone() -> None:
    network = SmoothNetwork()

    def complain(_report: object) -> None:
        raise LookupError("no more")

    bad, good = Run(make_job(network=network), on_step=complain), Run(make_job(network=network, seed=9))
    ticker = Ticker()
    ticker.add(bad)
    ticker.add(good)
    while not ticker.is_idle:
        ticker.tick()

    assert isinstance(bad.error, LookupError)
    assert good.error is None


def test_a_job_that_cannot_begin_is_over_at_the_next_tick() -> None:
    ticker = Ticker()
    run = Run(make_job(sampler="nothing"))
    ticker.add(run)

    assert ticker.tick() == [run]
    assert ticker.is_idle


def test_a_cancelled_job_leaves_within_one_step_and_the_rest_goes_on() -> None:
    network = SmoothNetwork()
    ticker = Ticker()
    leaving, staying = Run(make_job(network=network)), Run(make_job(network=network, seed=9))
    ticker.add(leaving)
    ticker.add(staying)
    ticker.tick()

    leaving.cancel()
    ended = ticker.tick()

    assert ended == [leaving]
    assert network.calls == [4, 2]


def test_abandoned_jobs_all_end_with_the_reason() -> None:
    ticker = Ticker()
    runs = [Run(make_job()), Run(make_job())]
    for run in runs:
        ticker.add(run)

    ended = ticker.abandon(LookupError("down"))

    assert ended == runs
    assert all(isinstance(run.error, LookupError) for run in runs)
    assert ticker.is_idle


def test_results_are_in_single_precision_whatever_the_network_returns() -> None:
    class HalfNetwork(SmoothNetwork):
        def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
            return super().predict(x_BChw, timestep_B, conditions).bfloat16()

    (result,) = _results(_finish(Ticker(), [make_job(network=HalfNetwork())]))

    assert result.dtype == torch.float32


def test_the_same_company_has_its_prompts_stacked_once() -> None:
    stacked: list[int] = []

    class WatchingNetwork(SmoothNetwork):
        def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
            stacked.append(conditions["encoder_hidden_states"].data_ptr())
            return super().predict(x_BChw, timestep_B, conditions)

    _finish(Ticker(), [make_job(network=WatchingNetwork())])

    assert len(set(stacked)) == 1


def test_at_least_one_row_is_needed() -> None:
    with pytest.raises(JobError):
        Ticker(max_rows=0)
