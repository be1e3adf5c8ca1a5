"""The batcher as a service on event loops: shared forwards, order of reports, cancelling and closing."""

import asyncio
import threading
from collections.abc import Callable, Mapping

import pytest
import torch
from sampling_toys import SmoothNetwork, make_job
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.errors import JobError, NonFiniteLatentError, SamplingCancelledError


class _GatedNetwork(SmoothNetwork):
    """A network that waits at each call until it is let through."""

    def __init__(self) -> None:
        super().__init__("gated")
        self.gate = threading.Semaphore(0)
        self.threads: set[str] = set()

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        self.threads.add(threading.current_thread().name)
        self.gate.acquire(timeout=20)
        return super().predict(x_BChw, timestep_B, conditions)


async def _until(condition: Callable[[], object]) -> None:
    # What is waited for happens in the worker thread, which knows no event of this loop.
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def test_concurrent_jobs_share_forwards_and_equal_their_own_runs() -> None:
    network = SmoothNetwork()
    jobs = [make_job(network=network, seed=seed) for seed in range(8)]
    with Batcher(max_rows=16) as batcher:
        together = await asyncio.gather(*(batcher.sample(job) for job in jobs))
        forwards = batcher.statistics().forwards
        alone = [batcher.drive(job) for job in jobs]

    # A job may begin before the others have arrived, but then they share.
    assert forwards < 8 * 8 / 2
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


async def test_reports_come_in_order_on_the_callers_loop_and_before_the_result() -> None:
    seen: list[tuple[int, str]] = []
    here = threading.current_thread().name

    with Batcher() as batcher:
        await batcher.sample(
            make_job(), on_step=lambda report: seen.append((report.step, threading.current_thread().name))
        )

    assert seen == [(step, here) for step in range(1, 9)]


async def test_networks_run_in_one_thread_of_their_own() -> None:
    network = _GatedNetwork()
    network.gate.release(99)

    with Batcher() as batcher:
        await asyncio.gather(*(batcher.sample(make_job(network=network, seed=seed)) for seed in range(4)))
        await batcher.sample(make_job(network=network))

    (name,) = network.threads
    assert name.startswith("weft-sampling")


async def test_the_loop_stays_awake_while_a_network_works() -> None:
    network = _GatedNetwork()
    with Batcher() as batcher:
        sampling = asyncio.create_task(batcher.sample(make_job(network=network)))
        await _until(lambda: network.threads)

        # The network is stuck in its first call, and still the loop goes round.
        for _ in range(10):
            await asyncio.sleep(0)
        assert not sampling.done()
        network.gate.release(99)
        await sampling


async def test_a_job_joins_those_under_way_at_the_next_step() -> None:
    network = _GatedNetwork()
    with Batcher() as batcher:
        first = asyncio.create_task(batcher.sample(make_job(network=network)))
        await _until(lambda: network.threads)
        second = asyncio.create_task(batcher.sample(make_job(network=network, seed=9)))
        await asyncio.sleep(0)
        network.gate.release(99)
        await asyncio.gather(first, second)

    assert network.calls[0] == 2
    assert network.calls[1:8] == [4] * 7


async def test_cancelling_the_task_ends_the_job_within_one_step() -> None:
    network = _GatedNetwork()
    with Batcher() as batcher:
        task = asyncio.create_task(batcher.sample(make_job(network=network)))
        await _until(lambda: network.threads)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        network.gate.release(99)
        await batcher.sample(make_job(network=network, seed=9))

    # One step of the cancelled job, then the eight of the other.
    assert len(network.calls) == 9


async def test_a_cancel_question_ends_the_job_with_its_error() -> None:
    with Batcher() as batcher:
        with pytest.raises(SamplingCancelledError) as caught:
            await batcher.sample(make_job(), cancelled=lambda: True)

        assert caught.value.code == "cancelled"
        assert (await batcher.sample(make_job())).shape == (1, 4, 8, 8)


