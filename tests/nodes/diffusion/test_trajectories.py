"""Known steps: exact, bounded in bytes, and worth what variants have in common."""

import asyncio

import pytest
import torch
from sampling_toys import SmoothNetwork, conditioning, make_job
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.samplers import SAMPLERS
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.trajectories import TrajectoryCache, tensor_digest

SIX = range(6)


def _variant(number: int, sampler: str, network: SmoothNetwork) -> SampleJob:
    """One of six jobs that differ in the last four of twelve steps."""
    common = conditioning(1).with_(end=8 / 12)
    own = conditioning(10 + number).with_(start=8 / 12)
    base = make_job()
    return make_job(
        network=network,
        sampler=sampler,
        sigmas=schedule("karras", base.space, 12),
        positive=common.combined_with(own),
        negative=None,
    )


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "euler_ancestral", "uni_pc", "dpmpp_3m_sde"])
async def test_six_variants_run_their_common_steps_once_and_end_bit_for_bit_as_alone(sampler: str) -> None:
    network = SmoothNetwork()
    jobs = [_variant(number, sampler, network) for number in SIX]
    with Batcher(exact=True, max_rows=6) as plain:
        alone = [plain.drive(job) for job in jobs]

    with Batcher(exact=True, max_rows=6, trajectories=TrajectoryCache(1 << 20)) as batcher:
        shared = await asyncio.gather(*(batcher.sample(job) for job in jobs))

    assert all(torch.equal(one, other) for one, other in zip(shared, alone, strict=True))
    assert batcher.statistics().rows == 8 + 6 * 4


async def test_a_job_that_was_run_before_costs_nothing() -> None:
    with Batcher(trajectories=TrajectoryCache(1 << 20)) as batcher:
        first = await batcher.sample(make_job())
        before = batcher.statistics()
        again = await batcher.sample(make_job())

    assert torch.equal(first, again)
    assert batcher.statistics().rows == before.rows
    assert batcher.statistics().reused == 8


async def test_a_job_cancelled_half_way_goes_on_from_there() -> None:
    with Batcher(trajectories=TrajectoryCache(1 << 20)) as batcher:
        questions = iter([False] * 4 + [True] * 99)
        with pytest.raises(Exception, match="cancelled"):
            await batcher.sample(make_job(), cancelled=lambda: next(questions))
        done = batcher.statistics().ticks

        await batcher.sample(make_job())

    assert done > 0
    assert batcher.statistics().ticks == 8


@pytest.mark.parametrize("sampler", SAMPLERS)
async def test_replayed_steps_are_told_like_run_ones(sampler: str) -> None:
    steps: list[int] = []
    with Batcher(trajectories=TrajectoryCache(1 << 20)) as batcher:
        await batcher.sample(make_job(sampler=sampler))
        await batcher.sample(make_job(sampler=sampler), on_step=lambda report: steps.append(report.step))

    assert steps == list(range(1, 9))


def test_the_least_recently_used_latents_are_forgotten_first() -> None:
    cache = TrajectoryCache(2 * 64)
    for key in "ab":
        cache.put(key, torch.ones(16))
    cache.get("a")

    cache.put("c", torch.ones(16))

    assert cache.get("a") is not None
    assert cache.get("b") is None
    assert cache.held_bytes == 128


def test_a_latent_beyond_the_budget_is_not_kept() -> None:
    cache = TrajectoryCache(10)

    cache.put("a", torch.ones(16))

    assert cache.get("a") is None
    assert cache.held_bytes == 0


def test_what_is_kept_is_a_copy() -> None:
    cache = TrajectoryCache(1 << 10)
    latent = torch.ones(4)
    cache.put("a", latent)

    latent.zero_()

    known = cache.get("a")
    assert known is not None
    assert known.sum() == 4


def test_a_cleared_cache_holds_nothing() -> None:
    cache = TrajectoryCache(1 << 10)
    cache.put("a", torch.ones(4))

    cache.clear()

    assert (cache.get("a"), cache.held_bytes) == (None, 0)


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(JobError):
        TrajectoryCache(-1)


def test_digests_tell_numbers_shapes_and_types_apart() -> None:
    tensors = [
        torch.zeros(4),
        torch.ones(4),
        torch.zeros(2, 2),
        torch.zeros(4, dtype=torch.float64),
        torch.zeros(4, dtype=torch.bfloat16),
    ]

    assert len({tensor_digest(tensor) for tensor in tensors}) == len(tensors)
    assert tensor_digest(torch.arange(6.0).reshape(2, 3).T) == tensor_digest(
        torch.arange(6.0).reshape(2, 3).T.contiguous()
    )
