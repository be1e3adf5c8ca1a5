"""One batcher serves all runs of a worker."""

import asyncio
from pathlib import Path

import pytest
import torch
from sampling_toys import SmoothNetwork, make_job
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.errors import JobError
from weft_nodes.models.service import SamplerService


def test_a_run_has_one_batcher(tmp_path: Path) -> None:
    run = LocalRun(paths=Paths.below(tmp_path))

    assert run.service(SamplerService) is run.service(SamplerService)
    assert isinstance(run.service(SamplerService).batcher, Batcher)
    run.close()


def test_small_latents_share_all_rows_of_a_forward(tmp_path: Path) -> None:
    network = SmoothNetwork()
    service = LocalRun(paths=Paths.below(tmp_path)).service(SamplerService)
    latent_BChw = torch.zeros(1, 4, 32, 8)

    service.batcher.drive_all(
        [make_job(network=network, seed=seed, latent_BChw=latent_BChw) for seed in range(8)]
    )

    service.close()
    assert set(network.calls) == {16}


def test_there_is_nothing_to_free_in_a_batcher(tmp_path: Path) -> None:
    service = LocalRun(paths=Paths.below(tmp_path)).service(SamplerService)

    assert (service.held_bytes(), service.release(10**9)) == (0, 0)
    service.close()


def test_a_closed_service_takes_no_jobs_and_may_be_closed_again(tmp_path: Path) -> None:
    service = LocalRun(paths=Paths.below(tmp_path)).service(SamplerService)
    service.close()
    service.close()

    with pytest.raises(JobError, match="closed"):
        asyncio.run(service.batcher.sample(make_job()))