async def test_an_error_of_an_observer_is_raised_to_its_own_caller() -> None:
    def complain(_report: object) -> None:
        raise LookupError("enough")

    with Batcher() as batcher:
        pair = batcher.sample(make_job(), on_step=complain), batcher.sample(make_job(seed=9))
        bad, good = await asyncio.gather(*pair, return_exceptions=True)

    assert isinstance(bad, LookupError)
    assert isinstance(good, Tensor)


async def test_an_error_at_the_last_report_is_raised_too() -> None:
    def complain(report: object) -> None:
        if getattr(report, "step", 0) == 8:
            raise LookupError("at the end")

    with Batcher() as batcher, pytest.raises(LookupError, match="at the end"):
        await batcher.sample(make_job(), on_step=complain)


async def test_a_result_that_is_not_a_number_is_raised_to_its_own_caller() -> None:
    class NanNetwork(SmoothNetwork):
        def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
            return super().predict(x_BChw, timestep_B, conditions) * float("nan")

    with Batcher() as batcher:
        bad, good = await asyncio.gather(
            batcher.sample(make_job(network=NanNetwork("nan"))),
            batcher.sample(make_job()),
            return_exceptions=True,
        )

    assert isinstance(bad, NonFiniteLatentError)
    assert isinstance(good, Tensor)


async def test_results_are_ordinary_tensors_without_gradients() -> None:
    with Batcher() as batcher:
        result = await batcher.sample(make_job())

    assert not result.requires_grad
    assert not result.is_inference()


def test_jobs_of_several_event_loops_share_one_batcher() -> None:
    network = SmoothNetwork()
    results: list[Tensor] = []
    with Batcher() as batcher:
        threads = [
            threading.Thread(
                target=lambda: results.append(asyncio.run(batcher.sample(make_job(network=network))))
            )
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(results) == 3
    torch.testing.assert_close(results[0], results[2], rtol=1e-5, atol=1e-5)


async def test_closing_ends_the_jobs_under_way_and_refuses_new_ones() -> None:
    network = _GatedNetwork()
    batcher = Batcher()
    task = asyncio.create_task(batcher.sample(make_job(network=network)))
    await _until(lambda: network.threads)
    closing = asyncio.create_task(asyncio.to_thread(batcher.close))
    await _until(lambda: batcher._is_closed)
    with batcher._lock:
        network.gate.release(99)
    await closing

    with pytest.raises(SamplingCancelledError):
        await task
    with pytest.raises(JobError, match="closed"):
        await batcher.sample(make_job())


async def test_many_jobs_that_come_and_go_are_all_served() -> None:
    network = SmoothNetwork()
    with Batcher(max_rows=4) as batcher:

        async def visit(seed: int) -> Tensor:
            await asyncio.sleep(seed % 7 / 1000)
            return await batcher.sample(make_job(network=network, seed=seed, priority=seed % 2))

        results = await asyncio.gather(*(visit(seed) for seed in range(40)))

    assert len(results) == 40
    assert batcher.statistics().jobs == 40


def test_driving_several_jobs_together_keeps_their_order() -> None:
    network = SmoothNetwork()
    jobs = [make_job(network=network, seed=seed) for seed in range(3)]
    with Batcher() as batcher:
        results = batcher.drive_all(jobs)

        for job, result in zip(jobs, results, strict=True):
            torch.testing.assert_close(result, batcher.drive(job), rtol=1e-5, atol=1e-5)


def test_a_driven_job_raises_what_its_observer_raises() -> None:
    def complain(_report: object) -> None:
        raise LookupError("enough")

    with Batcher() as batcher, pytest.raises(LookupError):
        batcher.drive(make_job(), on_step=complain)


def test_waiting_runs_are_not_lost_when_their_loop_is_gone() -> None:
    network = _GatedNetwork()
    batcher = Batcher()

    async def leave() -> None:
        asyncio.ensure_future(batcher.sample(make_job(network=network)))  # noqa: RUF006 - the loop ends first
        await _until(lambda: network.threads)

    asyncio.run(leave())
    network.gate.release(99)

    # The worker has survived: another loop is served.
    assert asyncio.run(batcher.sample(make_job(network=network, seed=9))).shape == (1, 4, 8, 8)
    batcher.close()
